"""The road between the original frame and the model's frame, worked by hand and against a slow reference."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xaudit.cases.self_test import plant_corners
from xaudit.geometry import (
    Geometry,
    bounding_box,
    fit_geometry,
    image_to_model,
    map_to_original,
    mask_region,
    mask_to_model,
    on_grid,
    rasterise,
    union,
)
from xaudit.records import Box, MaskRegion, Polygon

FITS = ("stretch", "pad", "crop")

sides = st.integers(min_value=2, max_value=24)
frames = st.tuples(sides, sides)


@st.composite
def roads(draw):
    """Any road from one frame into another, mirrored or not."""
    geometry = fit_geometry(draw(frames), draw(frames), draw(st.sampled_from(FITS)))
    return replace(geometry, flip=draw(st.booleans()))


def area_average(image, geometry, fill=0.0):
    """Each model pixel as the sum of the original's pixels, weighed by how much of it each one covers."""
    height, width = geometry.model_hw
    out = np.zeros((height, width))
    cover = np.zeros((height, width))
    for row, col in product(range(geometry.original_hw[0]), range(geometry.original_hw[1])):
        (xa, ya), (xb, yb) = geometry.to_model(col, row), geometry.to_model(col + 1, row + 1)
        x0, x1 = sorted((xa, xb))
        for model_row, model_col in product(range(height), range(width)):
            share_y = max(0, min(yb, model_row + 1) - max(ya, model_row))
            share_x = max(0, min(x1, model_col + 1) - max(x0, model_col))
            out[model_row, model_col] += image[row, col] * share_y * share_x
            cover[model_row, model_col] += share_y * share_x
    return out + (1 - cover) * fill


def linear_at(image, x, y):
    """The value at a point, linear between pixel centres, held constant beyond the outermost centres."""
    height, width = image.shape
    x, y = min(max(x - 0.5, 0), width - 1), min(max(y - 0.5, 0), height - 1)
    x0, y0 = min(int(x), width - 2), min(int(y), height - 2)
    dx, dy = x - x0, y - y0
    top = image[y0, x0] * (1 - dx) + image[y0, x0 + 1] * dx
    bottom = image[y0 + 1, x0] * (1 - dx) + image[y0 + 1, x0 + 1] * dx
    return top * (1 - dy) + bottom * dy


def box_as_polygon(box):
    return Polygon(((box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)))


def test_stretch_scales_each_axis_on_its_own():
    # 100 high and 200 wide into 50 × 50: rows by 50/100, columns by 50/200.
    geometry = fit_geometry((100, 200), (50, 50))
    assert geometry.to_model(40, 40) == (40 * 0.25, 40 * 0.5)


def test_pad_centres_the_image_between_two_bars():
    # Both axes by 50/200 = 1/4: the image becomes 25 high, with (50 - 25) / 2 = 12.5 above it.
    geometry = fit_geometry((100, 200), (50, 50), "pad")
    assert geometry.to_model(0, 0) == (0, 12.5)
    assert geometry.to_model(200, 100) == (50, 37.5)


def test_crop_keeps_the_middle():
    # Both axes by 50/100 = 1/2: the image becomes 100 wide, of which (100 - 50) / 2 = 25 are cut off at each side.
    geometry = fit_geometry((100, 200), (50, 50), "crop")
    assert geometry.to_model(100, 50) == (25, 25)
    assert geometry.to_model(50, 0) == (0, 0)
    assert geometry.to_model(0, 0) == (-25, 0)


def test_a_flip_mirrors_the_model_frame():
    geometry = replace(fit_geometry((10, 10), (20, 40)), flip=True)
    # x = 1 is at 1 · 4 = 4, and 40 - 4 = 36 after the flip; y = 1 at 2.
    assert geometry.to_model(1, 1) == (36, 2)
    image = np.zeros((10, 10), dtype=np.float32)
    image[1, 2] = 1
    plain = image_to_model(image, replace(geometry, flip=False))
    assert np.array_equal(image_to_model(image, geometry), plain[:, ::-1])


