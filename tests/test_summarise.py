import random
import time
from dataclasses import replace

import numpy as np
import pytest

from xaudit.catalog import METRICS
from xaudit.compare import compare, pairs_of
from xaudit.config import StatisticsSection
from xaudit.records import MODEL_LEVEL, Interval, Score, ScoreKey, Unscored
from xaudit.summarise import summarise

CONTROLS = ("random", "centre", "edges")


def key(case, explainer, metric="iou", *, patient="", reader="union", model="m", family="localization"):
    return ScoreKey(
        case_id=f"c{case:03d}",
        patient_id=f"p{case:03d}" if patient == "" else patient,
        reader=reader,
        model_id=model,
        explainer_id=explainer,
        explainer_hash="h",
        target="cancer",
        correct=True,
        metric_id=metric,
        metric_hash="h",
        family=family,
    )


def scores(explainer, values, metric="iou", **kwargs):
    return [Score(key(i, explainer, metric, **kwargs), value) for i, value in enumerate(values)]


def summarised(results, *, controls=CONTROLS, patients_known=True, replicates=300, **kwargs):
    return summarise(
        results,
        controls=controls,
        patients_known=patients_known,
        settings=StatisticsSection(replicates=replicates),
        seed=0,
        **kwargs,
    )


def compared(results, explainers=("gradcam", "lime"), *, metrics=None, replicates=300, **kwargs):
    models = sorted({result.key.model_id for result in results})
    return compare(
        {"": results},
        pairs_of("explainer", runs=[""], models=models, explainers=explainers),
        metrics=metrics,
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


def mixed_scores(seed=0):
    generator = np.random.default_rng(seed)
    results = []
    for model in ("honest", "shortcut"):
        for explainer in ("lime", "gradcam", "random", "edges"):
            for metric, family in (("iou", "localization"), ("pixel-flipping", "faithfulness")):
                for case in range(24):
                    k = key(case, explainer, metric, patient=f"p{case // 3}", model=model, family=family)
                    if generator.random() < 0.1:
                        results.append(Unscored(k, "the map is constant"))
                    else:
                        results.append(Score(k, float(generator.random())))
    return results


def test_the_order_of_the_scores_moves_nothing():
    results = mixed_scores()
    shuffled = list(results)
    random.Random(4).shuffle(shuffled)
    assert summarised(shuffled) == summarised(results)
    assert compared(shuffled) == compared(results)


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
    assert compared([]) == ()


def ranked_pair(n, shift, *, metric="iou", family="localization", reader="union"):
    """gradcam is below lime by ``shift`` give or take .01 per patient, in opposite directions."""
    wobble = [0.01 * (-1) ** i for i in range(n)]
    lime = [0.5 + 0.01 * i for i in range(n)]
    gradcam = [value - shift + w for value, w in zip(lime, wobble, strict=True)]
    return [
        *scores("gradcam", gradcam, metric, family=family, reader=reader),
        *scores("lime", lime, metric, family=family, reader=reader),
    ]


def test_a_difference_that_chance_cannot_explain_is_called():
    (found,) = compared(ranked_pair(10, 0.12))
    assert found.conclusion == "lower"
    # All ten patients below: p = 2 / 2^10; each difference lies between -.13 and -.11.
    assert (found.n_wins, found.n_ties, found.n_losses) == (0, 0, 10)
    assert found.p_value == pytest.approx(2 / 1024, rel=1e-6)
    assert found.p_adjusted == found.p_value
    assert found.difference.estimate == pytest.approx(-0.12)
    assert found.means == (pytest.approx(0.425), pytest.approx(0.545))
    assert found.sentence == (
        "gradcam's iou is lower (worse) than lime's by 0.12 [0.11, 0.13] on the same 10 patients"
    )


def test_lower_is_called_better_where_the_metric_says_so():
    (found,) = compared(ranked_pair(10, 0.12, metric="pixel-flipping", family="faithfulness", reader="-"))
    assert (found.conclusion, found.n_wins, found.n_losses) == ("lower", 10, 0)
    assert found.sentence == (
        "gradcam's pixel-flipping is lower (better) than lime's by 0.12 [0.11, 0.13] on the same 10 patients"
    )


def test_turning_the_pair_around_turns_the_comparison_around():
    (forth,) = compared(ranked_pair(10, 0.12))
    (back,) = compared(ranked_pair(10, 0.12), ("lime", "gradcam"))
    assert (back.conclusion, back.n_wins, back.n_losses) == ("higher", 10, 0)
    assert back.difference.estimate == -forth.difference.estimate
    assert back.means == forth.means[::-1]
    assert back.sentence == (
        "lime's iou is higher (better) than gradcam's by 0.12 [0.11, 0.13] on the same 10 patients"
    )


def test_a_difference_around_zero_may_be_chance():
    # Five patients +.1, five -.1.
    results = [*scores("gradcam", [0.5, 0.3] * 5), *scores("lime", [0.4] * 10)]
    (found,) = compared(results)
    assert (found.conclusion, found.n_wins, found.n_losses) == ("undecided", 5, 5)
    assert found.sentence == (
        "gradcam's and lime's iou differ by 0.00 [-0.06, 0.08] on the same 10 patients: chance may explain it"
    )


def test_equal_maps_tie_everywhere():
    (found,) = compared([*scores("gradcam", [0.4] * 6), *scores("lime", [0.4] * 6)])
    assert (found.n_ties, found.p_value, found.conclusion) == (6, 1.0, "undecided")


def test_a_lone_difference_in_many_comparisons_may_be_chance():
    # 6 patients, all below: p = 2 / 64 = .031, times the 2 metrics of the family .0625 > .05.
    results = [*ranked_pair(6, 0.12), *ranked_pair(6, 0.12, metric="pixel-auroc")]
    found = compared(results)
    assert [c.p_adjusted for c in found] == pytest.approx([0.0625, 0.0625])
    assert found[0].sentence == (
        "gradcam's and lime's iou differ by -0.12 [-0.13, -0.11] on the same 6 patients: "
        "chance may explain it (Wilcoxon p = 0.06 after Holm's correction)"
    )
    (alone,) = compared(results, metrics=["iou"])
    assert alone.conclusion == "lower"


def test_holm_counts_a_model_and_a_family_on_their_own():
    results = [*ranked_pair(6, 0.12), *ranked_pair(6, 0.12, metric="pixel-flipping", family="faithfulness")]
    results += [replace(r, key=replace(r.key, model_id="other")) for r in results]
    assert [c.p_adjusted for c in compared(results)] == pytest.approx([2 / 64] * 4)


def test_too_few_patients_leave_a_comparison_open():
    (found,) = compared(ranked_pair(4, 0.12))
    assert (found.conclusion, found.p_value, found.difference.low) == ("undecided", None, None)
    assert found.sentence == (
        "gradcam's and lime's iou differ by -0.12 on the same 4 patients: "
        "too few to tell it from chance, which takes at least 5"
    )


def test_slices_of_one_patient_count_once():
    # 8 slices each of 6 patients; per-patient means are all below.
    results = [
        Score(key(i, name, patient=f"p{i // 8}"), 0.5 + 0.01 * (i // 8) - (0.1 if name == "gradcam" else 0))
        for name in ("gradcam", "lime")
        for i in range(48)
    ]
    (found,) = compared(results)
    assert (found.n_cases, found.n_patients, found.n_losses) == (48, 6, 48)
    assert found.p_value == pytest.approx(2 / 64)


def test_cases_that_only_one_explainer_has_are_counted_and_left_out():
    results = ranked_pair(10, 0.12)
    results[0] = Unscored(results[0].key, "the map is constant")
    (found,) = compared(results)
    assert (found.n_cases, found.n_patients, found.n_unpaired) == (9, 9, 1)


def test_explainers_without_a_common_case_cannot_be_compared():
    (found,) = compared([Score(key(1, "gradcam"), 0.9), Score(key(2, "lime"), 0.1)])
    assert (found.conclusion, found.difference, found.means) == ("none", None, None)
    assert found.sentence == "gradcam's and lime's iou cannot be compared: no case has a value for both"


def test_without_patient_ids_the_sentence_counts_cases():
    results = [replace(r, key=replace(r.key, patient_id=None)) for r in ranked_pair(10, 0.12)]
    (found,) = compared(results)
    assert found.cluster == "case"
    assert found.sentence.endswith("on the same 10 cases")


def test_several_readers_are_named():
    found = compared([*ranked_pair(10, 0.12, reader="r1"), *ranked_pair(10, 0.2, reader="r2")])
    assert [c.sentence.split(" than ")[0] for c in found] == [
        "gradcam's iou (reader r1) is lower (worse)",
        "gradcam's iou (reader r2) is lower (worse)",
    ]


def test_every_pair_is_compared_in_the_order_asked_for():
    values = [0.1 * i for i in range(6)]
    results = [r for name in ("a", "b", "c") for r in scores(name, values)]
    pairs = [(c.explainer_id, c.other_id) for c in compared(results, ("c", "a", "b", "c"))]
    assert pairs == [("c", "a"), ("c", "b"), ("a", "b")]


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
