"""Association of two properties of cases, with patients as the unit."""

import numpy as np
from scipy.special import chdtr, chndtrinc, stdtrit

from xaudit.records import FloatArray, IntArray, Interval
from xaudit.statistics.bootstrap import MIN_CLUSTERS, wilson


def cramers_v(first: IntArray, second: IntArray, patients: IntArray, *, confidence: float = 0.95) -> Interval:
    """Return Cramér's V of two properties, corrected for its bias, with an interval for so many patients.

    0 is no association, 1 is one that tells each from the other. Each patient has weight 1, shared by its cases, so the
    table counts patients. The limits are those of the noncentral chi-squared distribution whose tails hold the statistic.

    Args:
        first: codes from 0, one per case.
        second: codes from 0, one per case.
        patients: codes from 0 of the patient of each case.
        confidence: of the interval; it has no limits below 5 patients.

    Source: Bergsma 2013 for the correction; Smithson 2003 for the limits.

    Example:
        Twelve patients; the scanner tells the label, then it does not.

        >>> label, patients = np.repeat([0, 1], 6), np.arange(12)
        >>> round(cramers_v(label, label, patients).estimate, 3)
        1.0
        >>> cramers_v(np.tile([0, 1], 6), label, patients).estimate
        0.0
    """
    weights = 1 / np.bincount(patients)[patients]
    n = len(np.unique(patients))
    rows, columns = (np.unique(codes, return_inverse=True)[1] for codes in (first, second))
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(table, (rows, columns), weights)
    n_rows, n_columns = table.shape
    if min(n_rows, n_columns) < 2 or n < 2:
        return Interval(0.0, None, None, "none")
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / n
    statistic = float(((table - expected) ** 2 / expected).sum())
    freedom = (n_rows - 1) * (n_columns - 1)
    corrected = min(size - (size - 1) ** 2 / (n - 1) for size in (n_rows, n_columns)) - 1

    def strength(squared: float) -> float:
        return float(np.sqrt(min(max(squared / corrected, 0.0), 1.0))) if corrected > 0 else 0.0

    estimate = strength(statistic / n - freedom / (n - 1))
    if n < MIN_CLUSTERS:
        return Interval(estimate, None, None, "none")
    tail = (1 - confidence) / 2
    low, high = (_noncentrality(statistic, freedom, mass) for mass in (1 - tail, tail))
    return Interval(
        estimate, min(strength(low / n), estimate), max(strength(high / n), estimate), "noncentral"
    )


def _noncentrality(statistic: float, freedom: int, mass: float) -> float:
    """Return the noncentrality at which so much of the distribution lies below the statistic, 0 if there is none."""
    if chdtr(freedom, statistic) <= mass:
        return 0.0
    return float(chndtrinc(statistic, freedom, mass))


def clustered_auroc(
    scores: FloatArray, levels: IntArray, patients: IntArray, *, confidence: float = 0.95
) -> Interval:
    """Return AUROC, of several levels the mean of each against the rest, with an interval over patients.

    The limits are symmetric on the logit scale, with Student's quantile for levels of unequal spread (Welch).

    Args:
        scores: (n, levels), the score of each level; (n, 1) for the second of two.
        levels: codes from 0, each with a case at least.
        patients: codes from 0 of the patient of each case.
        confidence: of the interval; it has no limits below 5 patients of each level.

    Source: Obuchowski 1997 for the variance of clustered data; DeLong 1988 for placements.
    """
    areas, placements = [], []
    targets = range(1, 2) if scores.shape[1] == 1 else range(scores.shape[1])
    for column, target in enumerate(targets):
        is_level = levels == target
        placed = np.empty(len(levels))
        placed[is_level] = _share_below(scores[is_level, column], scores[~is_level, column])
        placed[~is_level] = 1 - _share_below(scores[~is_level, column], scores[is_level, column])
        areas.append(float(placed[is_level].mean()))
        placements.append((placed - areas[-1]) / np.where(is_level, is_level.sum(), (~is_level).sum()))
    area, errors = float(np.mean(areas)), np.mean(placements, axis=0)
    own = [np.bincount(patients, weights=errors * (levels == level)) for level in np.unique(levels)]
    sizes = np.array([len(np.unique(patients[levels == level])) for level in np.unique(levels)])
    if sizes.min() < MIN_CLUSTERS:
        return Interval(area, None, None, "none")
    if area in (0.0, 1.0):
        return wilson(area, int(sizes.min()), confidence=confidence)
    variances = np.array([(one**2).sum() for one in own]) * sizes / (sizes - 1)
    freedom = float(variances.sum() ** 2 / (variances**2 / (sizes - 1)).sum())
    shared = float((np.sum(own, axis=0) ** 2).sum() - sum((one**2).sum() for one in own))
    error = float(np.sqrt(max(variances.sum() + shared, 0.0)))
    half = -float(stdtrit(freedom, (1 - confidence) / 2)) * error / (area * (1 - area))
    centre = np.log(area / (1 - area))
    low, high = (float(1 / (1 + np.exp(-(centre + sign * half)))) for sign in (-1, 1))
    return Interval(area, low, high, "clustered")


def _share_below(values: FloatArray, others: FloatArray) -> FloatArray:
    """Return for each value the share of the others below it, ties counting half."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, values, side="left")
    return np.asarray((below + np.searchsorted(ordered, values, side="right")) / (2 * len(others)))
