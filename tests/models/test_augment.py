"""Augmentation moves an annotation exactly as it moves the pixels under it."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from xaudit.models.training import augment as module
from xaudit.models.training.augment import Change, augment, draw_change, keeps_mark


def planted(row, column, shape=(32, 48), size=1):
    """A black image with one bright square, and the mask of that square."""
    image = torch.zeros((1, 1, *shape))
    image[0, 0, row : row + size, column : column + size] = 1
    return image, image > 0


def centre(plane):
    """(x, y) of the middle of what is set, in pixels."""
    rows, columns = torch.nonzero(plane[0, 0] > 0, as_tuple=True)
    weights = plane[0, 0][rows, columns].double()
    x, y = (columns + 0.5) * weights, (rows + 0.5) * weights
    return float(x.sum() / weights.sum()), float(y.sum() / weights.sum())


def test_no_change_changes_nothing():
    image = torch.rand((2, 3, 9, 12), generator=torch.Generator().manual_seed(0))
    masks = image[:, :1] > 0.5
    moved, carried = augment(image, masks, [Change(), Change()])
    torch.testing.assert_close(moved, image, rtol=0, atol=1e-5)
    assert torch.equal(carried, masks)


def test_flip_mirrors_left_to_right():
    image, mask = planted(5, 10)
    moved, carried = augment(image, mask, [Change(flip=True)])
    assert moved[0, 0, 5, 48 - 1 - 10] == pytest.approx(1, abs=1e-5)
    assert torch.nonzero(carried[0, 0]).tolist() == [[5, 37]]


def test_shift_moves_right_and_down_by_a_share_of_the_side():
    image, mask = planted(5, 10)
    moved, carried = augment(image, mask, [Change(shift_x=6 / 48, shift_y=4 / 32)])
    assert moved[0, 0, 9, 16] == pytest.approx(1, abs=1e-5)
    assert torch.nonzero(carried[0, 0]).tolist() == [[9, 16]]


def test_quarter_turn_takes_the_top_to_the_right_in_a_frame_that_is_not_square():
    # The centre is (24, 16). The point (24, 6) lies 10 above it; turned clockwise it lies 10 to its right, (34, 16).
    image, mask = planted(5, 23, size=2)
    moved, carried = augment(image, mask, [Change(degrees=90)])
    assert centre(moved) == pytest.approx((34, 16), abs=1e-4)
    assert centre(carried.float()) == pytest.approx((34, 16), abs=1e-4)


def test_scale_enlarges_about_the_centre():
    # (34, 16) lies 10 to the right of the centre (24, 16); at twice the size it lies 20 to the right.
    image, mask = planted(15, 33, size=2)
    moved, carried = augment(image, mask, [Change(scale=2)])
    assert centre(moved) == pytest.approx((44, 16), abs=1e-4)
    assert int(carried.sum()) == 4 * 4


def test_brightness_and_contrast_change_pixels_and_no_mask():
    image = torch.full((1, 1, 4, 4), 0.7)
    moved, carried = augment(image, image > 0, [Change(brightness=0.1, contrast=0.5)])
    # (.7 − .5) · .5 + .5 + .1 = .7
    torch.testing.assert_close(moved, torch.full((1, 1, 4, 4), 0.7))
    assert carried.all()
    assert augment(image, image > 0, [Change(brightness=0.9)])[0].max() == 1


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31), row=st.integers(8, 22), column=st.integers(10, 36))
def test_mark_stays_on_the_pixel_it_marked(seed, row, column):
    change = draw_change(np.random.default_rng(seed))
    image, mask = planted(row, column)
    plain = Change(change.flip, change.shift_x, change.shift_y, change.degrees, change.scale)
    moved, carried = augment(image, mask, [plain])
    at_x, at_y = centre(moved)
    mark_x, mark_y = centre(carried.float())
    assert math.hypot(at_x - mark_x, at_y - mark_y) <= math.sqrt(0.5)  # the mask falls on whole pixels
    assert 1 <= int(carried.sum()) <= 4


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31), row=st.integers(8, 22), column=st.integers(10, 36))
def test_pixel_lands_where_the_steps_of_the_change_take_it(seed, row, column):
    change = draw_change(np.random.default_rng(seed))
    plain = Change(change.flip, change.shift_x, change.shift_y, change.degrees, change.scale)
    x, y = (
        column + 1.0 - 24,
        row + 1.0 - 16,
    )  # the middle of a 2 × 2 square, from the centre of a 32 × 48 frame
    if change.flip:
        x = -x
    angle = math.radians(change.degrees)
    x, y = math.cos(angle) * x - math.sin(angle) * y, math.sin(angle) * x + math.cos(angle) * y
    x, y = x * change.scale + change.shift_x * 48 + 24, y * change.scale + change.shift_y * 32 + 16
    moved, _ = augment(*planted(row, column, size=2), [plain])
    assert centre(moved) == pytest.approx((x, y), abs=0.15)  # linear resampling of a square this small


@given(seed=st.integers(0, 2**31))
def test_changes_stay_within_their_limits(seed):
    change = draw_change(np.random.default_rng(seed))
    assert max(abs(change.shift_x), abs(change.shift_y)) <= module.SHIFT
    assert abs(change.degrees) <= module.ROTATION_DEGREES
    assert abs(change.scale - 1) <= module.SCALE
    assert abs(change.brightness) <= module.BRIGHTNESS
    assert abs(change.contrast - 1) <= module.CONTRAST


def test_who_shares_the_batch_makes_no_difference():
    images = torch.rand((4, 1, 16, 16), generator=torch.Generator().manual_seed(0))
    changes = [draw_change(np.random.default_rng(seed)) for seed in range(4)]
    together, masks = augment(images, images > 0.8, changes)
    for index, change in enumerate(changes):
        alone, mask = augment(images[index : index + 1], images[index : index + 1] > 0.8, [change])
        torch.testing.assert_close(together[index], alone[0], rtol=0, atol=1e-6)
        assert torch.equal(masks[index], mask[0])


def test_an_image_keeps_its_mark_when_half_of_it_is_left():
    before = torch.zeros((3, 1, 4, 4), dtype=torch.bool)
    before[:2, 0, 0, :4] = True
    after = before.clone()
    after[0, 0, 0, 2:] = False  # 2 of 4 left
    after[1, 0, 0, 1:] = False  # 1 of 4 left
    assert keeps_mark(before, after).tolist() == [True, False, True]


def test_unequal_numbers_of_images_masks_and_changes_are_refused():
    with pytest.raises(ValueError, match="1 images, 1 masks and 2 changes"):
        augment(*planted(1, 1), [Change(), Change()])
