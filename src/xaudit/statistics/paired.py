"""Tests of a paired difference, with the patient as the unit, and their correction for multiplicity."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import wilcoxon

from xaudit.records import FloatArray
from xaudit.statistics.bootstrap import MIN_CLUSTERS


def cluster_means(values: FloatArray, clusters: Sequence[str]) -> FloatArray:
    """Return the mean of each cluster's values, in the order of the clusters' names.

    Example:
        >>> cluster_means(np.array([1.0, 3.0, 5.0]), ["b", "b", "a"]).tolist()
        [5.0, 2.0]
    """
    _, codes = np.unique(np.asarray(clusters, dtype=np.str_), return_inverse=True)
    means: FloatArray = np.bincount(codes, weights=values) / np.bincount(codes)
    return means


def wilcoxon_p(differences: FloatArray) -> float | None:
    """Return the two-sided p of Wilcoxon's signed-rank test; 1 if all differences are zero, None below 5 of them.

    Zero differences are left out, as Wilcoxon did. Give one difference per patient, not per image.

    Source: Wilcoxon 1945.
    """
    if len(differences) < MIN_CLUSTERS:
        return None
    # Differences that are equal on paper must tie, whatever their last bits say.
    rounded = np.round(np.asarray(differences, dtype=np.float64), 12)
    moved = rounded[rounded != 0]
    return float(wilcoxon(moved).pvalue) if len(moved) else 1.0


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjust p values so that comparing each with α keeps the chance of any false alarm below α.

    Example:
        >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
        [0.03, 0.06, 0.06]

    Source: Holm 1979.
    """
    adjusted = [0.0] * len(p_values)
    worst = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = worst
    return tuple(adjusted)
