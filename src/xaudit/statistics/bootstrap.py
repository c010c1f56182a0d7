"""Confidence intervals that resample patients, so that slices of one patient do not count as independent.

Conventions of this file: values stand one per case, ``clusters`` names the patient of each. The mean is that over
cases: the ratio of the drawn clusters' sums to their counts. Results depend on the set of (value, cluster) pairs and
on the seed, never on their order.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from xaudit.records import FloatArray, Interval
from xaudit.seeds import seed_for
from xaudit.statistics.resamples import Resamples
from xaudit.statistics.small_samples import small_sample_quantile, wilson

MIN_CLUSTERS = 5
"""With fewer patients an interval has no limits."""

_MAX_DROPPED = 0.5
"""Largest share of replicates without a value; beyond it there are no limits."""

_RESAMPLES_KEPT = 4

_COLUMNS = 64
"""Means of which the replicates stand in memory at once."""

_LEVEL = 1e-10
"""Replicates within this distance of the estimate count as equal to it."""

Statistic = Callable[[FloatArray], FloatArray]
"""Takes (n, n_clusters) cluster weights, returns (n,) values; NaN if those clusters give none."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Values, one per case, with the cluster of each.

    Attributes:
        is_share: True if every value lies between 0 and 1; then all zeros or all ones keep a width.
    """

    values: FloatArray
    clusters: Sequence[str]
    is_share: bool = False


class ClusterBootstrap:
    """Intervals that all use the same draws for the same number of clusters.

    Clusters are taken in the order of their names, so two metrics over the same patients see the same draws and
    a difference of intervals is not a matter of luck.
    """

    def __init__(self, *, replicates: int, confidence: float, seed: int) -> None:
        self.replicates = replicates
        self.confidence = confidence
        self._seed = seed
        self._resamples: OrderedDict[int, Resamples] = OrderedDict()

    def mean(self, values: FloatArray, clusters: Sequence[str]) -> Interval:
        """Return the mean over cases with its interval.

        If every replicate gives the same mean, both limits equal it.

        Raises:
            ValueError: if there are no values, one is not finite, or there are not as many as clusters.
        """
        return self.means([Sample(values, clusters)])[0]

    def means(self, samples: Sequence[Sample]) -> tuple[Interval, ...]:
        """Return many means at once, each equal to the bit to :meth:`mean` or, for shares, to :meth:`share`.

        Samples over the same clusters share one pass over the draws and one matrix product.
        """
        panels: dict[tuple[str, ...], list[tuple[int, FloatArray, FloatArray]]] = {}
        for index, sample in enumerate(samples):
            names, sums, counts = _cluster_sums(sample.values, sample.clusters)
            panels.setdefault(names, []).append((index, sums, counts))
        intervals: dict[int, Interval] = {}
        for names, members in panels.items():
            sums = np.stack([one for _, one, _ in members], axis=1)
            counts = np.stack([one for _, _, one in members], axis=1)
            for (index, _, _), interval in zip(members, self._ratios(sums, counts), strict=True):
                intervals[index] = (
                    self._of_share(interval, len(names)) if samples[index].is_share else interval
                )
        return tuple(intervals[index] for index in range(len(samples)))

    def means_without(self, sample: Sample, left_out: Iterable[str]) -> dict[str, Interval]:
        """Return the mean without each of these clusters that the sample has, equal to the bit to that of the other cases.

        Raises:
            ValueError: if the sample has one cluster only.
        """
        names, sums, counts = _cluster_sums(sample.values, sample.clusters)
        if len(names) < 2:
            raise ValueError("one cluster: nothing is left without it")
        wanted = frozenset(left_out)
        rows = [row for row, name in enumerate(names) if name in wanted]
        without: dict[str, Interval] = {}
        for start in range(0, len(rows), _COLUMNS):
            part = rows[start : start + _COLUMNS]
            fewer = [np.stack([np.delete(own, row) for row in part], axis=1) for own in (sums, counts)]
            for row, one in zip(part, self._ratios(*fewer), strict=True):
                without[names[row]] = self._of_share(one, len(names) - 1) if sample.is_share else one
        return without

    def _of_share(self, interval: Interval, n_clusters: int) -> Interval:
        """Return Wilson's interval where all values are 0, or all are 1; else the interval as it is."""
        certain = interval.low is not None and interval.low == interval.high
        if certain and interval.estimate in (0.0, 1.0):
            return wilson(interval.estimate, n_clusters, confidence=self.confidence)
        return interval

    def share(self, values: FloatArray, clusters: Sequence[str]) -> Interval:
        """Return the mean of values between 0 and 1, with an interval that keeps its width at the ends.

        If all values are 0, or all are 1, every resample is the same and a bootstrap interval has no width at
        all, which would call 5 hits out of 5 a certainty. Wilson's interval is used instead, with the number of
        *clusters* as its n: no variable between 0 and 1 varies more than a coin of the same mean, and the
        cases of one patient may all be alike.
        """
        return self.means([Sample(values, clusters, is_share=True)])[0]

    def difference(self, a: FloatArray, b: FloatArray, clusters: Sequence[str]) -> Interval:
        """Return the mean of ``a - b``, paired case by case, with its interval; positive if ``a`` is larger."""
        return self.mean(_paired(a, b), clusters)

    def ratio(self, a: FloatArray, b: FloatArray, clusters: Sequence[str]) -> Interval:
        """Return the mean of ``a`` over the mean of ``b`` on the same cases, with its interval.

        Replicates in which ``b`` sums to zero are dropped and counted.
        """
        _, above, sizes = _cluster_sums(a, clusters)
        _, below, _ = _cluster_sums(b, clusters)

        def of(weights: FloatArray) -> FloatArray:
            totals = weights @ np.stack([above, below], axis=1)
            missing = np.full(len(totals), np.nan)
            shares: FloatArray = np.divide(totals[:, 0], totals[:, 1], out=missing, where=totals[:, 1] != 0)
            return shares

        return self.interval(of, sizes)

    def interval(self, statistic: Statistic, sizes: FloatArray) -> Interval:
        """Return any statistic of the clusters with its interval: BCa, or percentiles if BCa is not defined.

        Replicates without a value are dropped and counted; if they are more than half, there are no limits.
        The jackknife leaves out one cluster at a time.

        Args:
            sizes: cases of each cluster.

        Raises:
            ValueError: if the statistic has no value on the clusters themselves.

        Source: Efron 1987, Better bootstrap confidence intervals; ties of a replicate with the estimate count half. With few
        clusters, quantiles lie further out: :func:`~xaudit.statistics.small_samples.small_sample_quantile`.
        """
        n_clusters = len(sizes)
        estimate = float(statistic(np.ones((1, n_clusters)))[0])
        if not np.isfinite(estimate):
            raise ValueError("the statistic has no value on these clusters")
        if n_clusters < MIN_CLUSTERS:
            return Interval(estimate, None, None, "none")
        drawn = np.concatenate([statistic(weights) for weights in self._draws(n_clusters).chunks()])
        return self._limits(estimate, drawn, _jackknife(statistic, n_clusters), sizes)

    def draws(self, n_clusters: int) -> Iterator[FloatArray]:
        """Yield the draws of clusters, (n, n_clusters) counts at a time, that every interval over as many clusters uses."""
        return self._draws(n_clusters).chunks()

    def _ratios(self, sums: FloatArray, counts: FloatArray) -> list[Interval]:
        """Return intervals of the ratio of column sums; both arrays are (n_clusters, n)."""
        n_clusters, n = sums.shape
        sums = _summable(sums)
        totals, cases = sums.sum(axis=0), counts.sum(axis=0)
        if n_clusters < MIN_CLUSTERS:
            return [Interval(float(estimate), None, None, "none") for estimate in totals / cases]
        columns = np.concatenate([sums, counts], axis=1)
        drawn = np.empty((self.replicates, n))
        row = 0
        for weights in self._draws(n_clusters).chunks():
            product = weights @ columns
            np.divide(product[:, :n], product[:, n:], out=drawn[row : row + len(weights)])
            row += len(weights)
        return [
            self._limits(
                float(totals[j] / cases[j]),
                np.ascontiguousarray(drawn[:, j]),
                (totals[j] - sums[:, j]) / (cases[j] - counts[:, j]),
                counts[:, j],
            )
            for j in range(n)
        ]

    def _limits(
        self, estimate: float, drawn: FloatArray, jackknife: FloatArray, sizes: FloatArray
    ) -> Interval:
        """Return the interval from the replicates and the jackknife; the estimate lies within it."""
        replicates = drawn[np.isfinite(drawn)]
        dropped = len(drawn) - len(replicates)
        if dropped > _MAX_DROPPED * len(drawn):
            return Interval(estimate, None, None, "none", dropped)
        spread = float(np.abs(replicates - estimate).max())
        if spread <= _LEVEL * max(1.0, abs(estimate)):
            return Interval(estimate, estimate, estimate, "percentile", dropped)
        z = small_sample_quantile(self.confidence, sizes)
        percentiles = float(ndtr(-z)), float(ndtr(z))
        levels = _bca_levels(estimate, replicates, jackknife, z)
        method = "percentile" if levels is None else "bca"
        low, high = np.quantile(replicates, levels or percentiles)
        if levels is not None and not low <= estimate <= high:
            method = "percentile"
            low, high = np.quantile(replicates, percentiles)
        # Where nearly all replicates lie on one side of the estimate, neither kind of limits need hold it between them.
        return Interval(estimate, min(float(low), estimate), max(float(high), estimate), method, dropped)

    def _draws(self, n_clusters: int) -> Resamples:
        draws = self._resamples.get(n_clusters)
        if draws is None:
            seed = seed_for(self._seed, "resamples", str(n_clusters))
            draws = Resamples(n_clusters, replicates=self.replicates, seed=seed)
            self._resamples[n_clusters] = draws
            if len(self._resamples) > _RESAMPLES_KEPT:
                self._resamples.popitem(last=False)
        self._resamples.move_to_end(n_clusters)
        return draws


