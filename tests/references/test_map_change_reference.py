"""Agreement of two maps derived again, slowly: ranks by counting pairs, tops by walking down the values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xaudit.metrics.map_change import rank_agreement, top_overlap

maps = arrays(np.float64, (4, 5), elements=st.integers(-6, 6).map(float)).filter(lambda a: np.ptp(a) > 0)
valids = arrays(np.bool_, (4, 5)).filter(lambda a: a.sum() >= 3)


def slow_ranks(values):
    """1 + how many are lower + half of the others that are equal."""
    return [1 + sum(b < a for b in values) + (sum(b == a for b in values) - 1) / 2 for a in values]


def slow_correlation(one, other):
    mean_one, mean_other = sum(one) / len(one), sum(other) / len(other)
    shared = sum((a - mean_one) * (b - mean_other) for a, b in zip(one, other, strict=True))
    spread_one = sum((a - mean_one) ** 2 for a in one)
    spread_other = sum((b - mean_other) ** 2 for b in other)
    return shared / (spread_one * spread_other) ** 0.5


def slow_top(values, n_top):
    last = sorted(values, reverse=True)[min(n_top, len(values)) - 1]
    return {index for index, value in enumerate(values) if value >= last and value > 0}


def pixels(saliency, valid):
    return [saliency[place] for place in np.ndindex(saliency.shape) if valid[place]]


@given(maps, maps, valids)
def test_rank_agreement_is_pearsons_correlation_of_counted_ranks(one, other, valid):
    before, after = pixels(one, valid), pixels(other, valid)
    if len(set(before)) < 2 or len(set(after)) < 2:
        return
    expected = slow_correlation(slow_ranks(before), slow_ranks(after))
    assert rank_agreement(one, other, valid) == pytest.approx(expected, abs=1e-9)


@given(maps, maps, valids, st.integers(1, 25))
def test_top_overlap_is_the_overlap_of_two_sets_of_places(one, other, valid, n_top):
    before, after = pixels(one, valid), pixels(other, valid)
    tops = slow_top(before, n_top), slow_top(after, n_top)
    if len(set(before)) < 2 or len(set(after)) < 2 or not (tops[0] | tops[1]):
        return
    expected = len(tops[0] & tops[1]) / len(tops[0] | tops[1])
    assert top_overlap(one, other, valid, n_top=n_top) == pytest.approx(expected)
