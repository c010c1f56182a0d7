"""McNemar's exact test of paired hits, with the patient as unit."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import binomtest

from xaudit.records import FloatArray
from xaudit.statistics.bootstrap import MIN_CLUSTERS


def mcnemar_p(first: FloatArray, second: FloatArray, clusters: Sequence[str]) -> float | None:
    """Two-sided exact p that as many patients have more hits with the first as have more with the second.

    With one case per patient this is McNemar's test. Where a patient has several, their cases are not independent, and
    counting each would reject too often; so each patient counts once, for the side with more hits, and not at all
    where both sides have as many. The price is that a patient with one more hit counts like one with seven more. The
    test is exact and therefore cautious: with few discordant patients it rejects a true null less often than α.

    Args:
        first: hits of the first, 0 or 1, one per case.
        second: hits of the second on the same cases.
        clusters: the patient of each case.

    Returns:
        1 where no patient is discordant, None below 5 patients, or where a value is neither 0 nor 1.

    Source: McNemar 1947; by patient it is the sign test of Dixon and Mood 1946.

    Example:
        Six patients, all discordant and on one side: 2 / 2^6.

        >>> mcnemar_p(np.ones(6), np.zeros(6), list("abcdef"))
        0.03125
    """
    both = np.concatenate([first, second])
    if not np.isin(both, (0.0, 1.0)).all():
        return None
    names, codes = np.unique(np.asarray(clusters, dtype=np.str_), return_inverse=True)
    if len(names) < MIN_CLUSTERS:
        return None
    surplus = np.round(np.bincount(codes, weights=np.asarray(first) - np.asarray(second)))
    n_first, n_second = int((surplus > 0).sum()), int((surplus < 0).sum())
    if n_first + n_second == 0:
        return 1.0
    return float(binomtest(n_first, n_first + n_second).pvalue)
