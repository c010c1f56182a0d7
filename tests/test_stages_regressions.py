"""Which scores are regressed on what, held to the regression itself and to lines without noise."""

import math
import random

import numpy as np
import pytest

from made_scores import key
from xaudit.records import Annotation, Box, Case, Prediction, Score, Unscored
from xaudit.stages.outcome.regressions import regressions_of
from xaudit.statistics.regression import clustered_regression
from xaudit.statistics.strata import facts_of

N = 24
SIDES = [1 + number % 6 for number in range(N)]
CANCER = [0.2 + 0.03 * ((7 * number) % N) for number in range(N)]


def known(*, spacing=(0.5, 0.5), unmarked=(), without_spacing=()):
    """24 cases of 12 patients with one square lesion each, as one model ``m`` classified them."""
    cases = [
        Case(
            f"c{i:03d}", f"p{i // 2}", "data", f"{i}.png", "0", "cancer", "test", 64, 32,
            None if i in without_spacing else spacing,
        )
        for i in range(N)
    ]  # fmt: skip
    marks = [
        Annotation(f"c{i:03d}", "r1", Box(2, 2, 2 + SIDES[i], 2 + SIDES[i]))
        for i in range(N)
        if i not in unmarked
    ]
    answers = [
        Prediction(
            f"c{i:03d}", f"p{i // 2}", "m", "test", "cancer", "cancer", "cancer", (0.0, 0.0),
            (CANCER[i], 1 - CANCER[i]), ("cancer", "normal"),
        )
        for i in range(N)
    ]  # fmt: skip
    return facts_of(cases, marks, answers)


def scored(values, explainer="lime", metric="iou", **kwargs):
    return [Score(key(i, explainer, metric, patient=f"p{i // 2}", **kwargs), v) for i, v in enumerate(values)]


def slopes(found):
    return {c.name: c.interval.estimate for c in found.coefficients}


def line(areas):
    return [0.1 + 0.05 * math.log2(area) + 0.2 * p for area, p in zip(areas, CANCER, strict=True)]


def test_a_score_that_is_a_line_in_log_area_and_confidence_gives_that_line():
    # Sides of 1 to 6 pixels of .25 mm².
    areas = [side**2 * 0.25 for side in SIDES]
    [found] = regressions_of(scored(line(areas)), known(), confidence=0.95)
    assert slopes(found) == pytest.approx({"intercept": 0.1, "log2-lesion-area": 0.05, "confidence": 0.2})
    assert (found.model_id, found.explainer_id, found.metric_id, found.reader) == (
        *("m", "lime", "iou", "union"),
    )
    assert (found.n_cases, found.n_patients, found.reason) == (24, 12, "")


def test_one_marked_case_without_spacing_makes_all_areas_shares_of_the_image():
    shares = [side**2 / (64 * 32) for side in SIDES]
    [found] = regressions_of(scored(line(shares)), known(without_spacing={5}), confidence=0.95)
    assert slopes(found) == pytest.approx({"intercept": 0.1, "log2-lesion-area": 0.05, "confidence": 0.2})


def test_limits_and_p_are_those_of_the_clustered_regression_over_patients():
    values = np.random.default_rng(0).random(N)
    [found] = regressions_of(scored(values), known(), confidence=0.9)
    expected = clustered_regression(
        values,
        {"log2-lesion-area": np.log2(np.square(SIDES) * 0.25), "confidence": np.array(CANCER)},
        [f"p{i // 2}" for i in range(N)],
        confidence=0.9,
    )
    assert found.coefficients == pytest.approx(expected)


def test_cases_without_marks_or_without_a_value_do_not_count():
    values = line([side**2 * 0.25 for side in SIDES])
    results = scored(values)
    results[3] = Unscored(results[3].key, "the map is constant")
    results[7] = Score(results[7].key, 9.0)
    [found] = regressions_of(results, known(unmarked={7}), confidence=0.95)
    assert (found.n_cases, found.n_patients) == (22, 12)
    assert slopes(found)["log2-lesion-area"] == pytest.approx(0.05)


def test_only_localization_is_regressed_and_each_group_on_its_own_in_order():
    results = [
        *scored(CANCER, "lime", "pixel-auroc"),
        *scored(CANCER, "lime", "iou", reader="r2"),
        *scored(CANCER, "lime", "iou", reader="r1"),
        *scored(CANCER, "gradcam", "iou"),
        *scored(CANCER, "lime", "pixel-flipping", family="faithfulness"),
        *scored(CANCER, "lime", "iou", model="unknown"),
    ]
    random.Random(1).shuffle(results)
    found = regressions_of(results, known(), confidence=0.95)
    assert [(r.explainer_id, r.metric_id, r.reader) for r in found] == [
        ("gradcam", "iou", "union"),
        ("lime", "iou", "r1"),
        ("lime", "iou", "r2"),
        ("lime", "pixel-auroc", "union"),
    ]
    assert slopes(found[0])["confidence"] == pytest.approx(1.0)


def test_why_there_is_no_fit_is_said():
    [found] = regressions_of(scored(CANCER[:8]), known(), confidence=0.95)
    assert (found.coefficients, found.n_patients) == ((), 4)
    assert found.reason == "4 patients: a regression takes at least 10"
