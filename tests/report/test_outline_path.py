"""Outlines as SVG paths: along the pixels' edges, and the same area as the mask."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xaudit.geometry import mask_region
from xaudit.records import Box, Polygon
from xaudit.report.pictures.outline_path import mask_path, outline_path


def filled(path, shape):
    """The mask of a path's inside by the even-odd rule: the crossings to the left of each pixel's centre."""
    inside = np.zeros(shape, dtype=bool)
    for loop in re.findall(r"M[^Z]*Z", path):
        x, y = map(float, re.match(r"M(\S+) ([^HV]+)", loop).groups())
        first = (x, y)
        steps = [*re.findall(r"([HV])([\d.]+)", loop), ("H", first[0]), ("V", first[1])]
        for kind, to in steps:
            to = float(to)
            if kind == "V":
                low, high = sorted((int(y), int(to)))
                inside[low:high, int(x) :] ^= True
                y = to
            else:
                x = to
    return inside


@given(arrays(bool, st.tuples(st.integers(1, 7), st.integers(1, 7))))
def test_the_inside_of_a_masks_outline_is_the_mask(mask):
    assert np.array_equal(filled(mask_path(mask), mask.shape), mask)


def test_areas_that_touch_in_a_corner_have_outlines_of_their_own():
    assert mask_path(np.eye(2, dtype=bool)) == "M0 0H1V1H0ZM1 1H2V2H1Z"


def test_a_hole_has_an_outline():
    mask = np.ones((3, 3), dtype=bool)
    mask[1, 1] = False
    assert mask_path(mask) == "M0 0H3V3H0ZM1 1V2H2V1Z"


def test_a_mask_without_a_pixel_has_no_outline():
    assert outline_path(mask_region(np.zeros((3, 4), dtype=bool))) == ""


def test_boxes_and_polygons_stay_where_the_reader_drew_them():
    assert outline_path(Box(0.25, 1, 2.5, 3)) == "M0.25 1H2.5V3H0.25Z"
    assert outline_path(Polygon(((0, 0), (4.125, 0), (2, 3)))) == "M0 0L4.12 0L2 3Z"


def test_a_large_mask_is_shrunk_and_its_outline_still_in_pixels_of_the_image():
    mask = np.zeros((1024, 2048), dtype=bool)
    mask[256:512, 400:1200] = True
    assert outline_path(mask_region(mask)) == "M400 256H1200V512H400Z"


@pytest.mark.parametrize("value", [12345.678, 1234.56])
def test_a_coordinate_keeps_what_a_screen_can_show(value):
    [x] = re.findall(r"M(\S+) 0H", outline_path(Box(value, 0, value + 1, 1)))
    assert abs(float(x) - value) < 0.05
