import random
from dataclasses import replace

import pytest

from made_scores import key, mixed_scores, scores
from xaudit.compare import compare, pairs_of
from xaudit.config import StatisticsSection
from xaudit.records import Score, Unscored


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


def test_the_order_of_the_scores_moves_nothing():
    results = mixed_scores()
    shuffled = list(results)
    random.Random(4).shuffle(shuffled)
    assert compared(shuffled) == compared(results)


def test_nothing_scored_gives_nothing():
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
    assert (found.n_ties, found.p_value, found.conclusion) == (6, 1.0, "same")
    assert found.sentence.startswith("gradcam's and lime's iou show no difference on the same 6 ")
    assert found.sentence.endswith(": equal in every case")
    assert "chance" not in found.sentence


def test_equal_maps_of_few_patients_are_equal_and_not_too_few():
    (found,) = compared([*scores("gradcam", [0.4] * 2), *scores("lime", [0.1 + 0.3] * 2)])
    assert (found.conclusion, "equal in every case" in found.sentence) == ("same", True)


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
        "too few to rule out chance; at least 5 are needed"
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


def test_of_several_models_each_sentence_names_its_own():
    """On m gradcam is below lime by .12 on each patient, on n above it by as much: without names they contradict."""
    below = ranked_pair(10, 0.12)
    above = [replace(r, key=replace(r.key, model_id="n")) for r in ranked_pair(10, -0.12)]
    assert [c.sentence for c in compared([*below, *above])] == [
        "gradcam's iou on m is lower (worse) than lime's by 0.12 [0.11, 0.13] on the same 10 patients",
        "gradcam's iou on n is higher (better) than lime's by 0.12 [0.11, 0.13] on the same 10 patients",
    ]


def test_every_pair_is_compared_in_the_order_asked_for():
    values = [0.1 * i for i in range(6)]
    results = [r for name in ("a", "b", "c") for r in scores(name, values)]
    pairs = [(c.explainer_id, c.other_id) for c in compared(results, ("c", "a", "b", "c"))]
    assert pairs == [("c", "a"), ("c", "b"), ("a", "b")]


def test_hits_are_tested_with_mcnemars_mid_p_and_the_exact_one_beside_it_each_by_holm():
    # 6 patients, all hit by gradcam and missed by lime: exact 2 / 2^6, mid-p half of it; twice that in a family of two.
    results = [
        one
        for metric in ("pointing-game", "chexlocalize-hit-rate")
        for one in (*scores("gradcam", [1.0] * 6, metric), *scores("lime", [0.0] * 6, metric))
    ]
    for found in compared(results):
        assert (found.p_mcnemar, found.p_mcnemar_exact) == (1 / 64, 2 / 64)
        assert (found.p_mcnemar_adjusted, found.p_mcnemar_exact_adjusted) == (2 / 64, 4 / 64)


def test_overlaps_are_no_hits_and_have_no_mcnemar():
    (found,) = compared([*scores("gradcam", [0.5] * 6), *scores("lime", [0.25] * 6)])
    assert (found.p_mcnemar, found.p_mcnemar_exact, found.p_mcnemar_exact_adjusted) == (None, None, None)


def test_pairs_that_agree_everywhere_count_in_holms_family():
    # iou differs by p = 2 / 64, pixel-auroc ties everywhere: what was asked for is a family of two.
    results = [*ranked_pair(6, 0.12), *scores("gradcam", [0.4] * 6, "pixel-auroc")]
    results += scores("lime", [0.4] * 6, "pixel-auroc")
    found = {c.metric_id: c.p_adjusted for c in compared(results)}
    assert found == {"iou": pytest.approx(4 / 64), "pixel-auroc": 1.0}
