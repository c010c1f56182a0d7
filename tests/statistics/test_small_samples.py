import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from references import bootstrap as slow
from xaudit.statistics.small_samples import _freedom_and_widening, small_sample_quantile

sizes = st.lists(st.integers(1, 40), min_size=5, max_size=12)


def test_equal_patients_have_students_degrees_of_freedom_to_the_bit():
    # n patients of 3 cases each: n - 1 and n / (n - 1), whatever the 3.
    for n in (5, 20, 100, 1001):
        assert _freedom_and_widening([(3, n)]) == (n - 1, n / (n - 1))
    # 5 patients at 95 %: 2.776 · √(5/4) = 3.104.
    assert small_sample_quantile(0.95, np.full(5, 3)) == pytest.approx(3.104, abs=5e-4)


def test_two_patients_of_three_and_one_case_by_hand():
    # w = 3/4, 1/4, d = u1 - u2: the totals are 3/4 · 1/4 d and -1/4 · 3/4 d, so the estimate is 2 · 9/256 d².
    # One square: 1 degree of freedom. E d² = 2: 36/256 expected, 10/16 true: a factor of 160/36 = 40/9.
    assert _freedom_and_widening([(3, 1), (1, 1)]) == (1.0, pytest.approx(40 / 9))


@given(sizes, st.sampled_from([0.8, 0.95]))
def test_the_quantile_agrees_with_the_quadratic_form_written_out(found, confidence):
    expected = slow.small_sample_quantile(confidence, found)
    assert small_sample_quantile(confidence, np.array(found)) == pytest.approx(expected, rel=1e-9)


@given(sizes, st.integers(2, 9), st.randoms(use_true_random=False))
def test_only_the_patients_shares_count(found, times, random):
    quantile = small_sample_quantile(0.95, np.array(found))
    assert small_sample_quantile(0.95, np.array(found) * times) == pytest.approx(quantile, rel=1e-12)
    random.shuffle(found)
    assert small_sample_quantile(0.95, np.array(found)) == quantile


@given(sizes)
def test_unequal_patients_are_never_worth_more_than_equal_ones(found):
    equal = small_sample_quantile(0.95, np.ones(len(found)))
    assert small_sample_quantile(0.95, np.array(found)) >= equal * (1 - 1e-12)


def test_many_patients_leave_the_normal_quantile():
    assert small_sample_quantile(0.95, np.tile(np.arange(1.0, 9), 5000)) == pytest.approx(1.96, abs=1e-3)


def test_both_figures_are_the_moments_of_simulated_studies():
    # 12 patients, all cases of a patient alike; 40 000 draws leave .5 % on the mean, 1.5 % on the freedom.
    cases = np.array([1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 8, 8])
    weights = cases / cases.sum()
    drawn = np.random.default_rng(0).normal(size=(40_000, 12))
    estimates = ((weights * (drawn - (drawn @ weights)[:, None])) ** 2).sum(axis=1)
    freedom, widening = _freedom_and_widening(
        [(1, 2), (2, 2), (3, 1), (4, 1), (5, 1), (6, 1), (7, 1), (8, 3)]
    )
    assert (weights**2).sum() / estimates.mean() == pytest.approx(widening, rel=0.01)
    assert 2 * estimates.mean() ** 2 / estimates.var() == pytest.approx(freedom, rel=0.04)
    student = stats.t.ppf(0.975, freedom) * widening**0.5
    assert small_sample_quantile(0.95, cases) == pytest.approx(student)
