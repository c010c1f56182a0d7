"""CheXlocalize's regressions on six cases whose lesions are known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from xaudit.metrics.absent import Absent
from xaudit.metrics.lesion_geometry import LesionGeometry
from xaudit.records import Prediction, Score, ScoreKey, Unscored
from xaudit.stages.outcome.published_regressions import FEATURES, MarkedResults, pooled, published_regressions

CASES = "abcdef"
AREAS = dict(zip(CASES, (0.02, 0.04, 0.06, 0.08, 0.10, 0.22), strict=True))
IOUS = dict(zip(CASES, (0.1, 0.3, 0.2, 0.5, 0.4, None), strict=True))
HITS = dict(zip(CASES, (0.0, 1.0, 0.0, 1.0, 1.0, 1.0), strict=True))
SURE = dict(zip(CASES, (0.5, 0.6, 0.7, 0.9, 0.8, 0.2), strict=True))


def key(case, metric, explainer="gradcam"):
    return ScoreKey(case, f"p{case}", "union", "m", explainer, "", "sick", True, metric, "", "localization")


def score(case, metric, value, explainer="gradcam"):
    about = key(case, metric, explainer)
    return Unscored(about, "empty") if value is None else Score(about, value)


SCORES = [
    *(score(case, "theirs", value) for case, value in IOUS.items()),
    *(score(case, "chexlocalize-hit-rate", value) for case, value in HITS.items()),
    *(score(case, "iou", 0.5) for case in CASES),
    *(score(case, "chexlocalize-hit-rate", 0.5, "random") for case in CASES),
]
PREDICTIONS = [
    Prediction(case, None, "m", "test", "sick", "sick", "sick", (0.0, 0.0), (p, 1 - p), ("sick", "well"))
    for case, p in SURE.items()
]
GEOMETRIES = {
    case: LesionGeometry(1, area, Absent("a line") if case == "a" else 1 + 10 * area, 0.5)
    for case, area in AREAS.items()
}


def found(scores=SCORES):
    lines = published_regressions(
        MarkedResults(scores, GEOMETRIES, PREDICTIONS),
        metric_names={"theirs": "chexlocalize-iou"},
        controls=["random"],
    )
    return {(one.metric_id, one.feature): one for one in lines}


def test_each_metric_has_a_line_for_each_feature_and_for_the_confidence():
    lines = found()
    metrics = ("theirs", "chexlocalize-hit-rate")
    assert set(lines) == {(metric, one) for metric in metrics for one in (*FEATURES, "confidence")}
    assert {(one.protocol, one.explainer_id) for one in lines.values()} == {("chexlocalize", "gradcam")}


def test_areas_are_scaled_over_all_marked_cases_and_the_case_without_iou_is_left_out_of_the_line():
    """Case f, which has no IoU, is the largest: the others reach (.10 - .02) / (.22 - .02) = .4."""
    line = found()["theirs", "area-share"]
    x = [(AREAS[case] - 0.02) / 0.2 for case in "abcde"]
    theirs = stats.linregress(x, [IOUS[case] for case in "abcde"])
    slope = next(one for one in line.coefficients if one.name == "area-share")
    assert slope.interval.estimate == pytest.approx(theirs.slope)
    assert slope.p_value == pytest.approx(min(1, 4 * theirs.pvalue))
    assert (line.n_cases, line.n_patients) == (5, 5)
    assert found()["chexlocalize-hit-rate", "area-share"].n_cases == 6


def test_confidence_is_not_scaled_its_p_counts_once_and_hits_without_an_iou_do_not_count():
    line = found()["chexlocalize-hit-rate", "confidence"]
    theirs = stats.linregress([SURE[case] for case in "abcde"], [HITS[case] for case in "abcde"])
    slope = next(one for one in line.coefficients if one.name == "confidence")
    assert slope.interval.estimate == pytest.approx(theirs.slope)
    assert slope.p_value == pytest.approx(theirs.pvalue)
    assert line.n_cases == 5


def test_a_lesion_without_shape_and_a_feature_without_spread_are_told():
    lines = found()
    assert lines["chexlocalize-hit-rate", "elongation"].n_cases == 5
    assert lines["theirs", "elongation"].reason == "4 cases: this regression takes at least 5"
    assert lines["theirs", "n-lesions"].reason == "n-lesions is the same on all cases"
    assert lines["theirs", "n-lesions"].coefficients == ()


def test_the_order_of_the_scores_changes_nothing():
    other = [SCORES[place] for place in np.random.default_rng(0).permutation(len(SCORES))]
    assert found(other) == found()


def of_finding(name, cases, shift):
    """One finding of a network: some of the cases, each score raised by ``shift``."""
    return MarkedResults(
        [replace(one, key=replace(one.key, model_id=name), value=one.value + shift) if isinstance(one, Score)
         else replace(one, key=replace(one.key, model_id=name))
         for one in SCORES if one.key.case_id in cases],
        {case: GEOMETRIES[case] for case in cases},
        [replace(one, model_id=name) for one in PREDICTIONS if one.case_id in cases],
    )  # fmt: skip


def test_findings_of_one_network_are_pooled_into_one_line():
    """Three images each, too few for a line; b stands for both findings and counts twice, its patient once."""
    findings = {"oedema": of_finding("oedema", "abc", 0.0), "nodule": of_finding("nodule", "bde", 0.1)}
    for own in findings.values():
        [line] = [
            one
            for one in published_regressions(
                own, metric_names={"theirs": "chexlocalize-iou"}, controls=["random"]
            )
            if (one.metric_id, one.feature) == ("theirs", "area-share")
        ]
        assert line.reason == "3 cases: this regression takes at least 5"
    lines = published_regressions(
        pooled("net", findings), metric_names={"theirs": "chexlocalize-iou"}, controls=["random"]
    )
    [line] = [one for one in lines if (one.metric_id, one.feature) == ("theirs", "area-share")]
    # Scaled over all of them: from .02 (a) to .10 (e).
    x = [(AREAS[case] - 0.02) / 0.08 for case in "abcbde"]
    y = [IOUS[case] + shift for case, shift in zip("abcbde", (0, 0, 0, 0.1, 0.1, 0.1), strict=True)]
    theirs = stats.linregress(x, y)
    slope = next(one for one in line.coefficients if one.name == "area-share")
    assert slope.interval.estimate == pytest.approx(theirs.slope)
    assert slope.p_value == pytest.approx(min(1, 4 * theirs.pvalue))
    assert (line.model_id, line.n_cases, line.n_patients) == ("net", 6, 5)
