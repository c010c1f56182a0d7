"""Gaps between two groups of cases, with limits over patients whose cases are not independent.

Conventions of this file: values stand one per case, ``patients`` are codes from 0, ``inside`` is true for the cases of the
first group. A patient may have cases in both.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtrit

from xaudit.records import BoolArray, FloatArray, IntArray, Interval
from xaudit.statistics.bootstrap import MIN_CLUSTERS


@dataclass(frozen=True, slots=True, eq=False)
class GroupMean:
    """The mean over the cases of a group.

    Attributes:
        value: the mean.
        errors: (patients,), what each patient adds to the mean's error; 0 for one without cases in the group.
        sizes: cases of each patient that has any.
    """

    value: float
    errors: FloatArray
    sizes: IntArray

    @property
    def n_patients(self) -> int:
        """Patients with a case in the group."""
        return len(self.sizes)


def group_mean(values: FloatArray, patients: IntArray, inside: BoolArray) -> GroupMean:
    """Return the mean of the cases of a group, which must not be empty."""
    n = int(patients.max()) + 1
    counts = np.bincount(patients[inside], minlength=n)
    sums = np.bincount(patients[inside], weights=values[inside], minlength=n)
    mean = float(sums.sum() / counts.sum())
    return GroupMean(mean, (sums - mean * counts) / counts.sum(), counts[counts > 0])


def share_limits(share: GroupMean, *, confidence: float = 0.95) -> Interval:
    """Return a share with Wilson's limits, at the number of independent cases that vary as much as these.

    That number follows from the spread of the patients. Where all cases agree there is none, and each patient counts once.
    No limits below 5 patients.

    Source: Korn and Graubard 1998 for the effective number; Wilson 1927.
    """
    if share.n_patients < MIN_CLUSTERS:
        return Interval(share.value, None, None, "none")
    p, total = share.value, float(share.sizes.sum())
    spread = float((share.errors**2).sum())
    n = share.n_patients if p in (0.0, 1.0) or spread == 0 else min(p * (1 - p) / spread, total)
    z = _quantile(share.sizes, confidence)
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * float(np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)
    return Interval(
        p, 0.0 if p == 0 else max(0.0, middle - half), 1.0 if p == 1 else min(1.0, middle + half), "wilson"
    )


def share_gap(first: GroupMean, second: GroupMean, *, confidence: float = 0.95) -> Interval:
    """Return the first share less the second, with limits made of the limits of both.

    Patients with cases in both groups make the two shares vary together, which the limits allow for. No limits if a group
    has fewer than 5 patients.

    Source: Newcombe 1998, method 10; Zou and Donner 2008 for groups that vary together.

    Example:
        Newcombe's own: 56 of 70 and 48 of 80.

        >>> patients = np.arange(150)
        >>> right = np.r_[np.ones(56), np.zeros(14), np.ones(48), np.zeros(32)]
        >>> groups = [group_mean(right, patients, patients < 70), group_mean(right, patients, patients >= 70)]
        >>> gap = share_gap(*groups)
        >>> round(gap.estimate, 4), round(gap.low, 4), round(gap.high, 4)
        (0.2, 0.0524, 0.3339)
    """
    own, other = (share_limits(one, confidence=confidence) for one in (first, second))
    gap = first.value - second.value
    if own.low is None or own.high is None or other.low is None or other.high is None:
        return Interval(gap, None, None, "none")
    shared = _correlation(first, second)
    down = _distance(own.estimate - own.low, other.high - other.estimate, shared)
    up = _distance(own.high - own.estimate, other.estimate - other.low, shared)
    return Interval(gap, max(-1.0, gap - down), min(1.0, gap + up), "newcombe")


def mean_gap(first: GroupMean, second: GroupMean, *, confidence: float = 0.95) -> Interval:
    """Return the first mean less the second, with Student's limits for unequal spreads.

    No limits if a group has fewer than 5 patients.

    Source: Welch 1947, with patients' totals in place of cases.
    """
    gap = first.value - second.value
    if min(first.n_patients, second.n_patients) < MIN_CLUSTERS:
        return Interval(gap, None, None, "none")
    first_variance, second_variance = (
        float((one.errors**2).sum()) * one.n_patients / (one.n_patients - 1) for one in (first, second)
    )
    together = first_variance + second_variance
    if together == 0:
        return Interval(gap, gap, gap, "welch")
    freedom = together**2 / (
        first_variance**2 / (first.n_patients - 1) + second_variance**2 / (second.n_patients - 1)
    )
    shared = 2 * float((first.errors * second.errors).sum())
    half = -float(stdtrit(freedom, (1 - confidence) / 2)) * float(np.sqrt(max(together - shared, 0.0)))
    return Interval(gap, gap - half, gap + half, "welch")


def _quantile(sizes: IntArray, confidence: float) -> float:
    """Return the normal quantile for patients of one case each, whose spread Wilson's limits know, else a wider one."""
    if sizes.max() == 1:
        return float(ndtri((1 + confidence) / 2))
    return -float(stdtrit(len(sizes) - 1, (1 - confidence) / 2))


def _correlation(first: GroupMean, second: GroupMean) -> float:
    scale = float(np.sqrt((first.errors**2).sum() * (second.errors**2).sum()))
    return float((first.errors * second.errors).sum()) / scale if scale > 0 else 0.0


def _distance(first: float, second: float, shared: float) -> float:
    return float(np.sqrt(max(first**2 + second**2 - 2 * shared * first * second, 0.0)))
