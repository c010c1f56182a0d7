"""Findings on regions that the audit file names: used, not used, allowed, undecided, or not shown by any image."""

import pytest
from hand_made import MARK_COUNTS, MARK_IDLE, judged, reliances, summary

from xaudit.records import NO_READER, Area, InfillEffect, Interval, MapTest, RegionByClass
from xaudit.verdict import area_findings, class_findings

RULER = {"honest": {"ruler": False}}
USED, UNUSED, OPEN = (0.3, 0.2, 0.4), (0.001, -0.004, 0.012), (0.03, 0.01, 0.05)


def findings(summaries, regions=RULER):
    return [
        one for one in judged(summaries, own_regions=regions, positive={"honest": "sick"}) if one.code < "XA3"
    ]


def unmarked(interval, *, metric="reliance-ruler", **kwargs):
    return summary(metric, interval=interval, reader=NO_READER, **kwargs)


def test_a_region_that_is_used_is_named_beside_the_idle_mark():
    [finding] = findings(reliances(mark=MARK_IDLE, ruler=USED))
    assert (finding.code, finding.status) == ("XA201", "fail")
    assert finding.sentence.startswith(
        "honest: uses the ruler and is not shown to use the marked lesion. Hiding the ruler"
    )


def test_a_used_region_beside_a_used_mark_is_a_shortcut_too():
    [finding] = findings(reliances(mark=MARK_COUNTS, ruler=(0.9, 0.8, 0.95)))
    assert (finding.code, finding.status) == ("XA201", "fail")
    assert finding.sentence.startswith(
        "honest: uses the marked lesion and the ruler. Hiding the ruler lowers P(sick) by 0.9"
    )


def test_an_honest_model_passes_the_question_about_the_ruler():
    of_mark, of_ruler = findings(reliances(mark=MARK_COUNTS, ruler=UNUSED))
    assert (of_mark.code, of_ruler.code, of_ruler.status) == ("XA202", "XA211", "pass")
    assert "the ruler does not affect the answer. Hiding it lowers P(sick) by 0.00" in of_ruler.sentence
    assert of_ruler.value == 0.012


def test_an_interval_on_both_sides_of_the_margin_decides_nothing():
    finding = findings(reliances(mark=MARK_COUNTS, ruler=OPEN))[1]
    assert (finding.code, finding.status) == ("XA211", "error")
    assert finding.sentence.startswith("honest: it is undecided if the ruler affects the answer.")


def test_too_few_patients_and_no_image_are_said_apart():
    few = findings([*reliances(mark=MARK_COUNTS), unmarked((0.4, None, None), n=3)])[1]
    none = findings(reliances(mark=MARK_COUNTS))[1]
    assert "3 patients are too few to tell if the ruler affects the answer" in few.sentence
    assert "it is not known if the ruler affects the answer: no image has a value for it" in none.sentence
    assert {few.status, none.status} == {"error"}


def test_a_region_that_may_matter_is_no_shortcut_and_the_sentence_about_the_mark_says_less():
    allowed = {"honest": {"optic-disc": True}}
    of_mark, of_disc = findings(reliances(mark=MARK_COUNTS, optic_disc=USED), allowed)
    assert (of_mark.code, of_disc.code, of_disc.status) == ("XA202", "XA211", "pass")
    assert "No other measured region" not in of_mark.sentence
    assert "No region that should not matter stands out" in of_mark.sentence
    assert (
        "the optic disc affects the answer, and the audit file lets an answer rest on it" in of_disc.sentence
    )
    assert [one.code for one in findings(reliances(mark=MARK_COUNTS, optic_disc=UNUSED), allowed)] == [
        "XA202"
    ]


@pytest.mark.parametrize(
    ("interval", "code", "status"),
    [(USED, "XA201", "fail"), (UNUSED, "XA211", "pass"), (OPEN, "XA211", "error")],
)
def test_data_without_marks_gets_a_verdict_on_the_ruler(interval, code, status):
    [finding] = findings([unmarked(interval)])
    assert (finding.code, finding.status) == (code, status)
    assert "the ruler" in finding.sentence


def test_without_marks_a_region_that_may_matter_fails_nothing():
    allowed = {"honest": {"breast": True}}
    assert [one.status for one in findings([unmarked(USED, metric="reliance-breast")], allowed)] == ["pass"]


def test_a_logit_is_never_taken_for_a_probability():
    logits = unmarked((20.0, 19.0, 21.0), metric="reliance-logit-ruler")
    [finding] = findings([unmarked(UNUSED), logits])
    assert (finding.code, finding.status) == ("XA211", "pass")


