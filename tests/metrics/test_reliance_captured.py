"""Reliance captured: hand-worked shares, ties as the mean over all orders, and maps that point nowhere."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xaudit.metrics.absent import Absent
from xaudit.metrics.reliance_map.captured import (
    NO_RELIANCE,
    of_other_making,
    reliance_captured,
    through_windows,
)
from xaudit.metrics.reliance_map.case_map import CaseReliance, case_reliance
from xaudit.records import WindowEffects

# 20 pixels; a tenth of them is two. The two strongest hold .5 + .3 = .8.
RELIANCE = np.zeros((4, 5))
RELIANCE[0, 0], RELIANCE[1, 1], RELIANCE[2, 2] = 0.5, 0.3, 0.2


def captured(saliency, reliance=RELIANCE, share=0.1, summed=1.0):
    return reliance_captured(np.asarray(saliency), CaseReliance(reliance, summed), share=share, margin=0.02)


def saliency(**places):
    values = np.zeros((4, 5))
    for name, value in places.items():
        values[int(name[1]), int(name[2])] = value
    return values


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ({"p00": 2, "p11": 1}, 1.0),
        ({"p00": 1, "p11": 9}, 1.0),
        ({"p00": 2, "p22": 1}, 0.7 / 0.8),
        ({"p22": 2, "p33": 1}, 0.2 / 0.8),
        ({"p33": 2, "p34": 1}, 0.0),
    ],
)
def test_the_share_is_that_of_the_strongest_pixels(places, expected):
    assert captured(saliency(**places)) == pytest.approx(expected)


def test_tied_pixels_share_the_places_that_are_left():
    # One place for the first; the other for three tied ones, which hold .5, .3 and 0: their mean is .8 / 3.
    tied = saliency(p22=5, p00=1, p11=1, p33=1)
    assert captured(tied) == pytest.approx((0.2 + 0.8 / 3) / 0.8)


def test_places_that_no_positive_value_fills_go_to_all_others_alike():
    # One pixel is positive, so the second place is any of the 19 others, which hold .3 + .2 together.
    assert captured(saliency(p00=5)) == pytest.approx((0.5 + 0.5 / 19) / 0.8)


@given(arrays(np.int8, (2, 3), elements=st.integers(0, 2)), st.integers(1, 6))
def test_ties_are_the_mean_over_every_order(values, n_pixels):
    reliance = np.array([[0.1, 0.7, 0.0], [0.4, 0.2, 0.3]])
    if np.ptp(values) == 0:
        return
    scores = []
    for order in permutations(range(6)):
        first = sorted(order, key=lambda place: -values.ravel()[place])[:n_pixels]
        scores.append(reliance.ravel()[first].sum() / np.sort(reliance.ravel())[::-1][:n_pixels].sum())
    assert captured(values.astype(float), reliance, n_pixels / 6) == pytest.approx(np.mean(scores))


@pytest.mark.parametrize(
    "nowhere", [np.zeros((4, 5)), np.ones((4, 5)), np.full((4, 5), np.nan), -saliency(p00=1)]
)
def test_a_map_that_points_nowhere_captures_nothing(nowhere):
    assert captured(nowhere) == 0.0


def test_only_the_positive_part_counts():
    # The place of the strongest evidence against the target is not pointed at, and its magnitude does not count.
    assert captured(saliency(p00=-9, p11=1, p22=1)) == pytest.approx((0.3 + 0.2) / 0.8)


def test_scale_and_shift_of_reliance_units_do_not_matter():
    values = np.random.default_rng(0).random((4, 5))
    assert captured(7 * values) == pytest.approx(captured(values))
    assert captured(values, 5 * RELIANCE) == pytest.approx(captured(values))


@pytest.mark.parametrize(("summed", "counts"), [(0.0, False), (0.02, False), (0.0201, True)])
def test_a_case_without_reliance_does_not_count(summed, counts):
    found = captured(saliency(p00=1), summed=summed)
    assert (found != Absent(NO_RELIANCE)) == counts


def test_a_map_of_another_frame_is_an_error():
    with pytest.raises(ValueError, match=r"a map of \(2, 5\) and a reliance map of \(4, 5\) do not match"):
        captured(np.ones((2, 5)))


def hidden(drops, scale, stride=1.0):
    drops = np.asarray(drops, dtype=np.float32)
    nothing = np.zeros(drops.shape, dtype=np.float32)
    return WindowEffects(
        "a",
        None,
        "m",
        "t",
        "t",
        "t",
        "hide",
        "blur",
        scale,
        stride,
        (8, 8),
        0.9,
        2.0,
        drops,
        drops,
        nothing,
        ("body",),
    )


def quarters(row, column, value, n):
    drops = np.zeros((n, n))
    drops[row, column] = value
    return drops


def test_a_map_of_exactly_the_evidence_captures_all_although_the_windows_are_larger():
    """One pixel of 64 decides; hiding its window of 2 x 2 or of 4 x 4 pixels takes .8 away."""
    own = [hidden(quarters(0, 3, 0.8, 4), 0.25), hidden(quarters(0, 1, 0.8, 2), 0.5)]
    reliance = case_reliance(own)
    # .8 and .8 in the small window, .8 and 0 in the rest of the large one.
    assert reliance.values[0, 7] == pytest.approx(0.8)
    assert reliance.values[3, 4] == pytest.approx(0.4)
    exact = np.zeros((8, 8))
    exact[0, 7] = 1.0
    raw = reliance_captured(exact, reliance, share=8 / 64, margin=0.02)
    seen = reliance_captured(through_windows(exact, own), reliance, share=8 / 64, margin=0.02)
    assert raw < 0.5
    assert seen == pytest.approx(1.0)


def test_a_map_is_read_as_the_mean_of_the_windows_that_cover_a_pixel():
    """Windows of 4 x 4 side by side and of the whole: 16 in one quarter is a mean of 1 there and of .25 over all."""
    own = [hidden(np.zeros((2, 2)), 0.5), hidden(np.zeros((1, 1)), 1.0)]
    point = np.zeros((8, 8))
    point[1, 1], point[6, 6] = 16.0, -5.0
    expected = np.full((8, 8), 0.25 / 2)
    expected[:4, :4] += 0.5
    np.testing.assert_allclose(through_windows(point, own), expected / expected.max(), atol=1e-12)


@pytest.mark.parametrize("nowhere", [np.zeros((8, 8)), np.ones((8, 8)), np.full((8, 8), np.nan)])
def test_a_map_that_points_nowhere_points_nowhere_through_windows(nowhere):
    assert not through_windows(nowhere, [hidden(np.zeros((2, 2)), 0.5)]).any()


def effects(infill, scale, stride):
    one = np.zeros((1, 1), dtype=np.float32)
    return WindowEffects(
        "a",
        None,
        "m",
        "t",
        "t",
        "t",
        "hide",
        infill,
        scale,
        stride,
        (8, 8),
        0.9,
        2.0,
        one,
        one,
        one,
        ("body",),
    )


def test_a_map_is_not_compared_with_windows_and_in_fill_of_its_own():
    both = [effects("mean", 0.125, 0.5), effects("blur", 0.125, 0.5), effects("mean", 0.25, 0.5)]
    assert of_other_making(both, window=0.125, step=0.0625, infill="mean") == both[1:]
    assert of_other_making(both, window=0.125, step=0.0625, infill="black") == both
    assert of_other_making(both, window=0.125, step=0.125, infill="mean") == both
    coarser = [replace(both[0], stride=1.0)]
    assert of_other_making(coarser, window=0.125, step=0.125, infill="mean") == []