def cluster_bootstrap(
    values: FloatArray,
    clusters: Sequence[str],
    *,
    replicates: int,
    confidence: float,
    generator: np.random.Generator,
) -> Interval:
    """Return the mean over cases with an interval that resamples clusters; see :meth:`ClusterBootstrap.mean`.

    Below 5 clusters there are no limits.

    Example:
        >>> import numpy as np
        >>> values, patients = np.array([0.25, 0.5, 0.75]), ["a", "a", "b"]
        >>> cluster_bootstrap(
        ...     values, patients, replicates=100, confidence=0.95, generator=np.random.default_rng(0)
        ... )
        Interval(estimate=0.5, low=None, high=None, method='none', n_replicates_dropped=0)
    """
    seed = int(generator.integers(2**32))
    return ClusterBootstrap(replicates=replicates, confidence=confidence, seed=seed).mean(values, clusters)


def paired_bootstrap(
    a: FloatArray,
    b: FloatArray,
    clusters: Sequence[str],
    *,
    replicates: int,
    confidence: float,
    generator: np.random.Generator,
) -> Interval:
    """Return the mean of ``a - b`` over the same cases with an interval that resamples clusters."""
    return cluster_bootstrap(
        _paired(a, b), clusters, replicates=replicates, confidence=confidence, generator=generator
    )