def test_a_gate_on_a_region_asks_the_model_and_no_explainer():
    gates = [
        one
        for limit in ("reliance-ruler <= 0.5", "reliance-ruler <= 0.1")
        for one in judged_gate(reliances(ruler=USED), limit)
    ]
    assert [(one.rule, one.status, one.subject) for one in gates] == [
        ("reliance-ruler <= 0.5", "pass", "honest"),
        ("reliance-ruler <= 0.1", "fail", "honest"),
    ]


def judged_gate(summaries, text):
    from xaudit.catalog import region_metric_names
    from xaudit.config import Gate
    from xaudit.verdict import judge

    gate = Gate.parse(text, metrics=region_metric_names("ruler"))
    found = judge(summaries, gates=[gate], models=["honest"], gate_on="lower", explainers=["gradcam"])
    return [one for one in found if one.kind == "gate"]


def of_class(region, low, *, label="well", direction="against"):
    effect = Interval(low + 0.1, low, low + 0.2, "bca")
    return RegionByClass("honest", label, "sick", region, direction, effect, effect, 20, 20, "patient")


def test_a_region_that_changes_the_answer_on_another_class_is_named_without_lungs_and_only_if_it_should_not_matter():
    rows = [
        of_class("ruler", 0.3),
        of_class("optic-disc", 0.3),
        of_class("outside", 0.3),
        of_class("text", 0.01),
    ]
    regions = {"honest": {"ruler": False, "optic-disc": True, "text": False}}
    [finding] = class_findings(rows, regions)
    assert finding.code == "XA213"
    assert finding.sentence.startswith(
        "honest: on images of 'well', hiding the ruler raises P(sick) by 0.40 [0.30, 0.50]"
    )
    assert (
        class_findings([of_class("ruler", 0.3, label="sick", direction="for")], regions) == []
    )  # XA201 says this


def map_test(*areas, scope="all"):
    """A test of the reliance map that shows areas of 0.4 in the given places."""
    effect = Interval(0.4, 0.3, 0.5, "bca")
    box = (0.0, 0.0, 0.25, 0.25)
    shown = tuple(
        Area(number, box, 4, box, effect, 0.001, 1.0, place, ("a",), "upper left", ("blur",))
        for number, place in enumerate(areas, start=1)
    )
    return MapTest(
        "honest", "sick", "sick", "hide", "for", "probability", "image", scope, 20, 20, 64, "patient", 0.001,
        effect, effect, shown, ("blur",), net=effect,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("place", "regions", "status"),
    [
        ("ruler", {"ruler": False}, "fail"),
        ("optic-disc", {"optic-disc": True}, "pass"),
        ("outside", {"ruler": False}, "error"),
    ],
)
def test_an_area_without_marks_is_judged_by_the_region_in_which_it_lies(place, regions, status):
    [finding] = area_findings([map_test(place)], own_regions={"honest": regions})
    assert (finding.code, finding.status) == ("XA207", status)
    named = "the upper left of the image" if place == "outside" else f"the {place.replace('-', ' ')}"
    assert f"the answer depends on {named}." in finding.sentence


def test_an_area_beside_the_mark_is_no_fault_where_an_answer_may_rest():
    regions = {"honest": {"optic-disc": True, "ruler": False}}
    tests = [map_test("mark", "optic-disc"), map_test("optic-disc", scope="outside-mark")]
    [finding] = area_findings(tests, own_regions=regions)
    assert finding.status == "pass"
    assert "an area outside the mark matters, where the audit file lets an answer rest" in finding.sentence
    both = [map_test("mark", "ruler"), map_test("optic-disc", "ruler", scope="outside-mark")]
    [finding] = area_findings(both, own_regions=regions)
    assert finding.status == "fail"
    assert "in the ruler" in finding.sentence
    assert "optic disc" not in finding.sentence


def test_a_region_on_which_the_infills_do_not_agree_is_said_once():
    effects = [
        InfillEffect("honest", "ruler", "blur", Interval(0.2, 0.1, 0.3, "bca"), 41),
        InfillEffect("honest", "ruler", "noise", Interval(0.0, 0.0, 0.01, "bca"), 41),
    ]
    summaries = reliances(mark=MARK_COUNTS, ruler=OPEN)
    found = judged(summaries, own_regions=RULER, positive={"honest": "sick"}, by_infill=effects)
    about_ruler = [one.code for one in found if "the ruler" in one.sentence]
    assert about_ruler == ["XA212"]
