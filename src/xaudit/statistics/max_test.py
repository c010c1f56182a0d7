"""Max-statistic sign-flip test over many windows, with the patient as the unit and one error rate for the whole map.

Conventions of this file: values stand as (patients, windows), NaN where a patient has no value for a window.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from xaudit.records import BoolArray, FloatArray, IntArray
from xaudit.statistics.bootstrap import MIN_CLUSTERS
from xaudit.statistics.sign_flip import EXACT_UP_TO

DRAWS = 10_000
"""Random patterns of signs where there are too many to try all."""

_CHUNK = 2**21
"""Statistics per chunk: 16 MiB as float64."""

_NO_SPREAD = 1e-9
"""Values that spread less than this, as a share of their squares, are held to spread this much."""

_ROUNDING = 1e-9
"""Deviations below this share of the patient's largest value are rounding, and count as 0."""

_TIED = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class MaxTest:
    """Family-wise p of each window.

    Attributes:
        p: (windows,), 1 for windows that were left out.
        statistic: (windows,), on the scale of a standard normal variable; 0 for windows that were left out.
        n_patients: (windows,), patients that have a value.
        tested: (windows,), False for windows of fewer than 5 patients.
    """

    p: FloatArray
    statistic: FloatArray
    n_patients: IntArray
    tested: BoolArray


def max_sign_flip(
    values: FloatArray,
    groups: IntArray | None = None,
    *,
    base: FloatArray | None = None,
    seed: int,
    draws: int = DRAWS,
) -> MaxTest | None:
    """Test each window for a mean above the mean over windows, with the maximum over all windows as the null.

    Each patient's values are centred by the mean over the windows of ``base`` that the patient has, group by group. The statistic is a window's
    mean deviation over its standard error, brought to the normal scale, so that windows of few patients have no longer
    tails than others. Under the null hypothesis the signs of a patient's deviations, all at once, are arbitrary: the null
    distribution is that of the largest statistic of the map under such flips. Up to :data:`EXACT_UP_TO` patients every
    pattern is tried; beyond that ``draws`` random ones, with the observed one counted among them, so that p is never 0. With
    fewer than :data:`DRAWS` draws, every pattern is tried only if there are no more of them than draws.

    The sign flips take the deviations as symmetric. Where a few patients have large values and most have none, the
    statistic is small beside the null's, and the test errs on the safe side.

    Args:
        values: patients without any value are passed over.
        groups: (windows,), windows of one scale; larger windows change an answer more, so each scale has its own mean.
        base: values that the means are taken of, where more windows are measured than tested; by default ``values``.

    Returns:
        None with fewer than 5 patients.

    Raises:
        ValueError: if values and groups do not match, or a value is infinite.

    Source: Westfall and Young 1993 for the maximum; Nichols and Holmes 2002 for sign flips of whole maps; Wallace 1959 for
    the normal scale.

    Example:
        Seven patients, whose third window always stands out. Of 2^7 patterns two are as extreme: the observed one, and its
        opposite, in which the other windows stand out.

        >>> steady = np.array([[0.0, 0.0, 0.9]] * 7)
        >>> max_sign_flip(steady, seed=0).p.tolist()
        [1.0, 1.0, 0.015625]
    """
    groups = np.zeros(np.shape(values)[1], dtype=np.intp) if groups is None else np.asarray(groups)
    values, base = _checked(values, values if base is None else base, groups)
    if len(values) < MIN_CLUSTERS:
        return None
    n_patients = (~np.isnan(values)).sum(axis=0)
    tested = n_patients >= MIN_CLUSTERS
    p, statistic = np.ones(len(tested)), np.zeros(len(tested))
    if tested.any():
        deviations = _centred(values, base, groups)[:, tested]
        p[tested], statistic[tested] = _against_maximum(deviations, n_patients[tested], seed, draws)
    return MaxTest(p, statistic, n_patients, tested)


