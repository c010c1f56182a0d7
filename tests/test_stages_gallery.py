"""Which cases the gallery shows, what its pictures are, and what right answers rest on."""

import io

import numpy as np
import pytest
from PIL import Image

from xaudit.records import CategorisedMap, MapFacts, Score, ScoreKey
from xaudit.stages.outcome.reasons import ReasonCount, reason_counts
from xaudit.stages.views.gallery_choice import case_values, confusion_cells, gallery_cases, ranking_metric
from xaudit.stages.views.gallery_view import MAP_SIDE, SmallMap, gallery_maps, shrunk
from xaudit.stages.views.previews import LONGEST_SIDE, preview


def score(case, explainer, metric, value, reader="union"):
    return Score(
        ScoreKey(case, None, reader, "m", explainer, "", "sick", True, metric, "", "localization"), value
    )


def sorted_map(case, explainer="lime", *, said="sick", category="good", wrong=False):
    facts = MapFacts(case, None, "m", explainer, "", "sick", "sick", said)
    return CategorisedMap(facts, category, "TP" if said == "sick" else "FN", wrong)


def test_all_cases_are_shown_worst_first_where_there_is_room_and_those_without_a_value_last():
    cells = dict.fromkeys("abcd", "TP")
    assert gallery_cases(cells, {"a": 0.9, "c": 0.1, "d": 0.5}, n=4) == ("c", "d", "a", "b")


def test_half_of_the_places_go_to_the_worst_and_a_quarter_each_to_median_and_best():
    # 100 cases, 20 places: 2 for the only cell, of 18 left 4 best, 4 median (14 // 3), 10 worst.
    cells = {f"{i:02d}": "TP" for i in range(100)}
    shown = gallery_cases(cells, {name: float(name) for name in cells}, n=20)
    assert len(shown) == 20
    assert [int(name) for name in shown[:12]] == list(range(12))
    assert [int(name) for name in shown[-4:]] == [96, 97, 98, 99]
    assert all(40 <= int(name) <= 60 for name in shown[12:16])


def test_no_confusion_cell_is_left_out_however_good_its_cases_are():
    cells = {f"{i:03d}": "FN" if i == 170 else "TP" for i in range(200)}
    assert "170" in gallery_cases(cells, {name: float(name) for name in cells}, n=20)


@pytest.mark.parametrize("n", range(12))
def test_never_more_cases_than_places_and_none_twice(n):
    cells = {f"{i:02d}": ("TP", "FN", "FP")[i % 3] for i in range(10)}
    shown = gallery_cases(cells, {name: float(name) for name in cells}, n=n)
    assert len(shown) == min(n, 10)
    assert list(shown) == sorted(set(shown))


def test_cases_are_ranked_by_the_first_metric_that_is_there_and_lower_is_better_is_turned():
    scores = [score("a", "lime", "pixel-flipping", 0.2), score("b", "lime", "pixel-flipping", 0.7)]
    assert ranking_metric(scores, ["lime"]) == "pixel-flipping"
    assert ranking_metric(scores, ["gradcam"]) is None
    values = case_values(scores, model_id="m", explainers=["lime"], metric_id="pixel-flipping")
    assert values == {"a": -0.2, "b": -0.7}


def test_a_cases_value_is_the_mean_over_explainers_and_readers_without_controls():
    scores = [
        score("a", "lime", "iou", 0.2, "r1"),
        score("a", "lime", "iou", 0.4, "r2"),
        score("a", "gradcam", "iou", 0.9),
        score("a", "random", "iou", 0.0),
    ]
    values = case_values(scores, model_id="m", explainers=["lime", "gradcam"], metric_id="iou")
    assert values == {"a": pytest.approx(0.5)}


def test_a_view_has_every_explainer_with_what_is_known_of_its_map():
    maps = gallery_maps(
        ["lime", "gradcam"],
        {"lime": SmallMap((4, 4), np.ones((4, 4)))},
        {"lime": sorted_map("a", category="miss_same_lung", wrong=True)},
        [
            score("a", "lime", "iou", 0.2, "r1"),
            score("a", "lime", "iou", 0.4, "r2"),
            score("a", "lime", "mass-mark", 1),
        ],
    )
    assert maps["lime"].category == "miss_same_lung"
    assert maps["lime"].wrong_reason
    assert maps["lime"].scores == {"iou": pytest.approx(0.3)}
    assert maps["gradcam"].values is None
    assert maps["gradcam"].scores == {}


def test_a_large_map_is_averaged_down_and_keeps_its_mean():
    values = np.arange(128 * 128, dtype=np.float32).reshape(128, 128)
    small = shrunk(values)
    assert small.shape == (MAP_SIDE, MAP_SIDE)
    assert small[0, 0] == pytest.approx(np.mean([0, 1, 128, 129]))
    assert small.mean() == pytest.approx(values.mean())


def test_a_picture_of_a_small_image_is_that_image():
    pixels = np.linspace(0, 1, 12 * 8, dtype=np.float32).reshape(12, 8)
    one = preview("a", pixels)
    assert (one.height, one.width) == (12, 8)
    kept = np.asarray(Image.open(io.BytesIO(one.webp)).convert("L"))
    assert np.array_equal(kept, np.rint(pixels * 255).astype(np.uint8))


def test_a_picture_of_a_large_colour_image_is_small_and_grey():
    pixels = np.zeros((640, 1280, 3), dtype=np.float32)
    pixels[..., 1] = 1.0
    assert (preview("a", pixels).height, preview("a", pixels).width) == (LONGEST_SIDE // 2, LONGEST_SIDE)
    one = preview("a", pixels, longest=320)
    assert (one.height, one.width) == (160, 320)
    kept = np.asarray(Image.open(io.BytesIO(one.webp)).convert("L"))
    # Green alone has the luma .587: 149.7 of 255.
    assert np.unique(kept).tolist() == [150]


def test_right_answers_are_told_apart_by_what_their_maps_show():
    maps = [
        sorted_map("a"),
        sorted_map("b", category="miss_same_lung", wrong=True),
        sorted_map("c", category="diffuse"),
        sorted_map("d", category="diffuse", wrong=True),
        sorted_map("e", category="no_map"),
        sorted_map("f", said="well", category="good"),
        sorted_map("unmarked", category="unmarked"),
    ]
    [found] = reason_counts(maps, marked=set("abcdef"))
    assert found == ReasonCount(
        "m", "lime", n_right_reason=1, n_wrong_reason=2, n_no_reason=2, n_wrong_answer=1
    )
    assert found.n_maps == 6


def test_the_confusion_cell_of_each_case_is_that_of_its_maps():
    maps = [sorted_map("a"), sorted_map("a", "gradcam"), sorted_map("b", said="well")]
    assert confusion_cells(maps, "m") == {"a": "TP", "b": "FN"}
    assert confusion_cells(maps, "other") == {}


def test_cases_of_deciding_patients_have_half_of_the_gallery_at_most():
    cells = {f"c{number}": "TP" for number in range(20)}
    values = {name: float(name[1:]) for name in cells}
    chosen = gallery_cases(cells, values, n=4, deciding={"c10", "c12", "c14"})
    assert {"c10", "c12"} < set(chosen)
    assert "c14" not in chosen
    assert len(chosen) == 4
