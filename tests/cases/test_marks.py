"""A region must lie inside the image and have an area before it is taken."""

import math

import pytest
from case_files import refused

from xaudit.cases.marks.mark import checked_box, checked_ellipse, checked_polygon
from xaudit.errors import DataError
from xaudit.records import Box

FRAME = (40, 60)


@pytest.mark.parametrize(
    "points",
    [((10, 5), (20, 5), (15, 5)), ((10, 5), (10, 9), (10, 7)), ((10, 5), (10, 5), (10, 5))],
    ids=["flat", "upright", "a point"],
)
def test_an_outline_without_width_or_without_height_has_no_area(points):
    with pytest.raises(DataError, match=r"(?m)^here: the outline from .* has no area$"):
        checked_polygon("here", points, FRAME)


def test_an_outline_of_two_points_is_none_and_of_three_is_one():
    with refused("here: an outline of 2 points", "an outline needs at least three"):
        checked_polygon("here", ((1, 1), (5, 5)), FRAME)
    points = ((1, 1), (5, 1), (5, 5))
    assert checked_polygon("here", points, FRAME).points == points


@pytest.mark.parametrize("corners", [(10, 5, 10, 9), (10, 5, 12, 5), (12, 5, 10, 9), (10, 9, 12, 5)])
def test_a_box_without_width_or_height_is_refused(corners):
    with pytest.raises(DataError, match=r"^here: "):
        checked_box("here", corners, FRAME)


@pytest.mark.parametrize("place", range(4))
def test_half_a_pixel_beyond_the_edge_is_cut_off_and_more_is_refused(place):
    within = [0.0, 0.0, 60.0, 40.0]
    sign = -1 if place < 2 else 1
    corners = list(within)
    corners[place] += sign * 0.5
    assert checked_box("here", tuple(corners), FRAME) == Box(*within)
    corners[place] += sign * 0.01
    with pytest.raises(DataError, match=r"(?m)leaves the image of 60 × 40$"):
        checked_box("here", tuple(corners), FRAME)


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_corner_that_is_no_number_is_refused(place, value):
    corners = [1.0, 1.0, 5.0, 5.0]
    corners[place] = value
    with pytest.raises(DataError, match=r"(?m)^here: .*is not finite$"):
        checked_box("here", tuple(corners), FRAME)


@pytest.mark.parametrize("radii", [(0, 3), (3, 0), (-1, 3), (3, -1)])
def test_an_ellipse_needs_both_radii(radii):
    with pytest.raises(DataError, match=r"^here: "):
        checked_ellipse("here", (20, 20), radii, FRAME)