def _checked(values: FloatArray, base: FloatArray, groups: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return both in double precision, without patients that have no value; base windows of few patients lose theirs."""
    values, base = np.asarray(values, dtype=np.float64), np.asarray(base, dtype=np.float64)
    if values.ndim != 2 or len(groups) != values.shape[1]:
        raise ValueError(f"values of {values.shape} do not match {len(groups)} groups")
    if base.shape != values.shape:
        raise ValueError(f"values of {values.shape} do not match a base of {base.shape}")
    if np.isinf(values).any() or np.isinf(base).any():
        raise ValueError("an effect is infinite")
    known = ~np.isnan(values).all(axis=1)
    values, base = values[known], base[known]
    return values, np.where((~np.isnan(base)).sum(axis=0) >= MIN_CLUSTERS, base, np.nan)


def _centred(values: FloatArray, base: FloatArray, groups: IntArray) -> FloatArray:
    """Return each value less the patient's mean over the base windows of its group; 0 where either is missing."""
    deviations = np.zeros_like(values)
    for group in np.unique(groups):
        own = base[:, groups == group]
        n = (~np.isnan(own)).sum(axis=1, keepdims=True)
        means = np.divide(np.nansum(own, axis=1, keepdims=True), n, out=np.full(n.shape, np.nan), where=n > 0)
        deviations[:, groups == group] = np.nan_to_num(values[:, groups == group] - means)
    largest = np.nan_to_num(np.abs(values)).max(axis=1, keepdims=True)
    deviations[np.abs(deviations) <= _ROUNDING * largest] = 0.0
    return deviations


def _against_maximum(
    deviations: FloatArray, n_patients: IntArray, seed: int, draws: int
) -> tuple[FloatArray, FloatArray]:
    """Return each window's family-wise p and statistic."""
    lengths = np.sqrt((deviations**2).sum(axis=0))
    moves = lengths > 0
    p, statistic = np.ones(len(lengths)), np.zeros(len(lengths))
    if not moves.any():
        return p, statistic
    # Windows of as many patients share one monotone scale, so that only their largest value needs it.
    order = np.flatnonzero(moves)[np.argsort(n_patients[moves], kind="stable")]
    sizes, starts = np.unique(n_patients[order], return_index=True)
    units = deviations[:, order] / lengths[order]
    units = units[np.abs(units).max(axis=1) > 0]
    statistic[order] = _normal_scale(units.sum(axis=0), n_patients[order])
    exact = len(units) <= EXACT_UP_TO and (draws >= DRAWS or 2 ** len(units) <= draws)
    extreme = np.zeros(len(order), dtype=np.int64)
    n_patterns = 0
    limits = statistic[order] - _TIED * (1 + np.abs(statistic[order]))
    ranked = np.argsort(limits)
    for signs in _patterns(len(units), len(order), exact=exact, seed=seed, draws=draws):
        largest = np.maximum.reduceat(signs @ units, starts, axis=1)
        maxima = _normal_scale(largest, sizes).max(axis=1)
        reached = np.searchsorted(np.sort(maxima), limits[ranked], side="left")
        extreme[ranked] += len(maxima) - reached
        n_patterns += len(maxima)
    p[order] = extreme / n_patterns if exact else (extreme + 1) / (n_patterns + 1)
    return p, statistic


def _patterns(n: int, n_windows: int, *, exact: bool, seed: int, draws: int) -> Iterator[FloatArray]:
    """Yield patterns of signs, (rows, n), in chunks: all of them, or random ones."""
    rows = max(1, _CHUNK // n_windows)
    generator = np.random.default_rng(seed)
    total = 2**n if exact else draws
    for start in range(0, total, rows):
        size = min(rows, total - start)
        if exact:
            bits = (np.arange(start, start + size)[:, None] >> np.arange(n)) & 1
        else:
            bits = generator.integers(2, size=(size, n), dtype=np.int8)
        yield 1.0 - 2.0 * bits


def _normal_scale(sums: FloatArray, n_patients: IntArray) -> FloatArray:
    """Return sums of deviations, divided by the root of their sum of squares, on the scale of a normal variable.

    Student's t of ``n`` values is a monotone function of that sum. Squares do not change under flips of signs.
    """
    freedom = n_patients - 1.0
    left = np.maximum(1 - sums**2 / n_patients, _NO_SPREAD)
    scale = (8 * freedom + 1) / (8 * freedom + 3)
    scaled: FloatArray = np.sign(sums) * scale * np.sqrt(-freedom * np.log(left))
    return scaled
