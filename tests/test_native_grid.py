"""What each grid makes of a truth, worked by hand and against the tools that draw the real maps."""

import cv2
import numpy as np
import pytest
import torch
from captum.attr import Occlusion

from xaudit.native_grid import SegmentGrid, feature_grid, pixel_grid, window_grid


def test_features_are_averaged_over_their_cell_and_drawn_as_opencv_draws_a_cam():
    truth = np.random.default_rng(0).random((12, 20))
    grid = feature_grid((12, 20), (3, 4))
    assert grid.cell_px == (4.0, 5.0)
    cells = truth.reshape(3, 4, 4, 5).mean(axis=(1, 3))
    np.testing.assert_allclose(
        grid.best_map(truth), cv2.resize(cells.astype(np.float32), (20, 12)), atol=1e-6
    )


def test_cells_that_are_no_whole_pixels_share_them():
    # Two cells of 1.5 pixels: (1 + ½ · 0) / 1.5 and (½ · 0 + 0) / 1.5.
    pooled = feature_grid((1, 3), (1, 2)).pool_cols @ np.array([1.0, 0.0, 0.0])
    assert pooled.tolist() == pytest.approx([2 / 3, 0])


def test_one_cell_says_the_same_everywhere():
    truth = np.zeros((6, 6))
    truth[0, 0] = 1.0
    assert feature_grid((6, 6), (1, 1)).best_map(truth) == pytest.approx(np.full((6, 6), 1 / 36))


def test_pixels_lose_nothing():
    truth = np.random.default_rng(1).random((5, 7))
    np.testing.assert_array_equal(pixel_grid((5, 7)).best_map(truth), truth)


@pytest.mark.parametrize(("window", "stride"), [((4, 4), (2, 2)), ((3, 5), (2, 4)), ((5, 5), (3, 3))])
def test_windows_show_what_captum_shows_of_a_model_that_adds_up_the_truth(window, stride):
    # Covering a window takes away the truth below it, so captum's map is the mean fall of the windows on a pixel; ours
    # has the window's mean instead of its sum. Windows cut off at the edge have fewer pixels.
    truth = np.random.default_rng(2).random((11, 14))

    def total(shown):
        return (shown * torch.from_numpy(truth)).sum(dim=(1, 2, 3))[:, None]

    falls = Occlusion(total).attribute(
        torch.ones(1, 1, 11, 14, dtype=torch.float64),
        target=0,
        sliding_window_shapes=(1, *window),
        strides=(1, *stride),
    )
    grid = window_grid((11, 14), window, stride)
    sizes = [np.count_nonzero(pool, axis=1) for pool in (grid.pool_rows, grid.pool_cols)]
    sums = (grid.pool_rows @ truth @ grid.pool_cols.T) * np.outer(*sizes)
    np.testing.assert_allclose(grid.spread_rows @ sums @ grid.spread_cols.T, falls[0, 0].numpy(), atol=1e-9)
    assert grid.cell_px == tuple(map(float, stride))


def test_superpixels_show_their_mean():
    segments = np.array([[0, 0, 1], [2, 2, 1]])
    grid = SegmentGrid(segments)
    truth = np.array([[1.0, 0, 1], [0, 0, 0]])
    assert grid.best_map(truth).tolist() == [[0.5, 0.5, 0.5], [0, 0, 0.5]]
    assert grid.cell_px == pytest.approx((2**0.5, 2**0.5))


@pytest.mark.parametrize(
    "grid", [feature_grid((16, 16), (4, 4)), pixel_grid((16, 16)), window_grid((16, 16), (4, 4), (2, 2))]
)
def test_nothing_and_everything_are_shown_as_such(grid):
    assert grid.best_map(np.zeros((16, 16))) == pytest.approx(np.zeros((16, 16)))
    assert grid.best_map(np.ones((16, 16))) == pytest.approx(np.ones((16, 16)))


def test_a_coarse_grid_cannot_point_at_a_small_mark_and_can_at_a_large_one():
    # The highest point of a CAM is the centre of a cell: on 224 pixels with 7 × 7 cells (16, 16), (16, 48) ...
    rows, cols = np.mgrid[:224, :224]
    grid = feature_grid((224, 224), (7, 7))
    small = ((rows - 70) ** 2 + (cols - 70) ** 2 < 5**2).astype(float)
    large = ((rows - 100) ** 2 + (cols - 100) ** 2 < 60**2).astype(float)
    for mark, is_resolved in ((small, False), (large, True)):
        peak = np.unravel_index(np.argmax(grid.best_map(mark)), (224, 224))
        assert bool(mark[peak]) == is_resolved
