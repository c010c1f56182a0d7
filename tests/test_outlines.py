"""The pixels within an outline: worked by hand, and against asking every pixel about every line."""

import time

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from skimage.draw import polygon2mask

from xaudit.geometry import rasterise
from xaudit.outlines import length_px, on_outlines, within_outline, within_outlines
from xaudit.records import Polygon

REACH = 0.02


def asked_of_every_pixel(outlines, shape):
    """Within an odd number of outlines: as read in structure sets before the pixels were counted row by row."""
    odd = np.zeros(shape, dtype=bool)
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    for outline in outlines:
        for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
            if y1 != y0:
                # Far from a line that is nearly level, its continuation is beyond any number, and does not count.
                with np.errstate(over="ignore"):
                    crossing = x0 + (y - y0) / (y1 - y0) * (x1 - x0)
                odd ^= (y >= min(y0, y1)) & (y < max(y0, y1)) & (x < crossing)
    return odd


def near_every_line(outlines, shape):
    on = np.zeros(shape, dtype=bool)
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    for outline in outlines:
        for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
            dx, dy = x1 - x0, y1 - y0
            length = dx * dx + dy * dy
            along = np.clip(((x - x0) * dx + (y - y0) * dy) / length, 0, 1) if length else np.zeros_like(x)
            on |= np.hypot(x - x0 - along * dx, y - y0 - along * dy) <= REACH
    return on


def picture(mask):
    return ["".join("·#"[int(pixel)] for pixel in row) for row in mask]


def test_a_triangle_by_hand():
    # Corners (row, column) (1, 1), (1, 5), (5, 1): in row r it reaches from column 1 to 6 - r, and what lies on it is inside.
    corners = np.array([[1.0, 1.0], [1.0, 5.0], [5.0, 1.0]])
    assert picture(within_outline(corners, (7, 7))) == [
        "·······",
        "·#####·",
        "·####··",
        "·###···",
        "·##····",
        "·#·····",
        "·······",
    ]


def test_a_bow_that_crosses_itself_by_hand():
    # (0, 0) → (4, 4) → (4, 0) → (0, 4): two triangles. Where they meet, in (2, 2), both lines go through the pixel's centre:
    # it lies to the right of none and to the left of none, which is an even number.
    corners = np.array([[0.0, 0.0], [4.0, 4.0], [4.0, 0.0], [0.0, 4.0]])
    assert picture(within_outline(corners, (5, 5))) == ["#####", "·###·", "·····", "·###·", "#####"]


def test_what_is_run_round_twice_is_outside_by_hand():
    # The same square twice: each of its lines is passed twice. Only what lies on a corner or a line of it is inside; on a line
    # passed twice a pixel is neither left nor right of an odd number, so of the lines only the corners are left.
    square = [[1.0, 1.0], [1.0, 3.0], [3.0, 3.0], [3.0, 1.0]]
    assert picture(within_outline(np.array(square * 2), (5, 5))) == [
        "·····",
        "·#·#·",
        "·····",
        "·#·#·",
        "·····",
    ]


def test_an_outline_that_leaves_the_image_is_cut_off_by_hand():
    # Rows -2 to 2 and columns 1 to 9 of an image of 4 by 4.
    corners = np.array([[-2.0, 1.0], [-2.0, 9.0], [2.0, 9.0], [2.0, 1.0]])
    assert picture(within_outline(corners, (4, 4))) == ["·###", "·###", "·###", "····"]
    assert not within_outline(corners + 20, (4, 4)).any()
    assert not within_outline(corners - 20, (4, 4)).any()


HALVES = st.integers(-4, 44).map(lambda n: n / 2)
CLOSE_BY = st.sampled_from(
    [0.0, 1e-16, -1e-16, 5e-13, -5e-13, 1e-12, -1e-12, 1e-9, -1e-9, 1e-7, -1e-7, 1e-6, 0.5]
)
COORDINATES = (
    HALVES,
    st.integers(-1, 20).map(float),
    st.integers(0, 60).map(lambda n: n / 3),
    st.floats(-2, 22, allow_subnormal=False),
    st.tuples(st.integers(0, 20), CLOSE_BY).map(sum),
)


