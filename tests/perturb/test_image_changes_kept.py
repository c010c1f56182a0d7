"""Where a planted pixel goes under each change, that it comes back, and what of the frame is lost on the way."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xaudit.perturb.image_change import Coarsening, Flip, Rotation, Shift, movement

MOVEMENTS = ("flip-horizontal", "flip-vertical", "rotate-5", "rotate-10", "rotate-90", "shift-4", "shift-20")
maps = arrays(np.float32, (12, 16), elements=st.floats(-9, 9, width=32))


def planted(row, col, shape=(11, 11)):
    image = np.zeros((3, *shape), dtype=np.float32)
    image[:, row, col] = 1
    return image


def places(image):
    return [tuple(place) for place in np.argwhere(image[0] > 0.5)]


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("flip-horizontal", (2, 11 - 1 - 3)),
        ("flip-vertical", (11 - 1 - 2, 3)),
        # 18 % of 11 pixels is 1.98: two pixels to the right and two down
        ("shift-18", (4, 5)),
        # clockwise about (5, 5): 3 above the middle becomes 3 right of it, 2 left of it becomes 2 above
        ("rotate-90", (3, 8)),
    ],
)
def test_a_planted_pixel_goes_where_it_should_and_comes_back(name, where):
    change = movement(name)
    assert change.id == name
    moved = change.apply(planted(2, 3))
    assert places(moved) == [where]
    back, valid = change.undo(moved[0])
    assert [tuple(place) for place in np.argwhere(back > 0.5)] == [(2, 3)]
    assert valid[2, 3]


def test_a_turn_of_ten_degrees_moves_a_pixel_by_sine_and_cosine():
    """From 20 right of the middle to 20 cos 10° = 19.70 right of it and 20 sin 10° = 3.47 below it."""
    image = planted(25, 45, shape=(51, 51))
    moved = Rotation(10).apply(image)[0]
    rows, cols = np.indices(moved.shape)
    at = (rows * moved).sum() / moved.sum(), (cols * moved).sum() / moved.sum()
    assert at == pytest.approx(
        (25 + 20 * math.sin(math.radians(10)), 25 + 20 * math.cos(math.radians(10))), abs=0.05
    )


def test_in_a_frame_that_is_not_square_a_turn_is_still_one():
    """8 right of the middle of 21 × 41 becomes 8 below it under a quarter turn."""
    assert places(Rotation(90).apply(planted(10, 28, shape=(21, 41)))) == [(18, 20)]


def test_what_comes_in_repeats_the_edge_and_is_not_valid_on_the_way_back():
    ramp = np.tile(np.arange(10, dtype=np.float32), (3, 10, 1))
    shifted = Shift(20).apply(ramp)
    assert shifted[0, 0].tolist() == [0, 0, 0, 1, 2, 3, 4, 5, 6, 7]
    back, valid = Shift(20).undo(shifted[0])
    assert valid.sum() == 8 * 8
    assert not valid[8:].any()
    assert not valid[:, 8:].any()
    assert back[0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 0, 0]


def test_a_turn_by_45_degrees_loses_the_corners_and_keeps_the_inscribed_circle():
    side = 41
    _, valid = Rotation(45).undo(np.zeros((side, side), dtype=np.float32))
    rows, cols = np.indices(valid.shape) - side // 2
    away = np.hypot(rows, cols)
    assert valid[away <= 20].all()
    assert not valid[away > 20 * math.sqrt(2) - 1e-6].any()


@pytest.mark.parametrize("name", ["flip-horizontal", "flip-vertical", "rotate-90", "rotate-180", "shift-10"])
@given(saliency=maps)
def test_where_pixels_land_on_pixels_a_map_comes_back_unchanged(name, saliency):
    change = movement(name)
    square = saliency[:, :12]
    back, valid = change.undo(change.apply(np.stack([square] * 3))[0])
    np.testing.assert_allclose(back[valid], square[valid], atol=1e-4)
    assert valid.any()


@pytest.mark.parametrize("name", MOVEMENTS)
def test_a_constant_stays_one_and_keeps_its_frame(name):
    change = movement(name)
    moved = change.apply(np.full((3, 20, 30), 0.4, dtype=np.float32))
    assert moved.shape == (3, 20, 30)
    assert moved.dtype == np.float32
    np.testing.assert_allclose(moved, 0.4, atol=1e-6)
    back, valid = change.undo(moved[0])
    assert (back.dtype, valid.dtype) == (np.float32, bool)
    np.testing.assert_allclose(back[valid], 0.4, atol=1e-6)
    assert (back[~valid] == 0).all()


def test_a_shift_is_at_least_one_pixel():
    assert places(Shift(1).apply(planted(2, 3))) == [(3, 4)]


def test_a_checkerboard_is_grey_at_half_resolution_and_coarse_brightness_stays():
    """Every 2 × 2 square of the board holds two of each colour: .5. A half that is bright stays so, but for its edge."""
    board = np.indices((16, 16)).sum(0) % 2
    np.testing.assert_allclose(Coarsening(2).apply(np.stack([board] * 3).astype(np.float32)), 0.5)
    halves = np.zeros((3, 16, 16), dtype=np.float32)
    halves[:, :, 8:] = 1
    coarse = Coarsening(4).apply(halves)
    assert (coarse[0, :, :6] == 0).all()
    assert (coarse[0, :, 10:] == 1).all()


def test_coarsening_is_linear_between_the_means_of_squares():
    """One row of means 1 and 5, at 1 and 3 pixels: the pixels lie at .5, 1.5, 2.5, 3.5, the outer two held constant."""
    image = np.tile(np.array([0, 2, 4, 6], dtype=np.float32), (1, 4, 1))
    np.testing.assert_allclose(Coarsening(2).apply(image)[0, 0], [1, 2, 4, 5])


def test_a_step_of_one_changes_no_bit_and_a_step_beyond_the_frame_leaves_its_mean():
    image = np.random.default_rng(0).random((3, 10, 13), dtype=np.float32)
    assert Coarsening(1).changes_nothing
    assert Coarsening(1).apply(image) is image
    assert not Coarsening(2).changes_nothing
    np.testing.assert_allclose(
        Coarsening(64).apply(image),
        np.broadcast_to(image.mean((1, 2))[:, None, None], image.shape),
        rtol=1e-5,
    )
    back, valid = Coarsening(8).undo(image[0])
    assert back is image[0] or np.array_equal(back, image[0])
    assert valid.all()


@pytest.mark.parametrize("side", [9, 10, 11, 17])
@pytest.mark.parametrize("step", [2, 3, 4])
def test_a_side_that_is_no_multiple_of_the_step_keeps_its_brightness(side, step):
    image = np.random.default_rng(side).random((1, side, side), dtype=np.float32)
    coarse = Coarsening(step).apply(image)
    assert coarse.shape == image.shape
    assert coarse.mean() == pytest.approx(image.mean(), rel=0.1)


@pytest.mark.parametrize("name", ["flip", "flip-5", "rotate-left", "rotate-", "turn-5", "shift-4.5", ""])
def test_a_movement_that_does_not_exist_is_a_mistake_of_the_program(name):
    with pytest.raises(ValueError, match=f"^no movement is called '{name}'$"):
        movement(name)


def test_a_flip_is_its_own_way_back():
    assert movement("flip-vertical") == Flip(upside_down=True)
    saliency = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert Flip().undo(saliency)[0].tolist() == [[2, 1, 0], [5, 4, 3]]
