"""Scores without any noise: what is zero on paper has no p of its own."""

import numpy as np
import pytest

from xaudit.statistics.regression import clustered_regression
from xaudit.statistics.simple_regression import simple_regression

X, Z = np.arange(12.0), np.arange(12.0) ** 2


def fitted(response):
    found = clustered_regression(response, {"x": X, "z": Z}, list("abcdefghijkl"), confidence=0.95)
    return {
        one.name: (one.interval.estimate, one.interval.low, one.interval.high, one.p_value) for one in found
    }


@pytest.mark.parametrize("level", [0.0, 0.3, 0.5, 1 / 3])
def test_a_score_that_is_the_same_on_all_cases_depends_on_nothing(level):
    found = fitted(np.full(12, level))
    assert found["x"] == found["z"] == (0, 0, 0, 1)
    assert found["intercept"][:3] == pytest.approx((level, level, level))


def test_of_a_line_in_one_column_the_other_has_no_part():
    found = fitted(0.1 + 0.05 * X)
    assert found["x"][:3] == pytest.approx((0.05, 0.05, 0.05))
    assert found["x"][3] == pytest.approx(0)
    assert found["z"] == (0, 0, 0, 1)


@pytest.mark.parametrize("level", [0.0, 0.3, 0.5, 1 / 3])
def test_of_one_column_alone_the_same_holds(level):
    intercept, slope = simple_regression(np.full(12, level), X, name="x", n_tests=3)
    assert (slope.interval.estimate, slope.interval.low, slope.interval.high, slope.p_value) == (0, 0, 0, 1)
    assert intercept.interval.estimate == pytest.approx(level)
