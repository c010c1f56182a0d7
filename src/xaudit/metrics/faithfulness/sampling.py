"""The standard error of a number from random samples, and when to stop drawing more.

Samples are drawn in rounds whose size is fixed, so that neither the batch size nor the company decides where a metric
stops. A sample's random choices depend on its number alone: stopping early leaves the first ones as they were.
"""

from typing import Final

import numpy as np

from xaudit.records import FloatArray

ROUND: Final = 20
"""Samples that are drawn before a metric asks itself again whether it knows enough."""


def pearson(x: FloatArray, y: FloatArray) -> float:
    """Pearson's correlation; 0 where either does not vary."""
    return float(_pearson(_moments(x, y).sum(1), len(x)))


def pearson_error(x: FloatArray, y: FloatArray) -> float:
    """Standard error of :func:`pearson` by the jackknife: leave out each sample in turn."""
    moments = _moments(x, y)
    return jackknife(_pearson(moments.sum(1, keepdims=True) - moments, len(x) - 1))


def jackknife(left_out: FloatArray) -> float:
    """The standard error of a statistic, from its values with each sample left out; (n,).

    Source: Efron 1982, The jackknife, the bootstrap and other resampling plans.
    """
    n = len(left_out)
    return float(np.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum()))


def rounds(samples: int, *, stops: bool) -> list[tuple[int, int]]:
    """The (start, stop) of each round of samples; one round of all where nothing stops it.

    Example:
        >>> rounds(50, stops=True)
        [(0, 20), (20, 40), (40, 50)]
        >>> rounds(50, stops=False)
        [(0, 50)]
    """
    size = ROUND if stops else samples
    return [(start, min(start + size, samples)) for start in range(0, samples, size)]


def _moments(x: FloatArray, y: FloatArray) -> FloatArray:
    """The five sums that a correlation needs, sample by sample, about the means; (5, n)."""
    x, y = x - x.mean(), y - y.mean()
    return np.stack([x, y, x * x, y * y, x * y])


def _pearson(sums: FloatArray, n: int) -> FloatArray:
    x, y, xx, yy, xy = sums / n
    variance = np.maximum(xx - x * x, 0) * np.maximum(yy - y * y, 0)
    return np.asarray(np.divide(xy - x * y, np.sqrt(variance), out=np.zeros_like(xy), where=variance > 0))