def _paired(a: FloatArray, b: FloatArray) -> FloatArray:
    if np.shape(a) != np.shape(b):
        raise ValueError(f"{np.size(a)} and {np.size(b)} values cannot be paired")
    return np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)


def _cluster_sums(
    values: FloatArray, clusters: Sequence[str]
) -> tuple[tuple[str, ...], FloatArray, FloatArray]:
    """Return name, sum and count of each cluster, in the order of the clusters' names."""
    flat = np.asarray(values, dtype=np.float64)
    if flat.ndim != 1 or len(flat) != len(clusters):
        raise ValueError(f"{flat.size} values and {len(clusters)} clusters: expected one cluster per value")
    if not len(flat):
        raise ValueError("no values: there is nothing to estimate")
    if not np.isfinite(flat).all():
        raise ValueError(f"{int((~np.isfinite(flat)).sum())} of {len(flat)} values are not finite")
    names, codes = np.unique(np.asarray(clusters, dtype=np.str_), return_inverse=True)
    # Sorted within the cluster, a sum has the same last bit whatever order the cases came in.
    order = np.lexsort((flat, codes))
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    sums = np.add.reduceat(flat[order], starts)
    return tuple(names.tolist()), sums, np.bincount(codes).astype(np.float64)


def _summable(sums: FloatArray) -> FloatArray:
    """Round the sums so that any total of as many drawn clusters is exact, column by column.

    Otherwise, the last bits of a total depend on the order in which a library adds, which changes with the number
    of columns and of threads. Digits beyond about the 16th of the largest total are rounded off.
    """
    most = np.abs(sums).max(axis=0) * len(sums)
    step = np.exp2(np.ceil(np.log2(np.maximum(most, np.finfo(np.float64).tiny))) - 52)
    rounded: FloatArray = np.round(sums / step) * step
    return rounded


def _jackknife(statistic: Statistic, n_clusters: int) -> FloatArray:
    rows = max(1, 2**21 // n_clusters)
    parts = []
    for start in range(0, n_clusters, rows):
        left_out = np.arange(start, min(start + rows, n_clusters))
        weights = np.ones((len(left_out), n_clusters))
        weights[np.arange(len(left_out)), left_out] = 0.0
        parts.append(statistic(weights))
    return np.concatenate(parts)


def _bca_levels(
    estimate: float, replicates: FloatArray, jackknife: FloatArray, quantile: float
) -> tuple[float, float] | None:
    """Return the quantiles of the replicates that are BCa's limits, None if the correction is not defined.

    Args:
        quantile: normal quantile of the confidence for textbook BCa.
    """
    deviations = jackknife.mean() - jackknife
    squares = float((deviations**2).sum())
    if not np.isfinite(squares) or squares == 0.0:
        return None
    acceleration = float((deviations**3).sum()) / (6 * squares**1.5)
    # A mean of zeros and ones meets the estimate exactly, up to rounding: such ties count half.
    offsets = replicates - estimate
    tied = np.abs(offsets) <= 1e-10 * np.abs(offsets).max()
    below = float((offsets[~tied] < 0).sum() + tied.sum() / 2) / len(offsets)
    if not 0.0 < below < 1.0:
        return None
    bias = float(ndtri(below))
    levels = []
    for z in (-quantile, quantile):
        shrink = 1 - acceleration * (bias + z)
        if shrink <= 0:
            return None
        levels.append(float(ndtr(bias + (bias + z) / shrink)))
    return levels[0], levels[1]
