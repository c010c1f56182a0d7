"""Association of two properties of cases, with patients as the unit."""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtr, chndtrinc, stdtrit

from xaudit.records import FloatArray, IntArray, Interval
from xaudit.statistics.bootstrap import MIN_CLUSTERS
from xaudit.statistics.small_samples import wilson


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


@dataclass(frozen=True, slots=True)
class AurocError:
    """AUROC with its standard error over patients.

    Attributes:
        error: 0 if all placements agree.
        freedom: degrees of freedom of the error.
        least: patients of the level that has fewest.
    """

    area: float
    error: float
    freedom: float
    least: int

    def interval(self, *, widening: float = 1.0, confidence: float = 0.95) -> Interval:
        """Return limits that are symmetric on the logit scale; none below 5 patients of each level.

        Args:
            widening: factor on the standard error, where the scores were fitted to the same patients.
            confidence: of the interval.
        """
        if self.least < MIN_CLUSTERS:
            return Interval(self.area, None, None, "none")
        if self.area in (0.0, 1.0) or self.error == 0:
            return wilson(self.area, self.least, confidence=confidence)
        quantile = -float(stdtrit(self.freedom, (1 - confidence) / 2))
        half = quantile * widening * self.error / (self.area * (1 - self.area))
        centre = np.log(self.area / (1 - self.area))
        low, high = (float(1 / (1 + np.exp(-(centre + sign * half)))) for sign in (-1, 1))
        return Interval(self.area, low, high, "clustered")


def clustered_auroc(scores: FloatArray, levels: IntArray, patients: IntArray) -> AurocError:
    """Return AUROC, of several levels the mean of each against the rest, with its error over patients.

    Degrees of freedom are Welch's, over levels of unequal spread.

    Args:
        scores: (n, levels), the score of each level; (n, 1) for the second of two.
        levels: codes from 0, each with a case at least.
        patients: codes from 0 of the patient of each case.

    Source: Obuchowski 1997 for the variance of clustered data; DeLong 1988 for placements.

    Example:
        Of five sick and five healthy patients, the score tells all but one pair of 25 apart.

        >>> scores = np.array([[6.0], [7], [8], [9], [4.5], [1], [2], [3], [4], [5]])
        >>> clustered_auroc(scores, np.repeat([1, 0], 5), np.arange(10)).area
        0.96
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
    errors, known = np.mean(placements, axis=0), np.unique(levels)
    own = [np.bincount(patients, weights=errors * (levels == level)) for level in known]
    sizes = np.array([len(np.unique(patients[levels == level])) for level in known])
    corrections = sizes / np.maximum(sizes - 1, 1)
    variances = np.array([(one**2).sum() for one in own]) * corrections
    total = float(variances.sum())
    freedom = total**2 / float((variances**2 / np.maximum(sizes - 1, 1)).sum()) if total > 0 else 1.0
    shared = float((np.sum(own, axis=0) ** 2).sum() - sum((one**2).sum() for one in own))
    return AurocError(float(np.mean(areas)), max(total + shared, 0.0) ** 0.5, freedom, int(sizes.min()))


def _share_below(values: FloatArray, others: FloatArray) -> FloatArray:
    """Return for each value the share of the others below it, ties counting half."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, values, side="left")
    return np.asarray((below + np.searchsorted(ordered, values, side="right")) / (2 * len(others)))