@given(roads(), st.floats(-30, 60), st.floats(-30, 60))
def test_a_point_comes_back_to_where_it_was(geometry, x, y):
    assert geometry.to_original(*geometry.to_model(x, y)) == pytest.approx((x, y), abs=1e-6)


def test_a_shrunken_image_is_averaged_by_area():
    image = np.array([[0, 4, 8], [4, 8, 12]], dtype=np.float32)
    # 2 × 3 into 1 × 2: each model pixel covers both rows and one and a half columns.
    # Left: (0 + 4 + (4 + 8) / 2) / 3 = 10/3. Right: ((4 + 8) / 2 + 8 + 12) / 3 = 26/3.
    carried = image_to_model(image, fit_geometry((2, 3), (1, 2)))
    assert carried == pytest.approx(np.array([[10 / 3, 26 / 3]]))


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize(("original", "model"), [((12, 17), (5, 4)), ((15, 9), (6, 6)), ((6, 24), (4, 7))])
@pytest.mark.parametrize("flip", [False, True])
def test_shrinking_agrees_with_a_slow_area_average(fit, original, model, flip):
    geometry = replace(fit_geometry(original, model, fit), flip=flip)
    image = np.random.default_rng(3).random(original)
    expected = area_average(image, geometry, fill=0.25)
    assert image_to_model(image, geometry, fill=0.25) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("fit", FITS)
def test_growing_agrees_with_slow_linear_interpolation(fit):
    geometry = fit_geometry((5, 7), (16, 20), fit)
    image = np.random.default_rng(4).random((5, 7))
    carried = image_to_model(image, geometry, fill=0.5)
    for row, col in product(range(16), range(20)):
        x, y = geometry.to_original(col + 0.5, row + 0.5)
        inside = -1e-9 <= x <= 7 + 1e-9 and -1e-9 <= y <= 5 + 1e-9
        assert carried[row, col] == pytest.approx(linear_at(image, x, y) if inside else 0.5, abs=1e-5)


@given(frames.flatmap(lambda hw: arrays(np.float32, hw, elements=st.floats(0, 1, width=32))))
def test_the_same_size_changes_nothing(image):
    geometry = fit_geometry(image.shape, image.shape)
    assert image_to_model(image, geometry) == pytest.approx(image, abs=1e-6)
    carried, valid = map_to_original(image, geometry)
    assert carried == pytest.approx(image, abs=1e-6)
    assert valid.all()


@given(roads(), st.floats(0, 1, width=32))
def test_a_constant_image_stays_constant(geometry, level):
    image = np.full(geometry.original_hw, level, dtype=np.float32)
    assert image_to_model(image, geometry, fill=level) == pytest.approx(level, abs=1e-5)


@given(roads())
def test_colours_are_carried_like_three_grey_images(geometry):
    image = np.random.default_rng(5).random((*geometry.original_hw, 3)).astype(np.float32)
    carried = image_to_model(image, geometry)
    for channel in range(3):
        alone = image_to_model(image[:, :, channel], geometry)
        assert carried[:, :, channel] == pytest.approx(alone, abs=1e-6)


def test_padding_holds_the_fill_and_the_image_does_not():
    carried = image_to_model(np.ones((4, 8), np.float32), fit_geometry((4, 8), (8, 8), "pad"), fill=0.5)
    assert carried[:2].tolist() == [[0.5] * 8] * 2
    assert carried[2:6].tolist() == [[1.0] * 8] * 4
    assert carried[6:].tolist() == [[0.5] * 8] * 2


def test_what_was_cropped_off_is_zero_and_not_valid():
    carried, valid = map_to_original(np.ones((4, 4), np.float32), fit_geometry((4, 8), (4, 4), "crop"))
    assert valid.tolist() == [[False] * 2 + [True] * 4 + [False] * 2] * 4
    assert carried.tolist() == [[0.0] * 2 + [1.0] * 4 + [0.0] * 2] * 4


