"""Reliance on regions under each in-fill alone, worked by hand."""

from dataclasses import replace

import pytest

from xaudit.config import StatisticsSection
from xaudit.records import Reliance, Score, ScoreKey, Unscored
from xaudit.stages.outcome.dependence.by_infill import reliance_by_infill

FALLS = {"blur": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6), "noise": (0.0, 0.0, 0.0, 0.0, 0.0, 0.06)}


def row(case, infill, beyond, *, region="mark", model="net", patient=None):
    return Reliance(
        case,
        patient or f"p{case}",
        model,
        "cancer",
        True,
        region,
        infill,
        0.1,
        0.9,
        beyond,
        0.0,
        0.0,
        0.0,
        beyond,
        0.0,
    )


def score(case, *, region="mark", model="net", has_value=True):
    key = ScoreKey(
        case_id=case, patient_id=f"p{case}", reader="union", model_id=model, explainer_id="-", explainer_hash="",
        target="cancer", correct=True, metric_id=f"reliance-{region}", metric_hash="", family="reliance",
    )  # fmt: skip
    return Score(key, 0.1) if has_value else Unscored(key, "no mark")


def effects(rows, scores):
    return reliance_by_infill(rows, scores, settings=StatisticsSection(replicates=200), seed=0)


def test_each_infill_has_its_own_mean_over_the_scored_cases():
    rows = [row(str(i), infill, fall) for infill, falls in FALLS.items() for i, fall in enumerate(falls)]
    rows.append(row("other", "blur", 1.0))  # asked about, but not scored
    blur, noise = effects(rows, [score(str(i)) for i in range(6)] + [score("other", has_value=False)])
    assert (blur.model_id, blur.region, blur.infill, blur.n_patients) == ("net", "mark", "blur", 6)
    assert blur.effect.estimate == pytest.approx(0.35)
    assert 0.05 < blur.effect.low < 0.35
    assert noise.infill == "noise"
    assert noise.effect.estimate == pytest.approx(0.01)
    assert noise.effect.low < 0.02


def test_patients_weigh_as_in_every_other_summary():
    # Two cases of patient a and one each of four others; known patients are the clusters, unknown ones the cases.
    falls = [0.6, 0.0, 0.1, 0.1, 0.1, 0.1]
    patients = ["a", "a", "b", "c", "d", "e"]
    rows = [
        row(str(i), infill, fall, patient=patients[i]) for infill in FALLS for i, fall in enumerate(falls)
    ]
    scores = [score(str(i)) for i in range(6)]
    assert [one.n_patients for one in effects(rows, scores)] == [5, 5]
    assert [one.n_patients for one in effects([replace(one, patient_id=None) for one in rows], scores)] == [6, 6]


def test_the_share_of_odd_images_is_that_beyond_the_99th_percentile():
    percentiles = (100.0, 99.0, 99.5, 50.0, None, 0.0)
    rows = [replace(row(str(i), "blur", 0.1), percentile=value) for i, value in enumerate(percentiles)]
    (effect,) = effects(rows, [score(str(i)) for i in range(6)])
    # 100 and 99.5 of the five that were measured.
    assert effect.odd == pytest.approx(2 / 5)
    (unknown,) = effects([row(str(i), "blur", 0.1) for i in range(6)], [score(str(i)) for i in range(6)])
    assert unknown.odd is None
