"""The size of a paired difference, without a unit."""

import numpy as np
from scipy.stats import rankdata

from xaudit.records import FloatArray


def rank_biserial(differences: FloatArray) -> float | None:
    """How one-sided the differences are: the ranks that favour the first minus those that favour the second.

    -1 to 1; 0 where both sides weigh alike, 1 where every difference is positive. It is the size that belongs to
    Wilcoxon's test: both rest on the same ranks, zero differences left out. Chosen over a standardised mean
    difference because that one divides by the spread between patients, which a bounded, skewed score fixes by itself.

    Returns:
        0 where all differences are zero, None where there are none.

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
