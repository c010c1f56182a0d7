"""Shapes worked by hand, and OpenCV's figures beside ours."""

import cv2
import numpy as np
import pytest
from scipy import ndimage
from skimage.draw import ellipse, polygon

from xaudit.metrics.absent import Absent
from xaudit.metrics.lesion_geometry import lesion_geometry


def theirs(mark):
    """As CheXlocalize measures: the contour of most points, OpenCV's rectangle of least area around it."""
    outlines, _ = cv2.findContours(mark.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    outline = outlines[int(np.argmax([len(one) for one in outlines]))]
    _, sides, _ = cv2.minAreaRect(outline)
    return max(sides) / min(sides), 1 - cv2.contourArea(outline) / (sides[0] * sides[1])


def blob(seed):
    field = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(80, 100)), 7)
    return field > np.quantile(field, 0.85)


@pytest.mark.parametrize("seed", range(10))
def test_elongation_and_irrectangularity_are_opencvs(seed):
    found = lesion_geometry(blob(seed))
    assert (found.elongation, found.irrectangularity) == pytest.approx(theirs(blob(seed)), abs=1e-4)


def test_a_right_triangle_leaves_half_of_its_rectangle_free():
    # Corners (0, 0), (8, 0), (0, 8). Along its legs 8 × 8, along its longest side 8√2 × 4√2: 64 both times, 32 filled.
    mark = np.tril(np.ones((9, 9), dtype=bool))[::-1]
    found = lesion_geometry(mark)
    assert found.irrectangularity == pytest.approx(0.5)
    assert found.area_share == pytest.approx(45 / 81)


def test_an_ellipse_has_its_axes_ratio_and_leaves_what_a_rectangle_has_beyond_it():
    mark = np.zeros((200, 200), dtype=bool)
    mark[ellipse(100, 100, 30, 90, rotation=0.4)] = True
    found = lesion_geometry(mark)
    assert found.elongation == pytest.approx(3, rel=0.02)
    assert found.irrectangularity == pytest.approx(1 - np.pi / 4, abs=0.02)


def test_a_box_set_askew_is_still_a_box():
    mark = np.zeros((120, 120), dtype=bool)
    mark[polygon([20, 60, 100, 60], [60, 20, 60, 100])] = True
    found = lesion_geometry(mark)
    assert found.elongation == pytest.approx(1, abs=0.03)
    assert found.irrectangularity == pytest.approx(0, abs=0.03)


def test_parts_are_counted_and_the_one_with_the_longest_border_is_measured():
    mark = np.zeros((40, 60), dtype=bool)
    mark[2:8, 2:8] = True
    mark[20:25, 10:51] = True  # 40 × 4 between the centres
    found = lesion_geometry(mark)
    assert found.n_lesions == 2
    assert found.elongation == pytest.approx(10)
    assert found.area_share == pytest.approx((36 + 205) / 2400)


def test_a_hole_changes_the_area_and_not_the_outline():
    whole = np.zeros((20, 20), dtype=bool)
    whole[2:14, 3:13] = True
    holed = whole.copy()
    holed[6:9, 6:9] = False
    one, other = lesion_geometry(whole), lesion_geometry(holed)
    assert one.elongation == other.elongation
    assert one.irrectangularity == other.irrectangularity == 0
    assert other.area_share == pytest.approx((120 - 9) / 400)


@pytest.mark.parametrize("line", [np.s_[3, 2:9], np.s_[3, 3]])
def test_a_lesion_one_pixel_thin_has_no_shape(line):
    mark = np.zeros((10, 10), dtype=bool)
    mark[line] = True
    found = lesion_geometry(mark)
    thin = Absent("the lesion is a line or a point of single pixels, so it has no width")
    assert (found.elongation, found.irrectangularity) == (thin, thin)
    assert found.n_lesions == 1


def test_nothing_marked_has_no_geometry():
    assert lesion_geometry(np.zeros((4, 4), dtype=bool)) == Absent(
        "nothing is marked, so there is no lesion to measure"
    )


def test_turning_and_mirroring_change_nothing():
    mark = blob(3)
    expected = lesion_geometry(mark)
    for other in (mark[::-1], mark[:, ::-1], mark.T):
        found = lesion_geometry(other)
        assert found.n_lesions == expected.n_lesions
        assert found.elongation == pytest.approx(expected.elongation)
        assert found.irrectangularity == pytest.approx(expected.irrectangularity)
