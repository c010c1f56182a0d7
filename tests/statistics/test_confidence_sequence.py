from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from references import confidence_sequence as slow
from xaudit.statistics.sequential.confidence_sequence import (
    METHOD,
    Bounds,
    highest_capital,
    sequence_interval,
    sequence_of_patients,
)
from xaudit.statistics.sequential.patients import in_seeded_order, looks

SHARE = Bounds(0, 1)

shares = st.lists(st.floats(0, 1), min_size=5, max_size=40)


def interval(values, bounds=SHARE, confidence=0.95):
    return sequence_interval(np.array(values, dtype=float), bounds=bounds, confidence=confidence)


def test_five_hits_of_five_worked_by_hand():
    # After five ones, the purse with stake f has grown by (1 - f + f / m)^5 against the mean m. The limit is where all
    # purses together hold 2 / .05 = 40 times the capital of the start. No value speaks against 1.
    result = interval([1, 1, 1, 1, 1])
    purses = zip(slow.STAKES, slow.SHARES, strict=True)
    capital = sum(share * (1 - stake + stake / result.low) ** 5 for stake, share in purses)
    assert capital == pytest.approx(40, rel=1e-9)
    assert 0.3 < result.low < 0.5
    assert (result.estimate, result.high, result.method) == (1.0, 1.0, METHOD)


