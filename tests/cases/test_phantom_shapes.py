"""Ellipses, soft edges and paint."""

import numpy as np
import pytest

from xaudit.cases.phantom.shapes import Ellipse, cover, paint, smooth_union


def _at(*points: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    xs, ys = zip(*points, strict=True)
    return np.array(xs, dtype=np.float32), np.array(ys, dtype=np.float32)


def test_the_distance_to_a_circle_is_the_radius_subtracted() -> None:
    distance = Ellipse(1, 2, 5, 5).distance(*_at((1, 12), (6, 2), (1, 4)))
    assert distance == pytest.approx([5, 0, -3], abs=1e-3)


def test_an_ellipse_turned_by_a_quarter_swaps_its_axes() -> None:
    points = _at((4, 0), (0, 10), (3, 3))
    turned = Ellipse(0, 0, 10, 4, np.pi / 2).distance(*points)
    assert turned == pytest.approx(Ellipse(0, 0, 4, 10).distance(*points), abs=1e-3)
    assert turned[:2] == pytest.approx([0, 0], abs=1e-3)


def test_cover_falls_from_one_to_nought_across_the_edge() -> None:
    distance = np.array([-3.0, -1.0, 0.0, 0.5, 1.0, 2.0], dtype=np.float32)
    assert cover(distance, 2.0).tolist() == [1, 1, 0.5, 0.25, 0, 0]


def test_paint_blends_by_its_share() -> None:
    canvas = np.array([0.0, 100.0, 100.0], dtype=np.float32)
    paint(canvas, np.array([1.0, 0.25, 0.0], dtype=np.float32), 20.0)
    assert canvas.tolist() == [20, 80, 100]


def test_a_smooth_union_is_the_nearer_shape_away_from_the_crease_and_more_in_it() -> None:
    first, second = np.array([1.0, 20.0]), np.array([1.0, 2.0])
    # In the crease |1 - 1| = 0, so 8² / (4 · 8) = 2 is added to the shape; outside of it nothing is.
    assert smooth_union(first, second, 8.0).tolist() == [-1.0, 2.0]
