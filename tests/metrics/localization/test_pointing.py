import numpy as np
import pytest

from xaudit.config import MetricSpec
from xaudit.metrics import Absent, score_localization, score_marked_map
from xaudit.metrics.localization import MarkedMap

ALL = np.ones((9, 9), dtype=bool)
MARK = np.zeros((9, 9), dtype=bool)
MARK[4, 4] = True


def peak_at(*places):
    saliency = np.zeros((9, 9))
    for row, col in places:
        saliency[row, col] = 1.0
    return saliency


def pointing(saliency, cell_px=None, **tolerance):
    spec = MetricSpec.model_validate({"name": "pointing-game", **tolerance})
    return score_marked_map(spec, MarkedMap(saliency, MARK, ALL, cell_px=cell_px))


def test_a_tolerance_in_pixels_is_a_disc_around_the_mark():
    # (4, 6) is 2 away, (6, 6) is √8 = 2.83 away.
    assert pointing(peak_at((4, 6))) == 0.0
    assert pointing(peak_at((4, 6)), tolerance_px=1.9) == 0.0
    assert pointing(peak_at((4, 6)), tolerance_px=2) == 1.0
    assert pointing(peak_at((6, 6)), tolerance_px=2) == 0.0
    assert pointing(peak_at((6, 6)), tolerance_px=2.9) == 1.0


def test_tied_maxima_count_in_part_within_the_tolerance_too():
    assert pointing(peak_at((4, 6), (0, 0)), tolerance_px=2) == 0.5


def test_a_tolerance_in_cells_follows_the_cells_shape():
    # Half a cell of 8 × 4 pixels: 4 down, 2 across.
    assert pointing(peak_at((8, 4)), cell_px=(8.0, 4.0), tolerance_cells=0.5) == 1.0
    assert pointing(peak_at((4, 6)), cell_px=(8.0, 4.0), tolerance_cells=0.5) == 1.0
    assert pointing(peak_at((4, 7)), cell_px=(8.0, 4.0), tolerance_cells=0.5) == 0.0


def test_cells_are_absent_where_a_map_has_none():
    assert pointing(peak_at((4, 4)), tolerance_cells=0.5) == Absent(
        "this map has no native grid, so there is no cell to measure a tolerance in"
    )


def test_a_tolerance_never_lowers_a_score():
    rng = np.random.default_rng(0)
    for _ in range(20):
        saliency = rng.integers(0, 4, (9, 9)).astype(float)
        scores = [pointing(saliency, tolerance_px=px) for px in (0, 1, 2, 4, 12)]
        assert scores == sorted(scores)
        assert scores[-1] == 1.0


def test_without_a_tolerance_it_is_the_plain_game():
    saliency = np.random.default_rng(1).random((9, 9))
    plain = score_localization(MetricSpec(name="pointing-game"), saliency, MARK, ALL)
    assert pointing(saliency) == plain


def test_a_negative_tolerance_is_refused():
    with pytest.raises(ValueError, match="tolerance_px: expected a number at least 0, got -1"):
        MetricSpec.model_validate({"name": "pointing-game", "tolerance_px": -1})