@given(roads())
def test_a_map_comes_back_as_slow_linear_interpolation(geometry):
    values = np.random.default_rng(6).random(geometry.model_hw).astype(np.float32)
    carried, valid = map_to_original(values, geometry)
    for row, col in product(range(geometry.original_hw[0]), range(geometry.original_hw[1])):
        x, y = geometry.to_model(col + 0.5, row + 0.5)
        inside = -1e-9 <= x <= geometry.model_hw[1] + 1e-9 and -1e-9 <= y <= geometry.model_hw[0] + 1e-9
        assert valid[row, col] == inside
        assert carried[row, col] == pytest.approx(linear_at(values, x, y) if inside else 0, abs=1e-4)


@given(roads(), st.data())
def test_a_mask_comes_back_within_a_pixel_of_either_frame(geometry, data):
    height, width = geometry.original_hw
    # Thinner than two pixels of the model, a mask may cover less than half of each.
    least_x, least_y = math.ceil(2 / geometry.scale_x), math.ceil(2 / geometry.scale_y)
    x0 = data.draw(st.integers(0, max(0, width - least_x)))
    y0 = data.draw(st.integers(0, max(0, height - least_y)))
    x1 = data.draw(st.integers(min(width, x0 + least_x), width))
    y1 = data.draw(st.integers(min(height, y0 + least_y), height))
    mask = np.zeros((height, width), dtype=bool)
    mask[y0:y1, x0:x1] = True
    carried, valid = map_to_original(mask_to_model(mask, geometry).astype(np.float32), geometry)
    there = carried >= 0.5
    large = (x1 - x0) >= least_x and (y1 - y0) >= least_y
    if not large or (mask & ~valid).any():
        return
    box = bounding_box(there)
    reach_x, reach_y = 1 + 1 / geometry.scale_x, 1 + 1 / geometry.scale_y
    assert abs(box.x0 - x0) <= reach_x
    assert abs(box.x1 - x1) <= reach_x
    assert abs(box.y0 - y0) <= reach_y
    assert abs(box.y1 - y1) <= reach_y


def test_a_pixel_cut_through_its_centre_is_valid_at_either_edge():
    # 9 × 12 cropped to 5 × 5 by 5/9: columns from 1.5 to 10.5 are seen, so columns 1 and 10 lie half inside.
    _, valid = map_to_original(np.ones((5, 5)), fit_geometry((9, 12), (5, 5), "crop"))
    assert np.flatnonzero(valid[0]).tolist() == list(range(1, 11))


def test_a_mask_too_small_for_a_model_pixel_keeps_the_one_it_covers_most():
    mask = np.zeros((8, 8), dtype=bool)
    mask[5, 6] = True
    carried = mask_to_model(mask, fit_geometry((8, 8), (2, 2)))
    assert carried.tolist() == [[False, False], [False, True]]


@given(arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_run_lengths_give_the_mask_back(mask):
    assert np.array_equal(rasterise(mask_region(mask), mask.shape), mask)


def test_run_lengths_go_column_by_column_and_begin_outside():
    # Columns: (1, 1), (0, 1), (1, 0): as one line 1 1 0 1 1 0, so nothing outside first, then 2, 1, 2, 1.
    mask = np.array([[True, False, True], [True, True, False]])
    assert mask_region(mask) == MaskRegion(2, 3, (0, 2, 1, 2, 1))


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"mask of \(2, 3\) on an image of \(3, 2\)"):
        rasterise(MaskRegion(2, 3, (6,)), (3, 2))


def test_an_image_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"image of \(3, 2\) does not fit a geometry for \(2, 3\)"):
        image_to_model(np.zeros((3, 2)), fit_geometry((2, 3), (4, 4)))
    with pytest.raises(ValueError, match=r"map of \(3, 2\) does not fit a geometry for \(4, 4\)"):
        map_to_original(np.zeros((3, 2)), fit_geometry((2, 3), (4, 4)))


halves = st.integers(0, 12).map(lambda n: n / 2)


