"""Limits of few patients, which lie further out than the normal ones: quantiles, and the interval of a share."""

import math
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from scipy.special import ndtri, stdtrit

from xaudit.records import FloatArray, Interval


def wilson(share: float, n: int, *, confidence: float) -> Interval:
    """Return a share of ``n`` independent trials with Wilson's score interval, within 0 and 1.

    Example:
        >>> interval = wilson(1.0, 20, confidence=0.95)
        >>> round(interval.low, 4), interval.high
        (0.8389, 1.0)

    Source: Wilson 1927.
    """
    z = float(ndtri((1 + confidence) / 2))
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))) / (1 + z * z / n)
    low = 0.0 if share == 0 else max(0.0, middle - half)
    high = 1.0 if share == 1 else min(1.0, middle + half)
    return Interval(share, low, high, "wilson")


def small_sample_quantile(confidence: float, sizes: FloatArray) -> float:
    """Return the standard errors between an estimate and its limit: more than the normal quantile for few patients.

    A bootstrap draws from the patients seen, whose spread about their own mean is smaller than that about the
    population's, and reads its limits as if that spread were known. For patients of equal size the first takes a factor
    sqrt(n / (n - 1)) and the second Student's quantile with n - 1 degrees of freedom. A mean over cases weighs a patient
    by the number of cases, so with unequal sizes fewer patients count in effect. Then both follow from the expected
    value and the variance of the sum of squared patient totals, with all cases of a patient alike (Satterthwaite's
    degrees of freedom).

    Args:
        sizes: cases of each patient, whole numbers of 1 or more; at least two patients.

    Source: Bell and McCaffrey 2002 and Imbens and Kolesár 2016 for unequal clusters; Hesterberg 2015, section 5.3, for
    reading a bootstrap at Student's tail, to which this reduces for equal ones.

    Example:
        Twenty patients with as many cases each: 2.093 · sqrt(20 / 19). With one of them 20 times as large, more.

        >>> round(small_sample_quantile(0.95, np.ones(20)), 3)
        2.147
        >>> round(small_sample_quantile(0.95, np.array([20, *[1] * 19])), 3)
        12.708
    """
    values, counts = np.unique(np.asarray(sizes), return_counts=True)
    sizes_and_counts = tuple(zip(map(int, values), map(int, counts), strict=True))
    return _quantile(confidence, sizes_and_counts)


@lru_cache(maxsize=256)
def _quantile(confidence: float, sizes: tuple[tuple[int, int], ...]) -> float:
    freedom, widening = _freedom_and_widening(sizes)
    return -float(stdtrit(freedom, (1 - confidence) / 2)) * math.sqrt(widening)


def _freedom_and_widening(sizes: Iterable[tuple[int, int]]) -> tuple[float, float]:
    """Return degrees of freedom of the patients' squared totals, and the true variance over its expected estimate.

    For patients' means u, alike in variance, and weights w, the totals are w_g (u_g - w·u). Their sum of squares is a
    quadratic form in u with a matrix A: its expected value is tr A, its variance 2 tr A², and the truth is Σ w². All in
    whole numbers, so that equal sizes give n - 1 and n / (n - 1) to the bit.
    """
    p1, p2, p3, p4, p5 = (sum(count * size**power for size, count in sizes) for power in range(1, 6))
    trace = p1**2 * p2 - 2 * p1 * p3 + p2**2
    of_square = (
        p2**4 + 4 * p1**2 * p2 * p4 - 4 * p1 * p2**2 * p3 + 2 * p1**2 * p3**2 + p1**4 * p4 - 4 * p1**3 * p5
    )
    return trace**2 / of_square, p1**2 * p2 / trace
