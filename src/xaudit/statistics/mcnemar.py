"""McNemar's test for hits, with the patient as the unit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xaudit.records import FloatArray
from xaudit.statistics.bootstrap import MIN_CLUSTERS


@dataclass(frozen=True, slots=True)
class McNemar:
    """Both two-sided p of one test.

    Attributes:
        mid: counts half of the outcomes that are exactly as uneven as the observed one; the p that is shown.
        exact: counts all of them; never rejects a true null more often than α, and mostly far less often.
    """

    mid: float
    exact: float


def mcnemar(first: FloatArray, second: FloatArray, clusters: Sequence[str]) -> McNemar | None:
    """Test if more patients have more hits with one of the two than chance explains.

    With one case per patient this is McNemar's test. If a patient has several, their cases are not independent, and
    counting each would reject too often; so each patient counts once, for the side with more hits, and not at all
    if both sides have as many. The price is that a patient with one more hit counts like one with seven more.

    Args:
        first: hits of the first, 0 or 1, one per case.
        second: hits of the second on the same cases.
        clusters: the patient of each case.

    Returns:
        None below 5 patients, or if a value is neither 0 nor 1.

    Example:
        Six patients, all discordant and on one side: 2 / 2^6, of which half counts for mid-p.

        >>> mcnemar(np.ones(6), np.zeros(6), list("abcdef"))
        McNemar(mid=0.015625, exact=0.03125)
    """
    both = np.concatenate([first, second])
    if not np.isin(both, (0.0, 1.0)).all():
        return None
    names, codes = np.unique(np.asarray(clusters, dtype=np.str_), return_inverse=True)
    if len(names) < MIN_CLUSTERS:
        return None
    surplus = np.round(np.bincount(codes, weights=np.asarray(first) - np.asarray(second)))
    return of_discordant(int((surplus > 0).sum()), int((surplus < 0).sum()))


def of_discordant(n_first: int, n_second: int) -> McNemar:
    """Test the numbers of discordant patients on either side; p is 1 if there are none.

    Source: McNemar 1947; mid-p: Fagerland, Lydersen and Laake 2013, The McNemar test for binary matched-pairs data.

    Example:
        >>> of_discordant(3, 3), of_discordant(0, 0)
        (McNemar(mid=0.84375, exact=1.0), McNemar(mid=1.0, exact=1.0))
    """
    n, fewer = n_first + n_second, min(n_first, n_second)
    if n == 0:
        return McNemar(1.0, 1.0)
    # In whole numbers, so that a p that is α on paper is not a last bit beyond it.
    as_uneven = tail = 1
    for k in range(fewer):
        as_uneven = as_uneven * (n - k) // (k + 1)
        tail += as_uneven
    if n_first == n_second:
        return McNemar((2 ** (n + 1) - as_uneven) / 2 ** (n + 1), 1.0)
    return McNemar((2 * tail - as_uneven) / 2**n, 2 * tail / 2**n)
