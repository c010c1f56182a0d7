import random
import time

import numpy as np
import pytest

from made_scores import CONTROLS, key, mixed_scores, scores
from xaudit.catalog import METRICS
from xaudit.config import StatisticsSection
from xaudit.records import MODEL_LEVEL, Interval, Score, Unscored
from xaudit.summarise import summarise


def summarised(results, *, controls=CONTROLS, patients_known=True, replicates=300, **kwargs):
    return summarise(
        results,
        controls=controls,
        patients_known=patients_known,
        settings=StatisticsSection(replicates=replicates),
        seed=0,
        **kwargs,
    )


def test_a_summary_counts_cases_patients_and_what_has_no_value():
    # Patients a (0.2, 0.4), b (0.6), and a third case of b without a value.
    results = [
        Score(key(1, "gradcam", patient="a"), 0.2),
        Score(key(2, "gradcam", patient="a"), 0.4),
        Score(key(3, "gradcam", patient="b"), 0.6),
        Unscored(key(4, "gradcam", patient="b"), "the map is constant"),
    ]
    (found,) = summarised(results)
    assert found.interval == Interval(pytest.approx(0.4), None, None, "none")
    assert (found.n_cases, found.n_patients, found.n_unscored, found.cluster) == (3, 2, 1, "patient")
    assert (found.control_id, found.control_difference) == (None, None)


def test_without_patient_ids_each_case_is_its_own_cluster():
    results = [Score(key(i, "gradcam", patient=None), i / 10) for i in range(6)]
    (found,) = summarised(results, patients_known=False)
    assert (found.n_patients, found.cluster, found.interval.method) == (6, "case", "bca")


def test_a_group_without_a_single_value_has_no_summary():
    results = [Unscored(key(1, "gradcam"), "the map is constant"), *scores("lime", [0.5])]
    assert [summary.explainer_id for summary in summarised(results)] == ["lime"]


def test_an_explainer_stands_beside_the_best_control_paired_by_case():
    # Means: random .2, centre .3, edges .1. Each gradcam value is .4 above centre's.
    centre = [0.1, 0.2, 0.3, 0.4, 0.5]
    results = [
        *scores("gradcam", [value + 0.4 for value in centre]),
        *scores("random", [0.2] * 5),
        *scores("centre", centre),
        *scores("edges", [0.1] * 5),
    ]
    found = {summary.explainer_id: summary for summary in summarised(results)}
    assert found["gradcam"].control_id == "centre"
    difference = found["gradcam"].control_difference
    assert [difference.estimate, difference.low, difference.high] == pytest.approx([0.4] * 3)
    assert {found[name].control_id for name in CONTROLS} == {None}


def test_for_a_metric_where_lower_is_better_the_best_control_is_the_lowest():
    results = [
        *scores("gradcam", [0.3] * 6, "pixel-flipping", reader="-", family="faithfulness"),
        *scores("random", [0.7] * 6, "pixel-flipping", reader="-", family="faithfulness"),
        *scores("centre", [0.5] * 6, "pixel-flipping", reader="-", family="faithfulness"),
    ]
    found = {summary.explainer_id: summary for summary in summarised(results)}
    assert found["gradcam"].control_id == "centre"
    assert found["gradcam"].control_difference.estimate == pytest.approx(-0.2)


def test_the_difference_uses_only_cases_that_both_have():
    # gradcam .9 on cases 0 to 6; random .1 on cases 2 to 8; common 2 to 6: a difference of .8 on 5 patients.
    results = [
        *[Score(key(i, "gradcam"), 0.9 if i >= 2 else 0.0) for i in range(7)],
        *[Score(key(i, "random"), 0.1 if i <= 6 else 0.0) for i in range(2, 9)],
    ]
    gradcam, _ = summarised(results)
    assert gradcam.control_difference.estimate == pytest.approx(0.8)
    assert gradcam.control_difference.low == pytest.approx(0.8)


def test_a_control_without_a_common_case_gives_no_difference():
    results = [Score(key(1, "gradcam"), 0.9), Score(key(2, "random"), 0.1)]
    gradcam, _ = summarised(results)
    assert (gradcam.control_id, gradcam.control_difference) == ("random", None)


