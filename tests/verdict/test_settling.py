from dataclasses import replace

import pytest

from xaudit.catalog import METRICS
from xaudit.config import Gate
from xaudit.records import MODEL_LEVEL, NO_READER, InfillEffect, Interval, Summary
from xaudit.verdict.settling import Measured, is_region_settled, is_settled_by, obstacle, open_questions


def sequence(low, high):
    return Interval((low + high) / 2, low, high, "sequence")


def summary(metric, low, high, explainer=MODEL_LEVEL, stratum="all"):
    return Summary(
        model_id="net",
        explainer_id=explainer,
        metric_id=metric,
        family="reliance" if explainer == MODEL_LEVEL else "localization",
        reader=NO_READER,
        interval=sequence(low, high),
        n_cases=60,
        n_patients=60,
        n_unscored=0,
        cluster="patient",
        stratum=stratum,
    )


def measured(*summaries, by_infill=(), own_regions=None):
    return Measured("net", summaries, by_infill, ["lime", "gradcam"], ["random"], own_regions)


def left_open(questions):
    return [(one.subject, one.measure) for one in questions]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("iou@lime >= 0.3", ""),
        ("reliance-border <= 0.1", ""),
        ("uses-mark", ""),
        ("leakage == 0", ""),
        ("iou%lesion-size=small >= 0.3", "a stratum may depend on all patients"),
        ("reliance-area-border <= 0.1", "is the largest or smallest of several means"),
        ("image-brightness <= 0.1", "is the largest or smallest of several means"),
        ("mprt <= 0.5", "is measured on a sample of its own"),
        ("seed-stability >= 0.5", "is measured on a sample of its own"),
        ("centroid-distance <= 0.2", "have no bounds that are known"),
        ("reliance-logit-border <= 0.2", "have no bounds that are known"),
        ("chance-corrected-coverage >= 0.2", "have no bounds that are known"),
        ("iou@lime.mean-map >= 0.1", "lime.mean-map is made of the maps of all patients"),
    ],
)
def test_each_gate_that_no_sequence_can_decide_has_a_reason(text, reason):
    assert reason in obstacle(Gate.parse(text), {})
    assert bool(obstacle(Gate.parse(text), {})) == bool(reason)


def test_a_metric_under_its_own_id_has_the_bounds_of_its_catalog_name():
    names = {"overlap": "iou", "away": "centroid-distance"}
    assert obstacle(Gate.parse("overlap >= 0.3", metrics=names), names) == ""
    assert "no bounds" in obstacle(Gate.parse("away <= 0.3", metrics=names), names)


def test_bounds_are_read_from_the_range_only_where_they_hold_for_every_option():
    bounds = {row.range: row.bounds for row in METRICS}
    assert {text for text, ends in bounds.items() if ends is None} == {
        "1 to all pixels",
        "at least 0, at most ln(pixels), in nats",
        "0 and up, images",
        "0 and up, pairs",
        "0 or more; at most 1 for `scale: best`",
        "at most 1",
        "for a probability -1 to 1",
        "for a probability 0 to 1",
        "0 or more, chance 1",
        "at most 1, chance 0",
        "diagonals, at least 0",
        "mm, at least 0",
        "logits, 0 where it matters no more than any other place",
        "0 or more",
        "at least -1, 0 where nothing changes",
    }
    assert {ends for ends in bounds.values() if ends} == {(0.0, 1.0), (-1.0, 1.0)}


def test_a_gate_is_settled_only_where_the_whole_interval_is_on_one_side():
    most = Gate.parse("reliance-border <= 0.1")
    assert [is_settled_by(sequence(*ends), most) for ends in ((0, 0.1), (0, 0.11), (0.1, 0.3), (0.11, 0.3))] == [
        True, False, False, True,
    ]  # fmt: skip
    assert not is_settled_by(Interval(0.0, None, None, "none"), most)
    assert not is_region_settled(Interval(0.0, None, None, "none"))


