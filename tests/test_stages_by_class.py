"""Reliance by true class, worked by hand, and what is said of it."""

from dataclasses import replace

import pytest

from xaudit.config import StatisticsSection
from xaudit.records import Interval, RegionByClass, Reliance
from xaudit.stages.outcome.dependence.by_class import reliance_by_class
from xaudit.verdict import class_findings

SETTINGS = StatisticsSection(replicates=500)


def reliance(case, label, region="border", infill="blur", *, fall=0.0, rise=0.0, patient="", model="net"):
    return Reliance(
        case, patient or f"p-{case}", model, "cancer", True, region, infill, 0.2, 0.5, 0.0, 0.0, 0.0, 0.0,
        fall, 10 * fall, rise, 10 * rise, label,
    )  # fmt: skip


def by_class(rows, *, patients_known=True):
    return reliance_by_class(rows, patients_known=patients_known, settings=SETTINGS, seed=0)


def test_infills_are_averaged_within_a_case_and_classes_are_kept_apart():
    rows = [
        *(reliance(f"c{n}", "cancer", infill=kind, fall=fall) for n in range(5) for kind, fall in (("blur", 0.4), ("noise", 0.2))),
        *(reliance(f"n{n}", "normal", rise=0.1 * n) for n in range(5)),
    ]  # fmt: skip
    lowers, raises, normal_lowers, normal_raises = by_class(rows)
    assert (lowers.label, lowers.direction, lowers.n_patients) == ("cancer", "for", 5)
    assert lowers.probability.estimate == pytest.approx(0.3)
    assert lowers.logit.estimate == pytest.approx(3.0)
    assert raises.probability.estimate == 0
    assert (normal_lowers.label, normal_lowers.probability.estimate) == ("normal", 0)
    assert normal_raises.probability.estimate == pytest.approx(0.2)
    assert normal_raises.probability.low < 0.2 < normal_raises.probability.high


def test_each_infill_stands_alone_too_where_there_are_several():
    rows = [
        *(reliance(f"c{n}", "cancer", infill=kind, rise=rise) for n in range(5) for kind, rise in (("blur", 0.4), ("noise", 0.0))),
        *(reliance(f"n{n}", "normal", rise=0.4) for n in range(5)),
    ]  # fmt: skip
    _, raises, _, of_one = by_class(rows)
    (blur, high), (noise, low) = raises.by_infill
    assert (blur, high.estimate, noise, low.estimate) == ("blur", pytest.approx(0.4), "noise", 0)
    assert of_one.by_infill == ()


def test_a_region_that_changes_the_answer_with_one_infill_only_is_undecided():
    (row,) = [one for one in by_class([
        reliance(f"n{n}", "normal", infill=kind, rise=rise) for n in range(5) for kind, rise in (("blur", 0.4), ("noise", 0.0))
    ]) if one.direction == "against"]  # fmt: skip
    (verdict,) = class_findings([row])
    assert (verdict.code, verdict.status, verdict.gating) == ("XA212", "error", False)
    assert verdict.sentence == (
        "net: on images of 'normal', it is undecided if the border affects the answer, because the in-fills do not agree. "
        "Hiding it raises P(cancer) by 0.40 [0.40, 0.40] with blur and by 0.00 [0.00, 0.00] with noise, each beyond random "
        "areas of its size (5 patients)"
    )


def test_a_patient_with_many_images_is_one_patient():
    rows = [reliance(f"c{n}", "normal", patient=f"p{n % 3}", rise=0.5) for n in range(9)]
    assert by_class(rows)[1].n_patients == 3
    assert by_class(rows)[1].probability.low is None
    alone = [replace(row, patient_id=None) for row in rows]
    assert by_class(alone, patients_known=False)[1].n_patients == 9


def test_rows_that_do_not_say_the_true_class_are_left_out():
    assert by_class([reliance("c1", "")]) == ()


def effect(region, low, *, label="normal", direction="against"):
    interval = Interval(low + 0.1, low, low + 0.2, "bca")
    return RegionByClass("net", label, "cancer", region, direction, interval, interval, 9, 8, "patient")


def test_a_border_that_raises_the_answer_on_normal_images_is_a_finding():
    [verdict] = class_findings([effect("border", 0.03)])
    assert (verdict.code, verdict.status, verdict.gating) == ("XA213", "fail", False)
    assert verdict.sentence == (
        "net: on images of 'normal', hiding the border raises P(cancer) by 0.13 [0.03, 0.23] more than hiding a random area "
        "of its size (8 patients)"
    )


def test_the_margin_itself_is_no_finding_and_neither_are_too_few_patients():
    assert class_findings([effect("border", 0.02)]) == []
    few = Interval(0.9, None, None, "none")
    row = RegionByClass("net", "normal", "cancer", "border", "against", few, few, 3, 3, "patient")
    assert class_findings([row]) == []


def test_the_fall_on_images_of_the_target_is_left_to_the_finding_that_rests_on_it():
    assert class_findings([effect("border", 0.5, label="cancer", direction="for")]) == []
    assert len(class_findings([effect("border", 0.5, label="cancer", direction="against")])) == 1


def test_what_may_hold_the_organ_is_no_fault_where_the_lungs_are_not_known():
    assert class_findings([effect("outside", 0.5), effect("border", 0.0)]) == []
    known = [
        effect(region, low, direction="for")
        for region, low in (("outside", 0.5), ("lungs", 0.5), ("border", 0.0))
    ]
    assert [v.sentence.split("hiding ")[1].split(" lowers")[0] for v in class_findings(known)] == [
        "the area outside the lungs"
    ]


def test_a_rise_inside_the_body_may_be_the_infill_and_is_not_judged():
    known = [effect("outside", 0.5), effect("lungs", 0.5), effect("empty", 0.1)]
    assert [v.sentence.split("hiding ")[1].split(" raises")[0] for v in class_findings(known)] == [
        "the area outside the body"
    ]