@given(halves, halves, halves, halves)
def test_a_rectangle_drawn_as_an_outline_covers_what_the_box_covers(x0, y0, width, height):
    box = Box(x0, y0, x0 + width + 1, y0 + height + 1)
    shape = (20, 20)
    assert np.array_equal(rasterise(box_as_polygon(box), shape), rasterise(box, shape))


@given(st.floats(0, 7.9), st.floats(0, 7.9), st.floats(0.01, 8), st.floats(0.01, 8))
def test_a_box_covers_the_pixels_whose_centres_it_holds_and_never_none(x0, y0, width, height):
    x1, y1 = min(8.0, x0 + width), min(8.0, y0 + height)
    mask = rasterise(Box(x0, y0, x1, y1), (8, 8))
    held = np.array([[x0 <= c + 0.5 < x1 and y0 <= r + 0.5 < y1 for c in range(8)] for r in range(8)])
    assert mask.any()
    if held.any():
        assert np.array_equal(mask, held)


@pytest.mark.parametrize("region", [Box(2.6, 1.6, 2.9, 1.9), box_as_polygon(Box(2.6, 1.6, 2.9, 1.9))])
def test_a_region_between_pixel_centres_keeps_the_pixel_it_lies_in(region):
    mask = rasterise(region, (3, 4))
    assert np.argwhere(mask).tolist() == [[1, 2]]


def test_the_bounding_box_is_half_open():
    mask = np.zeros((5, 6), dtype=bool)
    mask[1:3, 2:5] = True
    assert bounding_box(mask) == Box(2, 1, 5, 3)
    with pytest.raises(ValueError, match="an empty mask has no bounding box"):
        bounding_box(np.zeros((2, 2), dtype=bool))


def test_the_union_of_no_masks_is_empty():
    assert not union([], (2, 3)).any()
    assert union([np.array([[True, False]]), np.array([[False, False]])], (1, 2)).tolist() == [[True, False]]


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("frame", [(128, 200), (200, 128), (96, 96), (40, 301)])
@pytest.mark.parametrize("model_hw", [(64, 64), (48, 96), (224, 224)])
def test_a_block_planted_at_each_corner_of_a_mark_is_found_there_again(frame, model_hw, fit, flip):
    mark = np.zeros(frame, dtype=bool)
    mark[10:31, frame[1] // 2 - 10 : frame[1] // 2 + 17] = True
    planted = plant_corners(mark, fit=fit, model_hw=model_hw, flip=flip)
    assert [block.corner for block in planted] == ["top left", "top right", "bottom left", "bottom right"]
    assert [block.aligned for block in planted] == [True] * 4
    if fit != "crop":
        assert all(block.seen for block in planted)


@pytest.mark.parametrize("wrong", [{"offset_x": 6.0}, {"flip": True}, {"scale_y": 0.9}])
def test_the_self_test_notices_a_road_that_is_walked_back_wrongly(wrong, monkeypatch):
    def astray(values: np.ndarray, geometry: Geometry) -> tuple[np.ndarray, np.ndarray]:
        return map_to_original(values, replace(geometry, **wrong))

    monkeypatch.setattr("xaudit.cases.self_test.map_to_original", astray)
    mark = np.zeros((100, 100), dtype=bool)
    mark[60:80, 20:40] = True
    planted = plant_corners(mark, fit="stretch", model_hw=(64, 64))
    assert not all(block.aligned for block in planted)


@given(frames, sides, sides, st.sampled_from(FITS), st.booleans())
def test_another_grid_on_the_models_frame_is_the_road_of_an_image_fitted_into_it(
    original, side, cells, fit, flip
):
    """A square input of any size is reached by the same road, but for its scale."""
    road = replace(fit_geometry(original, (side, side), fit), flip=flip)
    grid = on_grid(road, (cells, cells))
    direct = replace(fit_geometry(original, (cells, cells), fit), flip=flip)
    for x, y in ((0.0, 0.0), (original[1], original[0]), (1.5, 0.5)):
        assert grid.to_model(x, y) == pytest.approx(direct.to_model(x, y))
        assert grid.to_original(*grid.to_model(x, y)) == pytest.approx((x, y))
    assert on_grid(road, (side, side)) is road