def test_a_gate_without_explainer_asks_about_each_and_about_the_controls():
    gate = Gate.parse("iou >= 0.3")
    questions = open_questions(
        measured(
            summary("iou", 0.35, 0.5, "lime"),
            summary("iou", 0.2, 0.4, "gradcam"),
            summary("iou", 0.1, 0.31, "random"),
            summary("iou", 0.1, 0.31, "centre"),
        ),
        [gate],
    )
    # `centre` is no control of this audit.
    assert left_open(questions) == [("gradcam", "iou"), ("random", "iou")]
    assert questions[0].rule == "iou >= 0.3"
    assert questions[0].interval == sequence(0.2, 0.4)


def test_a_gate_of_one_explainer_leaves_the_others_alone():
    figures = measured(summary("iou", 0.35, 0.5, "lime"), summary("iou", 0.2, 0.4, "gradcam"))
    assert open_questions(figures, [Gate.parse("iou@lime >= 0.3")]) == []


def test_a_gate_without_a_value_stays_open_and_a_stratum_is_another_question():
    questions = open_questions(
        measured(summary("iou", 0.35, 0.5, "lime", stratum="class=cancer")), [Gate.parse("iou@lime >= 0.3")]
    )
    assert [(one.subject, one.interval) for one in questions] == [("lime", None)]


def test_data_gates_and_gates_on_findings_ask_nothing_of_their_own():
    assert open_questions(measured(), [Gate.parse("leakage == 0"), Gate.parse("uses-mark")]) == []


def test_a_region_is_open_between_the_margin_and_the_effect_that_counts_as_none():
    questions = open_questions(
        measured(
            summary("reliance-mark", 0.1, 0.9),
            summary("reliance-border", -0.05, 0.05),
            summary("reliance-empty", 0.01, 0.06),
            summary("reliance-same-lung", 0.0, 0.09),
            summary("reliance-logit-border", -3, 3),
            summary("reliance-tube", 0.0, 0.2),
        ),
        [],
    )
    # The rest of the same lung holds the surroundings of the mark, and `tube` is not named by the audit file.
    assert left_open(questions) == [(MODEL_LEVEL, "reliance-empty")]


def test_a_region_that_the_audit_file_names_is_open_until_its_effect_is_on_one_side_of_the_margin():
    for ends, still_open in (
        ((0.0, 0.2), True),
        ((0.0, 0.021), True),
        ((0.0, 0.02), False),
        ((0.021, 0.2), False),
    ):
        own = measured(summary("reliance-tube", *ends), own_regions={"tube": False})
        assert left_open(open_questions(own, [])) == [(MODEL_LEVEL, "reliance-tube")] * still_open


def test_each_infill_is_a_question_of_its_own_as_they_may_disagree():
    effects = [
        InfillEffect("net", "border", "blur", sequence(0.0, 0.04), 60),
        InfillEffect("net", "border", "noise", sequence(0.0, 0.2), 60),
        InfillEffect("net", "same-lung", "noise", sequence(0.0, 0.2), 60),
    ]
    questions = open_questions(measured(summary("reliance-border", 0.0, 0.05), by_infill=effects), [])
    assert left_open(questions) == [(MODEL_LEVEL, "reliance-border:noise")]


def test_the_rest_of_the_marked_lung_is_open_where_it_may_have_the_larger_effect():
    lung = (MODEL_LEVEL, "reliance-same-lung")
    for mark, rest, still_open in (
        ((0.3, 0.5), (0.0, 0.31), [lung]),
        ((0.3, 0.5), (0.0, 0.29), []),
        ((0.3, 0.5), (0.51, 0.9), []),
        # A mark without an effect passes no XA202, whatever its lung does.
        ((-0.1, 0.04), (0.0, 0.3), []),
    ):
        figures = measured(summary("reliance-mark", *mark), summary("reliance-same-lung", *rest))
        assert left_open(open_questions(figures, [])) == still_open


def test_a_model_whose_answers_rule_out_findings_on_regions_leaves_only_its_gates_open():
    figures = measured(summary("reliance-mark", 0.1, 0.3), summary("reliance-border", 0.0, 0.2))
    gate = Gate.parse("reliance-mark >= 0.2")
    assert left_open(open_questions(figures, [gate])) == [
        (MODEL_LEVEL, "reliance-mark"),
        (MODEL_LEVEL, "reliance-border"),
    ]
    refused = open_questions(replace(figures, is_refused=True), [gate])
    assert left_open(refused) == [(MODEL_LEVEL, "reliance-mark")]
