"""Their definitions, held to OpenCV, PIL and torch used as their code uses them."""

import cv2
import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from scipy import ndimage

from xaudit.config import MetricSpec
from xaudit.geometry import fit_geometry, map_to_original
from xaudit.metrics import Absent, score_localization
from xaudit.metrics.localization.chexlocalize import hit, segmentation, segmentation_iou


def their_segmentation(saliency):
    """Otsu on 8 bits, then every outline of more than one point drawn as a filled polygon."""
    scaled = saliency - saliency.min()
    levels = np.uint8(255 * (scaled / scaled.max()))
    above = cv2.threshold(levels, 0, int(levels.max()), cv2.THRESH_OTSU)[1]
    outlines, _ = cv2.findContours(above, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    picture = Image.new("1", levels.shape[::-1])
    for outline in outlines:
        if len(outline) > 1:
            corners = [(int(point[0][0]), int(point[0][1])) for point in outline]
            ImageDraw.Draw(picture).polygon(corners, outline=1, fill=1)
    return np.array(picture, dtype=bool)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("width", [1.0, 3.0, 8.0])
def test_the_segmentation_is_theirs(seed, width):
    saliency = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(70, 90)), width)
    ours, theirs = segmentation(saliency), their_segmentation(saliency)
    np.testing.assert_array_equal(ours, theirs)


def test_a_hole_is_filled_and_a_single_pixel_dropped():
    saliency = np.zeros((9, 12))
    saliency[1:6, 1:6] = 1.0
    saliency[3, 3] = 0.0
    saliency[7, 10] = 1.0
    expected = np.zeros((9, 12), dtype=bool)
    expected[1:6, 1:6] = True
    np.testing.assert_array_equal(segmentation(saliency), expected)
    np.testing.assert_array_equal(their_segmentation(saliency), expected)


def test_iou_and_hit_worked_by_hand():
    saliency = np.zeros((6, 6))
    saliency[1:3, 1:4] = 1.0  # 6 pixels
    mark = np.zeros((6, 6), dtype=bool)
    mark[2:4, 1:4] = True  # 6 pixels, 3 shared
    assert segmentation_iou(saliency, mark) == pytest.approx(3 / 9)
    # The first maximum is (1, 1), which is not marked although half of the maxima are.
    assert hit(saliency, mark) == 0.0
    seen = np.ones((6, 6), dtype=bool)
    assert score_localization(MetricSpec(name="pointing-game"), saliency, mark, seen) == 0.5
    assert score_localization(MetricSpec(name="chexlocalize-hit-rate"), saliency, mark, seen) == 0.0


def test_negative_values_stretch_their_scale_and_not_ours():
    # -9 is the darkest level for them, so 0 counts among the bright; here the positive part is cut on its own.
    saliency = np.array([[-9.0, -9.0, -9.0, 0.0, 0.0, 3.0]] * 2)
    mark = np.zeros((2, 6), dtype=bool)
    mark[:, 5] = True
    seen = np.ones((2, 6), dtype=bool)
    assert score_localization(MetricSpec(name="chexlocalize-iou"), saliency, mark, seen) == pytest.approx(
        2 / 6
    )
    assert score_localization(MetricSpec(name="iou"), saliency, mark, seen) == 1.0


def test_a_map_that_points_nowhere_is_left_out_of_their_iou_and_hits_the_first_pixel():
    seen, mark = np.ones((3, 3), dtype=bool), np.zeros((3, 3), dtype=bool)
    mark[0, 0] = True
    for nothing in (np.zeros((3, 3)), np.full((3, 3), np.nan)):
        found = score_localization(MetricSpec(name="chexlocalize-iou"), nothing, mark, seen)
        assert found == Absent(
            "CheXlocalize's segmentation of this map is empty, and its tables leave such cases out"
        )
        assert score_localization(MetricSpec(name="chexlocalize-hit-rate"), nothing, mark, seen) == 1.0


@pytest.mark.parametrize("frame", [(64, 64), (90, 70), (237, 301)])
def test_the_resize_before_is_theirs(frame):
    values = np.random.default_rng(0).random((32, 32)).astype(np.float32)
    carried, valid = map_to_original(values, fit_geometry(frame, (32, 32)))
    theirs = torch.nn.functional.interpolate(
        torch.from_numpy(values)[None, None], size=frame, mode="bilinear", align_corners=False
    )
    np.testing.assert_allclose(carried, theirs[0, 0].numpy(), atol=1e-5)
    assert valid.all()


@pytest.mark.parametrize("side", [7, 10, 14, 32])
def test_iou_and_hit_of_a_small_map_are_theirs_to_a_millionth(side):
    """From the map's grid to the image as their code goes: torch's resize, scaling and uint8 in single precision."""
    rng = np.random.default_rng(side)
    frame = (320, 390)
    for _ in range(3):
        values = ndimage.gaussian_filter(rng.normal(size=(side, side)), side / 10).astype(np.float32)
        mark = np.zeros(frame, dtype=bool)
        y, x = rng.integers(0, 250, size=2)
        mark[y : y + 60, x : x + 90] = True
        large = torch.nn.functional.interpolate(
            torch.from_numpy(values)[None, None], size=frame, mode="bilinear", align_corners=False
        )[0, 0]
        theirs = their_segmentation(((large - large.min()) / (large - large.min()).max()).numpy())
        ours, _ = map_to_original(values, fit_geometry(frame, (side, side)))
        iou = np.count_nonzero(theirs & mark) / np.count_nonzero(theirs | mark)
        assert segmentation_iou(ours, mark) == pytest.approx(iou, abs=1e-6)
        assert hit(ours, mark) == float(mark.reshape(-1)[int(np.argmax(large.numpy()))])
