import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from xaudit.statistics.regression import NoFit
from xaudit.statistics.simple_regression import simple_regression


def study(seed, n=25):
    generator = np.random.default_rng(seed)
    column = generator.uniform(0, 1, n)
    return 0.3 + 0.4 * column + generator.normal(0, 0.2, n), column


def test_a_line_by_hand():
    """x 0, 1, 2, 3, 4 and y 0, 1, 1, 1, 2: slope 4 / 10, intercept 1 - .4 · 2, residuals -.2, .4, 0, -.4, .2, so
    the variance is .4 / 3 and the slope's error its root over 10."""
    intercept, slope, rank = simple_regression(
        np.array([0.0, 1, 1, 1, 2]), np.arange(5.0), name="x", n_tests=4
    )
    assert (intercept.name, slope.name, rank.name) == ("intercept", "x", "spearman")
    assert slope.interval.estimate == pytest.approx(0.4)
    assert intercept.interval.estimate == pytest.approx(0.2)
    reach = stats.t.ppf(0.975, 3) * (0.4 / 3 / 10) ** 0.5
    assert (slope.interval.low, slope.interval.high) == pytest.approx((0.4 - reach, 0.4 + reach))
    # Ranks 1, 3, 3, 3, 5 with 1 to 5: covariance 8 over the root of 10 · 8.
    assert rank.interval.estimate == pytest.approx(8 / (10 * 8) ** 0.5)
    assert slope.p_value == pytest.approx(4 * 2 * stats.t.sf(0.4 / (0.4 / 30) ** 0.5, 3))


@pytest.mark.parametrize("seed", range(3))
def test_it_is_what_scipy_finds(seed):
    response, column = study(seed)
    intercept, slope, rank = simple_regression(response, column, name="x")
    theirs = stats.linregress(column, response)
    assert slope.interval.estimate == pytest.approx(theirs.slope)
    assert intercept.interval.estimate == pytest.approx(theirs.intercept)
    assert slope.p_value == pytest.approx(theirs.pvalue)
    for one, error in ((slope, theirs.stderr), (intercept, theirs.intercept_stderr)):
        reach = stats.t.ppf(0.975, 23) * error
        assert one.interval.high - one.interval.estimate == pytest.approx(reach)
    assert rank.interval.estimate == pytest.approx(stats.spearmanr(column, response).statistic)
    assert rank.interval.low == pytest.approx(np.tanh(np.arctanh(rank.interval.estimate) - 1.96 / 22**0.5))


@settings(max_examples=30)
@given(st.floats(0.1, 10), st.floats(-5, 5))
def test_the_slope_follows_the_scale_of_the_column_and_nothing_else_moves(scale, shift):
    response, column = study(0)
    _, slope, rank = simple_regression(response, column, name="x")
    _, other, same = simple_regression(response, column * scale + shift, name="x")
    assert other.interval.estimate * scale == pytest.approx(slope.interval.estimate, rel=1e-6)
    assert other.p_value == pytest.approx(slope.p_value, rel=1e-5)
    assert same.interval.estimate == pytest.approx(rank.interval.estimate)


def test_bonferroni_never_passes_one():
    response, column = np.array([1.0, 2, 1, 2, 1, 2]), np.array([1.0, 1, 2, 2, 3, 3])
    assert simple_regression(response, column, name="x", n_tests=4)[1].p_value == 1


@pytest.mark.parametrize(
    ("response", "column", "reason"),
    [
        (np.arange(4.0), np.arange(4.0), "4 cases: this regression takes at least 5"),
        (np.arange(6.0), np.ones(6), "x is the same on all cases"),
    ],
)
def test_what_cannot_be_fitted_is_told_by_its_reason(response, column, reason):
    assert simple_regression(response, column, name="x") == NoFit(reason)


def test_hits_that_are_all_alike_have_a_level_line_and_no_rank():
    fit = simple_regression(np.ones(6), np.arange(6.0), name="x")
    assert [one.name for one in fit] == ["intercept", "x"]
    assert (fit[1].interval.low, fit[1].interval.high, fit[1].p_value) == (0, 0, 1)
