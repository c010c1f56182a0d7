"""Cases on which a map, a mark or both are missing; see decision 10."""

import numpy as np
import pytest

from xaudit.catalog import METRICS
from xaudit.config import MetricSpec
from xaudit.metrics import Absent, score_marked_map
from xaudit.metrics.localization import MarkedMap, measure

SEEN = np.ones((4, 5), dtype=bool)
MARK = np.zeros((4, 5), dtype=bool)
MARK[1, 1:3] = True  # 2 of 20 pixels
NO_MARK = np.zeros((4, 5), dtype=bool)
PEAK = np.zeros((4, 5))
PEAK[3, 4] = 1.0
SLOPE = -np.arange(20.0).reshape(4, 5) - 1

PLACED = [row.id for row in METRICS if row.family == "localization"]
DISTANCES = ["centroid-distance", "centroid-distance-mm", "peak-distance", "peak-distance-mm"]
AT_CHANCE = {"pixel-auroc": 0.5, "pixel-auprc": 2 / 20}
APART = [*DISTANCES, *AT_CHANCE, "false-focus", "chexlocalize-iou", "chexlocalize-hit-rate"]

NOTHING = {
    "zero": (np.zeros((4, 5)), "the map is zero everywhere: it points nowhere"),
    "constant": (np.full((4, 5), 0.5), "the map is constant at 0.5: it points everywhere alike"),
    "not finite": (np.full((4, 5), np.nan), "the map is not finite: 100% of its values are NaN or infinite"),
    "against": (SLOPE, "no pixel of the map speaks for the target: its positive part is zero everywhere"),
}


def score(metric, saliency, mark=MARK):
    return score_marked_map(MetricSpec(name=metric), MarkedMap(saliency, mark, SEEN, (1.0, 1.0), (2.0, 2.0)))


@pytest.mark.parametrize("kind", NOTHING)
@pytest.mark.parametrize("metric", [name for name in PLACED if name not in APART])
def test_a_map_that_points_nowhere_on_a_marked_case_found_nothing(metric, kind):
    assert score(metric, NOTHING[kind][0]) == 0.0


@pytest.mark.parametrize("kind", NOTHING)
@pytest.mark.parametrize("metric", AT_CHANCE)
def test_a_map_without_an_order_ranks_at_chance(metric, kind):
    assert score(metric, NOTHING[kind][0]) == pytest.approx(AT_CHANCE[metric])


@pytest.mark.parametrize("kind", NOTHING)
@pytest.mark.parametrize("metric", DISTANCES)
def test_a_map_that_points_nowhere_is_at_no_distance(metric, kind):
    assert score(metric, NOTHING[kind][0]) == Absent(NOTHING[kind][1])


@pytest.mark.parametrize("kind", NOTHING)
def test_where_readers_and_map_found_nothing_there_is_no_false_focus(kind):
    saliency, reason = NOTHING[kind]
    assert score("false-focus", saliency, NO_MARK) == Absent(
        f"the readers found nothing, and so did the map: {reason}"
    )


def test_false_focus_is_what_the_map_points_at_where_readers_found_nothing():
    assert score("false-focus", PEAK, NO_MARK) == pytest.approx(1 / 20)
    # Otsu keeps half of uniform noise.
    noise = np.random.default_rng(0).random((100, 100))
    nowhere, seen = np.zeros((100, 100), dtype=bool), np.ones((100, 100), dtype=bool)
    spread = score_marked_map(MetricSpec(name="false-focus"), MarkedMap(noise, nowhere, seen))
    assert spread == pytest.approx(0.5, abs=0.03)


def test_false_focus_is_not_asked_of_a_marked_case():
    assert score("false-focus", PEAK) == Absent(
        "a reader marked something here; false focus is asked where they found nothing"
    )


@pytest.mark.parametrize("metric", [name for name in PLACED if name != "false-focus"])
def test_an_empty_mark_comes_before_an_empty_map(metric):
    for saliency in (PEAK, np.zeros((4, 5))):
        assert score(metric, saliency, NO_MARK) == Absent(
            "the mark is empty: the readers left no pixel to be found"
        )


@pytest.mark.parametrize("metric", [name for name in PLACED if name != "false-focus"])
def test_every_metric_of_the_catalog_has_a_value_for_a_map_on_a_mark(metric):
    assert isinstance(score(metric, PEAK + MARK), float)


def test_a_program_that_asks_a_map_for_what_is_not_there_is_told():
    marked = MarkedMap(np.zeros((4, 5)), NO_MARK, SEEN)
    with pytest.raises(ValueError, match="not there: the map is zero everywhere"):
        _ = marked.values
    with pytest.raises(ValueError, match="not there: the mark is empty"):
        _ = marked.inside


def test_a_metric_that_is_in_no_table_is_a_mistake_in_the_program():
    with pytest.raises(ValueError, match="'pixel-flipping' is not a metric of the family localization"):
        measure(MetricSpec(name="pixel-flipping"), MarkedMap(PEAK, MARK, SEEN))