def test_a_metric_without_a_direction_has_no_best_control():
    results = [
        *scores("gradcam", [0.3] * 6, "mass-border", family="regions"),
        *scores("random", [0.7] * 6, "mass-border", family="regions"),
    ]
    assert {summary.control_id for summary in summarised(results)} == {None}


def test_a_question_to_the_model_stands_alone():
    results = scores(MODEL_LEVEL, [0.5] * 6, "reliance-mark", reader="-", family="reliance")
    (found,) = summarised(results)
    assert (found.explainer_id, found.family, found.control_id) == ("-", "reliance", None)
    # Reliance goes from -1 to 1: no share, so equal values have no Wilson interval.
    assert (found.interval.low, found.interval.method) == (0.5, "percentile")


def test_a_pointing_game_that_always_hits_keeps_a_width():
    # 10 patients: 10 / (10 + 1.96²) = .7225.
    (found,) = summarised(scores("gradcam", [1.0] * 10, "pointing-game"))
    assert (round(found.interval.low, 4), found.interval.high, found.interval.method) == (
        0.7225,
        1.0,
        "wilson",
    )


def test_each_reader_has_a_summary():
    results = [
        *scores("gradcam", [0.1] * 5, reader="r2"),
        *scores("gradcam", [0.5] * 5, reader="r1"),
    ]
    found = summarised(results)
    assert [(summary.reader, summary.interval.estimate) for summary in found] == [
        ("r1", pytest.approx(0.5)),
        ("r2", pytest.approx(0.1)),
    ]


def test_a_metric_under_its_own_id_takes_its_direction_from_its_catalog_name():
    results = [
        *scores("gradcam", [0.3] * 6, "flip-black", family="faithfulness"),
        *scores("random", [0.7] * 6, "flip-black", family="faithfulness"),
        *scores("centre", [0.5] * 6, "flip-black", family="faithfulness"),
    ]
    named = summarised(results, metric_names={"flip-black": "pixel-flipping"})
    assert {s.explainer_id: s.control_id for s in named}["gradcam"] == "centre"
    assert {s.explainer_id: s.control_id for s in summarised(results)}["gradcam"] is None


def test_the_order_of_the_scores_moves_nothing():
    results = mixed_scores()
    shuffled = list(results)
    random.Random(4).shuffle(shuffled)
    assert summarised(shuffled) == summarised(results)


def test_summaries_come_by_model_catalog_metric_and_explainer():
    found = [(s.model_id, s.metric_id, s.explainer_id) for s in summarised(mixed_scores())]
    assert found[:5] == [
        ("honest", "iou", "edges"),
        ("honest", "iou", "gradcam"),
        ("honest", "iou", "lime"),
        ("honest", "iou", "random"),
        ("honest", "pixel-flipping", "edges"),
    ]


def test_a_summary_does_not_depend_on_what_else_was_scored():
    results = mixed_scores()
    alone = [r for r in results if r.key.model_id == "shortcut" and r.key.metric_id == "iou"]
    everything = [s for s in summarised(results) if s.model_id == "shortcut" and s.metric_id == "iou"]
    assert list(summarised(alone)) == everything


def test_a_case_scored_twice_is_refused():
    with pytest.raises(ValueError, match=r"^m, gradcam, iou, c001: scored twice$"):
        summarised([Score(key(1, "gradcam"), 0.1), Score(key(1, "gradcam"), 0.1)])


def test_a_score_that_is_no_number_is_refused():
    with pytest.raises(
        ValueError, match=r"^m, gradcam, iou, c001: the value is nan; a missing one is Unscored$"
    ):
        summarised([Score(key(1, "gradcam"), float("nan"))])


def test_nothing_scored_gives_nothing():
    assert summarised([]) == ()


def test_sixty_summaries_with_ten_thousand_replicates_take_under_two_seconds():
    generator = np.random.default_rng(0)
    metrics = [row for row in METRICS if row.family != "reliance"][:10]
    results = [
        Score(key(i, explainer, row.id, family=row.family), float(generator.random()))
        for row in metrics
        for explainer in ("gradcam", "lime", "occlusion", *CONTROLS)
        for i in range(100)
    ]
    started = time.process_time()
    found = summarised(results, replicates=10_000)
    assert len(found) == 60
    assert time.process_time() - started < 2
