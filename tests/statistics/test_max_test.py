"""The max-statistic sign-flip test: hand-worked values, an obvious reference, invariances and error rate."""

import importlib.util
import itertools
import sys
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from xaudit.records import FloatArray, IntArray
from xaudit.statistics.max_test import MaxTest, max_sign_flip


def _benchmark() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "reliance_map_error.py"
    spec = importlib.util.spec_from_file_location("reliance_map_error", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _tested(values: FloatArray, groups: IntArray | None = None, *, draws: int = 10_000) -> MaxTest:
    tested = max_sign_flip(values, groups, seed=0, draws=draws)
    assert tested is not None
    return tested


def _slow_p(values: FloatArray) -> list[float]:
    """Return the family-wise p of each window, pattern by pattern, by Student's t of centred values without gaps."""
    centred = values - values.mean(axis=1, keepdims=True)

    def t_of(columns: FloatArray) -> FloatArray:
        n = len(columns)
        return columns.mean(axis=0) / (columns.std(axis=0, ddof=1) / np.sqrt(n))

    observed = t_of(centred)
    maxima = [
        t_of(centred * np.array(signs)[:, None]).max()
        for signs in itertools.product((1, -1), repeat=len(values))
    ]
    return [float(np.mean(np.array(maxima) >= t - 1e-9)) for t in observed]


def test_one_patient_against_the_rest_worked_by_hand() -> None:
    """Two windows: deviations are ±d, so window 2 under a pattern is window 1 under its opposite.

    Deviations of window 1: 3, 1, 1, 1, 1, mean 1.4. Of 32 patterns, the sums that reach 7 are +7 (all kept) and, for the
    other window, -7: 2 of 32. The next largest, 5, belongs to the patterns with one 1 flipped.
    """
    deviations = np.array([3.0, 1, 1, 1, 1])
    tested = _tested(np.stack([deviations, -deviations], axis=1))
    assert tested.p.tolist() == [2 / 32, 1.0]


def test_p_equals_that_of_every_pattern_one_by_one() -> None:
    values = np.random.default_rng(4).normal(size=(9, 7))
    values[:, 3] += 1.5
    tested = _tested(values)
    assert tested.p == pytest.approx(_slow_p(values), abs=1e-12)
    assert tested.p[3] < 0.1


def test_random_patterns_come_close_to_every_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(8).normal(size=(14, 30))
    values[:, 5] += 0.9
    exact = _tested(values)
    monkeypatch.setattr("xaudit.statistics.max_test.EXACT_UP_TO", 5)
    drawn = _tested(values, draws=20_000)
    assert 0.001 < exact.p[5] < 0.2
    assert drawn.p == pytest.approx(exact.p, abs=0.02)


def test_order_and_units_do_not_matter() -> None:
    generator = np.random.default_rng(1)
    values = generator.normal(size=(12, 20))
    values[generator.random(values.shape) < 0.2] = np.nan
    tested = _tested(values)
    order = generator.permutation(20)
    other = _tested(1e-3 * values[:, order] + 0.5)
    assert other.p == pytest.approx(tested.p[order])


def test_a_level_of_each_patient_is_no_effect() -> None:
    values = np.random.default_rng(2).normal(size=(12, 15))
    raised = values + np.arange(12.0)[:, None]
    tested, other = _tested(values), _tested(raised)
    assert other.p == pytest.approx(tested.p)


def test_windows_of_few_patients_are_left_out() -> None:
    values = np.full((8, 3), 0.1)
    values[:, 1] = np.linspace(0.4, 0.6, 8)
    values[4:, 2], values[:4, 2] = np.nan, 5.0
    tested = _tested(values)
    without = _tested(values[:, :2])
    assert tested.tested.tolist() == [True, True, False]
    assert tested.n_patients.tolist() == [8, 8, 4]
    assert tested.p.tolist() == [*without.p.tolist(), 1.0]


def test_scales_have_their_own_mean() -> None:
    """Large windows change the answer more than small ones; that alone makes none of them stand out."""
    noise = 0.01 * np.random.default_rng(5).normal(size=(12, 8))
    values = noise + np.array([0.1] * 4 + [0.4] * 4)
    apart = _tested(values, np.repeat([0, 1], 4))
    together = _tested(values)
    assert apart.p.min() > 0.05
    assert together.p[4:].max() < 0.05


@pytest.mark.parametrize("value", [0.0, 0.3, -1e6, 1 / 3])
def test_constant_maps_give_one_and_never_nan(value: float) -> None:
    tested = _tested(np.full((6, 9), value))
    assert tested.p.tolist() == [1.0] * 9
    assert _tested(np.full((6, 1), value)).p.tolist() == [1.0]


def test_fewer_than_five_patients_are_not_tested() -> None:
    values = np.zeros((6, 3))
    values[4:] = np.nan
    assert max_sign_flip(values, seed=0) is None
    assert max_sign_flip(np.zeros((0, 3)), seed=0) is None


def test_an_infinite_effect_is_refused() -> None:
    with pytest.raises(ValueError, match="an effect is infinite"):
        max_sign_flip(np.full((6, 2), np.inf), seed=0)
    with pytest.raises(ValueError, match=r"values of \(6, 2\) do not match 3 groups"):
        max_sign_flip(np.zeros((6, 2)), np.zeros(3, dtype=int), seed=0)


def test_a_whole_map_of_100_patients_takes_under_two_seconds() -> None:
    values = np.random.default_rng(0).normal(size=(100, 548))
    begun = time.perf_counter()
    max_sign_flip(values, seed=0)
    assert time.perf_counter() - begun < 2


@pytest.mark.slow
@pytest.mark.parametrize("n_patients", [20, 40, 100])
def test_error_rate_over_the_map_is_that_of_the_level(n_patients: int) -> None:
    """500 maps: the standard error of a rate of 5 % is 1 %."""
    rate = _benchmark().error_rate("noise", n_patients, repeats=500, draws=500)
    assert 0.03 <= rate <= 0.07


@pytest.mark.slow
@pytest.mark.parametrize("n_patients", [20, 40, 100])
def test_drops_with_rises_as_zero_err_on_the_safe_side(n_patients: int) -> None:
    assert _benchmark().error_rate("drops", n_patients, repeats=300, draws=500) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("n_patients", [20, 40, 100])
def test_intervals_of_an_effect_hold_it(n_patients: int) -> None:
    """500 maps: the standard error of a coverage of 95 % is 1 %."""
    shown, held, at_peak = _benchmark().coverage("steady", n_patients, 0.5, repeats=500, draws=500)
    assert shown == 1
    assert 0.93 <= held <= 0.97
    assert 0.93 <= at_peak <= 0.975


def test_windows_that_are_not_tested_still_count_for_the_mean() -> None:
    """All tested windows have the same effect, and stand out from those that are measured only."""
    noise = 0.01 * np.random.default_rng(3).normal(size=(10, 6))
    measured = noise + np.array([0.5, 0.5, 0, 0, 0, 0])
    tested = measured.copy()
    tested[:, 2:] = np.nan
    alone = _tested(tested)
    beside = max_sign_flip(tested, base=measured, seed=0)
    assert alone.p[:2].min() > 0.05
    assert beside is not None
    assert beside.p.tolist() == [1 / 2**10, 1 / 2**10, 1, 1, 1, 1]
