"""CheXlocalize's interval, beside its own lines of code on the same draws."""

import numpy as np
import pandas as pd
import pytest

from xaudit.statistics.image_bootstrap import image_bootstrap, percentile_limits


def their_limits(means):
    """compute_cis of their eval.py, without the rounding to three digits."""
    in_order = pd.Series(means).sort_values()
    lower = int(0.05 / 2 * len(in_order)) - 1
    upper = int((1 - 0.05 / 2) * len(in_order)) - 1
    return in_order.iloc[lower], in_order.iloc[upper]


def test_the_limits_are_those_of_their_code():
    for seed in range(5):
        means = np.random.default_rng(seed).normal(size=1000)
        assert percentile_limits(means) == their_limits(means)


def test_an_interval_is_their_bootstrap_on_the_same_draws():
    values = np.random.default_rng(1).random(30)
    values[[3, 7]] = np.nan
    generator = np.random.default_rng(9)
    frame = pd.Series(values)
    means = [frame.iloc[drawn].mean() for _ in range(10) for drawn in generator.integers(0, 30, (100, 30))]
    found = image_bootstrap(values, np.random.default_rng(9))
    assert found.estimate == pytest.approx(frame.mean())
    assert (found.low, found.high) == pytest.approx(their_limits(means))
    assert (found.method, found.n_replicates_dropped) == ("image-percentile", 0)


def test_replicates_without_a_value_are_dropped_and_counted():
    # One of two images has a value: a quarter of the draws take the other one twice.
    found = image_bootstrap(np.array([0.5, np.nan]), np.random.default_rng(0))
    assert (found.low, found.high) == (0.5, 0.5)
    assert 200 < found.n_replicates_dropped < 300


def test_without_a_value_there_is_no_mean():
    with pytest.raises(ValueError, match="no image has a value"):
        image_bootstrap(np.array([np.nan]), np.random.default_rng(0))
