import numpy as np
import pytest
from scipy import stats

from references import regression as slow
from xaudit.statistics.regression import NoFit, clustered_regression


def study(n_patients=14, seed=0):
    generator = np.random.default_rng(seed)
    patients = np.repeat(np.arange(n_patients), generator.integers(1, 6, n_patients))
    area = generator.normal(6, 2, len(patients))
    confidence = generator.uniform(0, 1, len(patients))
    habit = generator.normal(0, 0.1, n_patients)[patients]
    response = 0.1 + 0.05 * area + 0.2 * confidence + habit + generator.normal(0, 0.05, len(patients))
    return response, {"area": area, "confidence": confidence}, [f"p{p:02d}" for p in patients]


def test_a_straight_line_is_found_exactly():
    # y = 1 + 2 x - 3 z without noise.
    x, z = np.arange(12.0), np.arange(12.0) ** 2
    fit = clustered_regression(1 + 2 * x - 3 * z, {"x": x, "z": z}, list("abcdefghijkl"), confidence=0.95)
    assert [c.interval.estimate for c in fit] == pytest.approx([1, 2, -3], abs=1e-8)
    assert [c.name for c in fit] == ["intercept", "x", "z"]


@pytest.mark.parametrize("seed", range(3))
def test_slopes_and_errors_agree_with_the_slow_reference(seed):
    response, columns, clusters = study(seed=seed)
    slopes, errors = slow.clustered(response, columns.values(), clusters)
    fit = clustered_regression(response, columns, clusters, confidence=0.9)
    reach = stats.t.ppf(0.95, 13)
    assert [c.interval.estimate for c in fit] == pytest.approx(slopes, rel=1e-9)
    assert [(c.interval.high - c.interval.low) / 2 / reach for c in fit] == pytest.approx(errors, rel=1e-8)
    expected = [2 * stats.t.sf(abs(s) / e, 13) for s, e in zip(slopes, errors, strict=True)]
    assert [c.p_value for c in fit] == pytest.approx(expected, rel=1e-6)


def test_slices_photographed_thrice_tell_nothing_new_but_for_the_count_of_cases():
    response, columns, clusters = study()
    once = clustered_regression(response, columns, clusters, confidence=0.95)
    columns3 = {name: np.tile(column, 3) for name, column in columns.items()}
    thrice = clustered_regression(np.tile(response, 3), columns3, clusters * 3, confidence=0.95)
    n = len(response)
    ratio = np.sqrt((3 * n - 1) / (3 * n - 3) / ((n - 1) / (n - 3)))
    widths = [(c.interval.high - c.interval.low) for c in once]
    assert [(c.interval.high - c.interval.low) for c in thrice] == pytest.approx(
        [w * ratio for w in widths], rel=1e-9
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"n": 9}, "9 patients: a regression takes at least 10"),
        ({"x": np.ones(12)}, "x is the same on all cases"),
        ({"x": 2 * np.arange(12.0)}, "x and z cannot be told apart on these cases"),
    ],
)
def test_what_cannot_be_fitted_is_told_by_its_reason(change, reason):
    n = change.get("n", 12)
    x, z = change.get("x", np.arange(float(n)) ** 2)[:n], np.arange(float(n))
    found = clustered_regression(z, {"x": x, "z": z}, [str(i) for i in range(n)], confidence=0.95)
    assert found == NoFit(reason)