@st.composite
def outlines(draw, least=3):
    """Points on centres, on edges, close by, anywhere; the same ones again, on one line, across each other."""
    coordinate = draw(st.sampled_from(COORDINATES))
    points = draw(st.lists(st.tuples(coordinate, coordinate), min_size=least, max_size=14))
    if draw(st.booleans()):
        points += draw(st.lists(st.sampled_from(points), max_size=4))
    return np.array(points, dtype=np.float64)


SHAPES = st.tuples(st.integers(1, 22), st.integers(1, 22))


@settings(max_examples=600)
@given(outlines(least=1), SHAPES)
@example(np.array([[3.0, 0.0], [3.0, 9.0]]), (9, 9))
@example(np.array([[2.0, 2.0]] * 5), (9, 9))
@example(np.array([[4 - 1e-8, 0.0], [4 + 1e-8, 15.0], [9.0, 7.0]]), (20, 20))
@example(np.array([[0.0, 0.0], [np.finfo(float).tiny, 4.0]]), (1, 1))
@example(np.array([[-np.finfo(float).tiny, 0.0], [np.finfo(float).tiny, 6.0], [5.0, 3.0]]), (9, 9))
def test_the_pixels_are_those_of_asking_each_about_every_line(corners, shape):
    assert np.array_equal(within_outline(corners, shape), polygon2mask(shape, corners))


@settings(max_examples=300)
@given(st.lists(outlines(), min_size=1, max_size=3), SHAPES)
def test_the_pixels_of_several_outlines_are_those_of_asking_each_about_every_line(several, shape):
    assert np.array_equal(within_outlines(several, shape), asked_of_every_pixel(several, shape))
    assert np.array_equal(on_outlines(several, shape, REACH), near_every_line(several, shape))


@pytest.mark.parametrize("seed", range(3))
def test_a_large_outline_has_the_pixels_of_asking_each_about_every_line(seed):
    """More meetings of lines and rows than are looked at together, on an image that is not square."""
    rng = np.random.default_rng(seed)
    corners = rng.uniform(-3, 300, (400, 2))
    corners[::7] = np.rint(corners[::7])
    shape = (290, 310)
    assert np.array_equal(within_outline(corners, shape), polygon2mask(shape, corners))
    outline = corners[:, ::-1]
    assert np.array_equal(within_outlines([outline], shape), asked_of_every_pixel([outline], shape))
    assert np.array_equal(on_outlines([outline], shape, REACH), near_every_line([outline], shape))


ROUND = np.linspace(0, 2 * np.pi, 20_000, endpoint=False)


@pytest.mark.parametrize(
    "points",
    [
        np.stack([512 + 500 * np.cos(ROUND), 512 + 500 * np.sin(ROUND)], axis=1),
        np.stack([np.linspace(1, 1023, 20_000), np.arange(20_000) % 2 * 1022 + 1.0], axis=1),
    ],
    ids=["round", "up and down"],
)
def test_twenty_thousand_points_are_drawn_in_far_less_than_two_seconds(points):
    started = time.process_time()
    mask = rasterise(Polygon(tuple(map(tuple, points.tolist()))), (1024, 1024))
    assert time.process_time() - started < 1.7
    assert mask.any()


def test_the_area_of_a_round_outline_is_that_of_the_circle():
    # π · 500² = 785 398; the pixels whose centres lie within differ from it by some of the 3142 along its edge.
    points = np.stack([512 + 500 * np.cos(ROUND), 512 + 500 * np.sin(ROUND)], axis=1)
    mask = rasterise(Polygon(tuple(map(tuple, points.tolist()))), (1024, 1024))
    assert abs(int(mask.sum()) - np.pi * 500**2) < 100


def test_the_length_counts_the_longer_side_of_each_line():
    # 3 to the right and 4 down: 4; 5 up: 5; and back to the start, 3 to the left and 1 down: 3.
    assert length_px(np.array([[0.0, 0.0], [3.0, 4.0], [3.0, -1.0]])) == 4 + 5 + 3
