"""Blocks that are planted at the corners of a mark: where, how large, and what is said of those that are cut off."""

import numpy as np

from xaudit.cases.self_test import check_reading, plant_corners


def marked(height, width, rows, columns):
    mask = np.zeros((height, width), dtype=bool)
    mask[slice(*rows), slice(*columns)] = True
    return mask


def test_a_mark_narrower_than_a_block_takes_blocks_of_its_own_size():
    # Columns 3 and 4 and row 6 alone: every block is the mark itself, its centre at (4, 6.5).
    planted = plant_corners(marked(8, 10, (6, 7), (3, 5)), fit="stretch", model_hw=(16, 20))
    assert [block.planted for block in planted] == [(4.0, 6.5)] * 4
    # Half the block is 1 and .5; a pixel of the model's frame is .5 of the original's.
    assert [block.tolerance_px for block in planted] == [(1.0, 0.5)] * 4
    assert all(block.seen and block.aligned for block in planted)


def test_half_a_block_or_a_pixel_of_the_models_frame_is_tolerated():
    whole = np.ones((8, 10), dtype=bool)
    assert plant_corners(whole, fit="stretch", model_hw=(16, 20))[0].tolerance_px == (1.5, 1.5)
    # In a frame of 2 × 2 a pixel is 5 wide and 4 high.
    assert plant_corners(whole, fit="stretch", model_hw=(2, 2))[0].tolerance_px == (5.0, 4.0)


def test_a_block_that_is_cropped_off_is_found_nowhere_and_is_no_fault():
    # Of 8 × 40 pixels the middle 8 × 8 are left: columns 16 to 23.
    planted = plant_corners(np.ones((8, 40), dtype=bool), fit="crop", model_hw=(16, 16))
    assert [(block.seen, block.found, block.aligned) for block in planted] == [(False, None, True)] * 4
    inside = plant_corners(marked(8, 40, (0, 8), (16, 24)), fit="crop", model_hw=(16, 16))
    assert [block.planted for block in inside] == [(17.5, 1.5), (22.5, 1.5), (17.5, 6.5), (22.5, 6.5)]
    assert all(block.seen and block.found is not None and block.aligned for block in inside)


def test_a_workspace_is_made_with_all_the_folders_above_it(tmp_path):
    assert check_reading(tmp_path / "new" / "workspace")
    assert check_reading(tmp_path / "new" / "workspace")
