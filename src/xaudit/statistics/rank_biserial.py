"""Effect size of a paired difference, without a unit."""

import numpy as np
from scipy.stats import rankdata

from xaudit.records import FloatArray


def rank_biserial(differences: FloatArray) -> float | None:
    """Return the matched-pairs rank-biserial correlation: ranks in favour of the first minus ranks in favour of the second.

    -1 to 1; 0 if both sides weigh alike, 1 if every difference is positive. It is the effect size of
    Wilcoxon's test: both use the same ranks, zero differences left out. A standardised mean
    difference would divide by the spread between patients, which a bounded, skewed score fixes by itself.

    Returns:
        0 if all differences are zero, None if there are none.

    Source: Kerby 2014, The simple difference formula; matched pairs.

    Example:
        Ranks 1, 2, 3 of which 1 is against: (2 + 3 - 1) / 6.

        >>> round(rank_biserial(np.array([-0.1, 0.2, 0.3])), 4)
        0.6667
    """
    if not len(differences):
        return None
    # Differences that are equal on paper must tie, whatever their last bits say.
    rounded = np.round(np.asarray(differences, dtype=np.float64), 12)
    moved = rounded[rounded != 0]
    if not len(moved):
        return 0.0
    ranks = rankdata(np.abs(moved))
    return float((ranks[moved > 0].sum() - ranks[moved < 0].sum()) / ranks.sum())
