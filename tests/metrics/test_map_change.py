"""Two maps held against each other: what is the same, what is tied, what has no order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr

from xaudit.metrics import Absent
from xaudit.metrics.map_change import rank_agreement, top_overlap

ALL = np.ones((2, 3), dtype=bool)
FIRST = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
spread = arrays(np.float64, (6, 7), elements=st.integers(-50, 50).map(float)).filter(lambda a: np.ptp(a) > 0)


def test_rank_agreement_by_hand():
    """Ranks 1 to 6 against 1 2 3 4 6 5: 1 - 6 · 2 / (6 · 35) = .9429."""
    other = np.array([[1.0, 2.0, 3.0], [4.0, 60.0, 5.0]])
    assert rank_agreement(FIRST, other, ALL) == pytest.approx(1 - 6 * 2 / (6 * 35))


def test_only_valid_pixels_count():
    other = FIRST.copy()
    other[0] = [9.0, -9.0, 0.0]
    valid = np.array([[False] * 3, [True] * 3])
    assert rank_agreement(FIRST, other, valid) == pytest.approx(1)


def test_rounding_does_not_put_what_is_level_in_an_order():
    level = np.array([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]])
    noisy = level + np.array([[1e-9, 0, -1e-9], [0, 1e-9, 2e-9]])
    assert rank_agreement(level, noisy, ALL) == pytest.approx(1)


@given(spread, spread)
def test_it_is_scipys_spearman_correlation(one, other):
    valid = np.ones(one.shape, dtype=bool)
    assert rank_agreement(one, other, valid) == pytest.approx(
        spearmanr(one.ravel(), other.ravel()).statistic, abs=1e-6
    )


@given(spread, spread, st.floats(0.1, 1000))
def test_only_ranks_count_and_neither_map_comes_first(one, other, factor):
    valid = np.ones(one.shape, dtype=bool)
    value = rank_agreement(one, other, valid)
    assert rank_agreement(other, one, valid) == pytest.approx(value)
    assert rank_agreement(one * factor, other, valid) == pytest.approx(value)
    assert rank_agreement(one, -one, valid) == pytest.approx(-1)
    assert -1 - 1e-9 <= value <= 1 + 1e-9


def test_noise_has_nothing_to_do_with_other_noise():
    """Of 4,096 pixels, independent ranks correlate by less than 4 / √4096 = .0625."""
    rng = np.random.default_rng(0)
    one, other = rng.random((2, 64, 64))
    assert abs(rank_agreement(one, other, np.ones((64, 64), dtype=bool))) < 0.0625


def test_top_overlap_by_hand():
    """The three highest are 4 5 6; in the other map 3 (now 9), 5 and 6: 2 of 4 in common."""
    other = FIRST.copy()
    other[0, 2] = 9
    assert top_overlap(FIRST, other, ALL, n_top=3) == pytest.approx(2 / 4)
    assert top_overlap(FIRST, FIRST, ALL, n_top=3) == 1


def test_all_that_share_the_last_place_are_on_top_and_nothing_negative_is():
    """Asked for one, the first map puts both 5s forward; asked for five, the second has only two positive ones."""
    one = np.array([[5.0, 5.0, 1.0], [-1.0, -2.0, -3.0]])
    other = np.array([[5.0, 4.0, -1.0], [-1.0, -2.0, -3.0]])
    assert top_overlap(one, other, ALL, n_top=1) == pytest.approx(1 / 2)
    assert top_overlap(one, other, ALL, n_top=5) == pytest.approx(2 / 3)


def test_two_random_maps_overlap_by_what_chance_gives():
    """A tenth on top in each: .01 in both, .19 in either, so .1 / 1.9 = .053."""
    rng = np.random.default_rng(1)
    valid = np.ones((100, 100), dtype=bool)
    found = [top_overlap(*rng.random((2, 100, 100)), valid, n_top=1000) for _ in range(40)]
    assert np.mean(found) == pytest.approx(0.1 / 1.9, abs=0.003)


def test_a_map_moved_by_one_pixel_overlaps_in_part():
    """Blocks of 4 × 4, one column apart: 12 in both, 20 in either."""
    one, other = np.zeros((10, 10)), np.zeros((10, 10))
    one[2:6, 2:6] = other[2:6, 3:7] = 1
    assert top_overlap(one, other, np.ones((10, 10), dtype=bool), n_top=16) == pytest.approx(12 / 20)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (np.zeros((2, 3)), FIRST, "the map is zero everywhere: it points nowhere"),
        (FIRST, np.zeros((2, 3)), "on the changed image the map is zero everywhere: it points nowhere"),
        (
            FIRST,
            np.full((2, 3), 2.0),
            "on the changed image the map is constant at 2: it points everywhere alike",
        ),
        (
            FIRST * [1.0, np.nan, 1.0],
            FIRST,
            "the map is not finite: 33% of its values are NaN or infinite",
        ),
    ],
)
def test_a_map_that_says_nothing_leaves_nothing_to_compare(before, after, reason):
    assert rank_agreement(before, after, ALL) == Absent(reason)
    assert top_overlap(before, after, ALL, n_top=2) == Absent(reason)


def test_maps_that_speak_against_the_target_everywhere_have_no_top():
    assert top_overlap(-FIRST, -FIRST, ALL, n_top=2) == Absent("neither map speaks for the target anywhere")
    assert top_overlap(FIRST, -FIRST, ALL, n_top=2) == 0


def test_two_pixels_are_too_few():
    valid = np.array([[True, True, False], [False] * 3])
    assert rank_agreement(FIRST, FIRST, valid) == Absent("fewer than 3 pixels are on both images")


def test_what_does_not_fit_is_a_mistake_of_the_program():
    with pytest.raises(
        ValueError, match=r"^maps of \(2, 3\) and \(3, 2\) and valid pixels of \(2, 3\) do not match$"
    ):
        rank_agreement(FIRST, FIRST.T, ALL)
    with pytest.raises(ValueError, match=r"^the highest 0 pixels are none$"):
        top_overlap(FIRST, FIRST, ALL, n_top=0)
