"""Distances on a frame of 6 × 8 pixels, whose diagonal is 10."""

import numpy as np
import pytest

from xaudit.config import MetricSpec
from xaudit.metrics import Absent, score_marked_map
from xaudit.metrics.localization import MarkedMap

MARK = np.zeros((6, 8), dtype=bool)
MARK[1:3, 1:3] = True  # centre (1.5, 1.5)
SEEN = np.ones((6, 8), dtype=bool)


def distance(metric, saliency, spacing_mm=None, mark=MARK, valid=SEEN):
    return score_marked_map(MetricSpec(name=metric), MarkedMap(saliency, mark, valid, spacing_mm))


def points(*places):
    saliency = np.zeros((6, 8))
    for row, col, value in places:
        saliency[row, col] = value
    return saliency


def test_from_the_centre_of_mass_to_the_marks_centre():
    # Three parts at (5, 1) and one at (1, 5): (4, 2), so 2.5 down and 0.5 across.
    saliency = points((5, 1, 3.0), (1, 5, 1.0), (0, 0, -9.0))
    assert distance("centroid-distance", saliency) == pytest.approx(np.hypot(2.5, 0.5) / 10)
    assert distance("centroid-distance-mm", saliency, (0.5, 2.0)) == pytest.approx(np.hypot(1.25, 1.0))


def test_from_the_peak_to_the_nearest_marked_pixel():
    # (5, 6) to (2, 2): 3 down, 4 across.
    assert distance("peak-distance", points((5, 6, 1.0))) == pytest.approx(5 / 10)
    assert distance("peak-distance-mm", points((5, 6, 1.0)), (0.5, 2.0)) == pytest.approx(np.hypot(1.5, 8.0))
    assert distance("peak-distance", points((2, 2, 1.0))) == 0.0


def test_the_nearest_pixel_in_millimetres_need_not_be_the_nearest_in_pixels():
    mark = np.zeros((6, 8), dtype=bool)
    mark[0, 3] = mark[3, 0] = True
    # From (0, 0) both are 3 pixels away; rows are 1 mm and columns 4 mm.
    assert distance("peak-distance-mm", points((0, 0, 1.0)), (1.0, 4.0), mark) == 3.0


def test_tied_peaks_are_averaged():
    # One inside (0), one at (5, 6), 5 pixels away.
    assert distance("peak-distance", points((1, 1, 1.0), (5, 6, 1.0))) == pytest.approx(0.25)


def test_without_a_spacing_there_are_no_millimetres():
    for metric in ("centroid-distance-mm", "peak-distance-mm"):
        assert distance(metric, points((0, 0, 1.0))) == Absent(
            "the image's pixel spacing is not known, so there are no millimetres"
        )


def test_what_the_model_did_not_see_has_no_centre_and_no_nearest_pixel():
    valid = SEEN.copy()
    valid[:, :2] = False  # of the mark only the column 2 is left
    saliency = points((2, 5, 1.0), (2, 0, 7.0))
    assert distance("peak-distance", saliency, valid=valid) == pytest.approx(3 / 10)
    assert distance("centroid-distance", saliency, valid=valid) == pytest.approx(np.hypot(0.5, 3) / 10)


def test_a_slow_derivation_of_both():
    rng = np.random.default_rng(3)
    for _ in range(10):
        saliency, mark = rng.integers(-2, 5, (6, 8)).astype(float), rng.random((6, 8)) < 0.2
        mark[0, 0], mark[5, 7] = True, False
        spacing = (0.7, 1.3)
        place = [(r, c) for r in range(6) for c in range(8)]
        marked = [p for p in place if mark[p]]

        def apart(one, other, spacing=spacing):
            return (
                (one[0] - other[0]) ** 2 * spacing[0] ** 2 + (one[1] - other[1]) ** 2 * spacing[1] ** 2
            ) ** 0.5

        peaks = [p for p in place if saliency[p] == saliency.max()]
        nearest = [min(apart(p, q) for q in marked) for p in peaks]
        assert distance("peak-distance-mm", saliency, spacing, mark) == pytest.approx(
            sum(nearest) / len(nearest)
        )
        mass = {p: max(0.0, saliency[p]) for p in place}
        centre = [sum(mass[p] * p[axis] for p in place) / sum(mass.values()) for axis in (0, 1)]
        of_mark = [sum(p[axis] for p in marked) / len(marked) for axis in (0, 1)]
        assert distance("centroid-distance-mm", saliency, spacing, mark) == pytest.approx(
            apart(centre, of_mark)
        )


def test_a_map_on_the_mark_is_nearer_than_noise():
    rows, cols = np.mgrid[:64, :64]
    mark = (rows - 12) ** 2 + (cols - 50) ** 2 < 36
    seen = np.ones((64, 64), dtype=bool)
    good = np.exp(-((rows - 12) ** 2 + (cols - 50) ** 2) / 50)
    noise = np.random.default_rng(0).random((64, 64))
    for metric in ("centroid-distance", "peak-distance"):
        assert distance(metric, good, mark=mark, valid=seen) < 0.05
        assert distance(metric, noise, mark=mark, valid=seen) > 0.2
