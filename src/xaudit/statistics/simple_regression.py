"""Simple regression over cases taken as independent, as in published tables.

With several cases per patient its interval is too narrow; :mod:`xaudit.statistics.regression` allows for patients. This one
is here only for comparison with CheXlocalize's tables. Source: Saporta et al. 2022 and its
published utils.py, which uses statsmodels' ``ols`` and SciPy's ``spearmanr``.
"""

import math

import numpy as np
from scipy.special import stdtr, stdtrit
from scipy.stats import spearmanr

from xaudit.counts import counted
from xaudit.records import Coefficient, FloatArray, Interval
from xaudit.statistics.regression import NoFit

CONFIDENCE = 0.95
LEAST_CASES = 5
"""Fisher's interval needs four cases; below five no line is fitted."""


def simple_regression(
    response: FloatArray, column: FloatArray, *, name: str, n_tests: int = 1
) -> tuple[Coefficient, ...] | NoFit:
    """Return slope and rank correlation of a response with one column, at 95 %.

    The slope's limits are Student's with n - 2 degrees of freedom, the correlation's Fisher's with 1.96 / sqrt(n - 3).

    Args:
        response: one per case, finite.
        column: one per case, finite.
        name: name of the slope's coefficient.
        n_tests: factor of each p, at most to 1 (Bonferroni).

    Returns:
        Intercept, slope, and ``spearman``; the last is left out if all responses are equal.
    """
    n_cases = len(response)
    if n_cases < LEAST_CASES:
        return NoFit(f"{counted(n_cases, 'case')}: this regression takes at least {LEAST_CASES}")
    if np.ptp(column) == 0:
        return NoFit(f"{name} is the same on all cases")
    centred = column - column.mean()
    spread = float(centred @ centred)
    # Without this the rounding of a sum would have a slope, and a p.
    slope = float(centred @ response) / spread if np.ptp(response) > 0 else 0.0
    intercept = float(response.mean()) - slope * float(column.mean())
    left = response - intercept - slope * column if np.ptp(response) > 0 else np.zeros(n_cases)
    variance = float(left @ left) / (n_cases - 2)
    error = math.sqrt(variance / spread)
    error_at_0 = math.sqrt(variance * (1 / n_cases + float(column.mean()) ** 2 / spread))
    coefficients = [
        _coefficient("intercept", intercept, error_at_0, n_cases - 2, 1),
        _coefficient(name, slope, error, n_cases - 2, n_tests),
    ]
    if np.ptp(response) > 0:
        coefficients.append(_rank_correlation(response, column, n_tests))
    return tuple(coefficients)


def _coefficient(name: str, value: float, error: float, freedom: int, n_tests: int) -> Coefficient:
    reach = -float(stdtrit(freedom, (1 - CONFIDENCE) / 2)) * error
    p_value = 2 * float(stdtr(freedom, -abs(value) / error)) if error > 0 else float(value == 0)
    return Coefficient(
        name, Interval(value, value - reach, value + reach, "student"), min(1.0, n_tests * p_value)
    )


def _rank_correlation(response: FloatArray, column: FloatArray, n_tests: int) -> Coefficient:
    value, p_value = (float(number) for number in spearmanr(response, column))
    value = min(1.0, max(-1.0, value))
    if abs(value) == 1:
        low = high = value
    else:
        reach = 1.96 / math.sqrt(len(response) - 3)
        low, high = (math.tanh(math.atanh(value) + side * reach) for side in (-1, 1))
    return Coefficient("spearman", Interval(value, low, high, "fisher"), min(1.0, n_tests * p_value))