def test_a_gambler_neither_wins_nor_loses_on_average_if_the_mean_is_true():
    # Every course of six tosses of a coin that shows heads with p = .3, weighted by its probability: the expected
    # capital stays 1, which is all that Ville's inequality asks for.
    for mean in (0.3, 0.7):
        expected = sum(
            slow.capitals(tosses, mean)[-1] * mean ** sum(tosses) * (1 - mean) ** (6 - sum(tosses))
            for tosses in product((0, 1), repeat=6)
        )
        assert expected == pytest.approx(1, abs=1e-12)
    assert sum(slow.SHARES) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("mean", "above", "below"),
    [
        (0.3, 15.742890998323183, -0.06421857232665117),
        (0.4, 3.28475117712591, 0.030626193541760962),
        (0.6, -0.14788886486490077, 2.2896970058655115),
        (0.7, -0.3160674153300988, 13.257153925007254),
    ],
)
def test_the_capital_is_that_of_the_authors_code(mean, above, below):
    # Logarithms of the highest capital of `diversified_betting_mart` of confseq 0.0.11 with stakes f / m and f / (1 - m),
    # `trunc_scale=1`, theta 1 and 0. It needs a NumPy before 2, so its figures stand here.
    values = np.array([(37 * i % 101) / 100 for i in range(1, 61)])
    assert highest_capital(values, mean) == pytest.approx(above, abs=1e-10)
    assert highest_capital(1 - values, 1 - mean) == pytest.approx(below, abs=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_the_limits_are_those_of_plain_loops_over_a_grid(seed):
    values = np.random.default_rng(seed).beta(2, 3, 30)
    kept = slow.kept_means(values.tolist(), 0.9, step=0.01)
    for n in (5, 12, 30):
        result = interval(values[:n], confidence=0.9)
        assert result.low == pytest.approx(min(kept[n - 1]), abs=0.01)
        assert result.low <= min(kept[n - 1])
        assert result.high == pytest.approx(max(kept[n - 1]), abs=0.01)
        assert result.high >= max(kept[n - 1])


@pytest.mark.parametrize(
    ("draw", "mean"),
    [
        (lambda g, shape: g.random(shape) < 0.05, 0.05),
        (lambda g, shape: g.random(shape) < 0.5, 0.5),
        (lambda g, shape: g.beta(0.2, 0.6, shape), 0.25),
        (lambda g, shape: 0.5 + 0.01 * g.choice([-1, 1], shape), 0.5),
    ],
    ids=["rare", "coin", "skewed", "narrow"],
)
def test_the_true_mean_is_left_out_at_any_time_in_at_most_one_of_twenty_sequences(draw, mean):
    # Stopped at the worst of 400 looks. 500 sequences: 5 % and three standard errors of sqrt(.05 · .95 / 500) = .0097.
    values = draw(np.random.default_rng(1), (500, 400)).astype(float)
    threshold = np.log(40)
    left_out = [
        highest_capital(one, mean) >= threshold or highest_capital(1 - one, 1 - mean) >= threshold
        for one in values
    ]
    assert np.mean(left_out) <= 0.05 + 3 * 0.0097


@settings(deadline=None, max_examples=30)
@given(shares)
def test_the_interval_lies_within_the_bounds_and_holds_the_estimate(values):
    result = interval(values)
    assert 0 <= result.low <= result.estimate <= result.high <= 1


@settings(deadline=None, max_examples=20)
@given(shares, st.integers(5, 40))
def test_a_longer_sequence_lies_within_a_shorter_one(values, n):
    shorter, longer = interval(values[: max(5, min(n, len(values)))]), interval(values)
    # Only an estimate that has left the interval widens it again.
    assert longer.low >= min(shorter.low, longer.estimate)
    assert longer.high <= max(shorter.high, longer.estimate)


@settings(deadline=None, max_examples=20)
@given(shares, st.floats(-5, 5), st.floats(0.1, 10))
def test_units_do_not_matter_and_opposite_values_give_the_opposite_interval(values, start, width):
    plain = interval(values)
    carried = interval(start + width * np.array(values), Bounds(start, start + width))
    assert carried.low == pytest.approx(start + width * plain.low, abs=1e-6)
    assert carried.high == pytest.approx(start + width * plain.high, abs=1e-6)
    opposite = interval(-np.array(values), Bounds(-1, 0))
    assert opposite.low == pytest.approx(-plain.high, abs=1e-6)
    assert opposite.high == pytest.approx(-plain.low, abs=1e-6)


def test_wide_bounds_and_a_higher_confidence_widen_the_interval():
    values = np.random.default_rng(0).random(60)
    narrow = interval(values)
    for wider in (interval(values, Bounds(-1, 2)), interval(values, confidence=0.99)):
        assert wider.low < narrow.low
        assert wider.high > narrow.high


def test_only_the_upper_bound_limits_the_upper_limit():
    # Against a mean of m, the largest stake loses everything at the upper bound; the lower bound is never in danger.
    values = np.random.default_rng(0).random(60)
    assert interval(values, Bounds(-1, 1)).high == pytest.approx(interval(values).high, abs=1e-9)


def test_a_patient_counts_once_and_the_order_of_the_cases_changes_no_bit():
    values = np.array([0.0, 1, 1, 1, 0, 0, 0, 0.1, 0.2, 0.3])
    clusters = ["a", "a", "a", "b", "c", "d", "e", "f", "f", "f"]
    result = sequence_of_patients(values, clusters, bounds=SHARE, confidence=0.95, seed=3)
    # (2/3 + 1 + 0 + 0 + 0 + .2) / 6
    assert result.estimate == pytest.approx((2 / 3 + 1 + 0.2) / 6, abs=1e-15)
    order = np.random.default_rng(0).permutation(10)
    shuffled = sequence_of_patients(
        values[order], [clusters[i] for i in order], bounds=SHARE, confidence=0.95, seed=3
    )
    assert shuffled == result


def test_the_order_of_patients_depends_on_the_seed_and_not_on_who_else_is_there():
    names = [f"p{index}" for index in range(30)]
    order = in_seeded_order(names, 5)
    assert sorted(order) == sorted(names)
    assert order not in (names, in_seeded_order(names, 6))
    assert in_seeded_order(names[:12], 5) == [name for name in order if name in names[:12]]


def test_fewer_than_five_patients_have_no_limits():
    assert interval([0, 1, 0, 1]).low is None
    assert interval([0, 1, 0, 1, 1]).low is not None


@pytest.mark.parametrize("values", [[0, 0, 0, 0, 1.01], [0, 0, 0, 0, -0.01], [0, 0, 0, 0, float("nan")]])
def test_a_value_outside_the_bounds_is_refused(values):
    with pytest.raises(ValueError, match="1 of 5 values are not between 0 and 1, such as"):
        interval(values)


def test_a_value_outside_the_bounds_by_rounding_is_taken_as_the_bound():
    assert interval([1, 1, 1, 1, 1 + 1e-12]).high == pytest.approx(1, abs=1e-9)


def test_what_cannot_be_a_sequence_is_refused():
    with pytest.raises(ValueError, match="no values"):
        interval([])
    with pytest.raises(ValueError, match="2 values and 1 clusters"):
        sequence_of_patients(np.zeros(2), ["a"], bounds=SHARE, confidence=0.95, seed=0)
    for low, high in ((1, 0), (0, 0), (0, float("inf")), (float("nan"), 1)):
        with pytest.raises(ValueError, match="two rising, finite bounds"):
            Bounds(low, high)


def test_an_audit_asks_at_most_a_quarter_more_than_is_needed():
    numbers = looks(2000)
    assert (numbers[0], numbers[-1]) == (20, 2000)
    assert all(n < after <= -(-5 * n // 4) for n, after in pairwise(numbers))
    assert looks(20) == [20]
    assert looks(21) == [20, 21]
