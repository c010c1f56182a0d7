"""What does not survive a change of the image, from summaries made by hand."""

import pytest
from hand_made import judged, summary

from xaudit.config import Gate
from xaudit.records import MODEL_LEVEL, NO_READER, Interval
from xaudit.verdict import Survival, changed_findings, judge


def same_class(change, interval, family="equivariance", **kwargs):
    metric = f"{family}-{change}-class"
    return summary(metric, MODEL_LEVEL, interval, family=family, reader=NO_READER, **kwargs)


def same_map(change, interval, explainer="gradcam", **kwargs):
    return summary(
        f"equivariance-{change}", explainer, interval, family="equivariance", reader=NO_READER, **kwargs
    )


def placed(interval, difference=(0.2, 0.1, 0.3), metric="iou", **kwargs):
    beyond = None if difference is None else Interval(*difference, "bca")
    return summary(
        metric, interval=interval, control_id=difference and "edges", control_difference=beyond, **kwargs
    )


def at_step(step, interval, metric="iou", **kwargs):
    return summary(f"resolution-{step}-{metric}", interval=interval, family="resolution", **kwargs)


def found(*summaries, **kwargs):
    return changed_findings(summaries, explainers=["gradcam", "lime"], **kwargs)


def codes(*summaries, **kwargs):
    return [(one.code, one.subject) for one in found(*summaries, **kwargs)]


def test_an_answer_that_surely_changes_too_often_is_told_with_every_change():
    [verdict] = found(
        same_class("shift-4", (0.7, 0.6, 0.8)),
        same_class("rotate-10", (0.8, 0.7, 0.89)),
        same_class("rotate-5", (0.95, 0.9, 0.99)),
    )
    assert (verdict.code, verdict.status, verdict.gating, verdict.kind) == ("XA203", "fail", False, "finding")
    assert verdict.sentence == (
        "honest: small changes of the image alter the answer. The predicted class stays the same in 0.80 [0.70, 0.89] of "
        "the cases after rotate-10, 0.70 [0.60, 0.80] of the cases after shift-4"
    )
    assert (verdict.value, verdict.threshold) == (0.89, 0.9)


@pytest.mark.parametrize(
    ("change", "interval"),
    [
        ("rotate-10", (0.85, 0.75, 0.91)),  # chance may explain it
        ("rotate-10", (0.85, 0.75, 0.9)),  # on the limit
        ("rotate-10", (0.5, None, None)),  # too few patients to be sure
        ("rotate-90", (0.5, 0.4, 0.6)),  # no small change
        ("shift-20", (0.5, 0.4, 0.6)),
        ("flip-horizontal", (0.5, 0.4, 0.6)),  # a heart on the other side may rightly change the answer
    ],
)
def test_what_is_not_sure_or_not_small_is_not_told(change, interval):
    of_map = tuple(None if end is None else end - 0.4 for end in interval)
    own = [same_class(change, interval)] + ([] if change == "rotate-10" else [same_map(change, of_map)])
    assert found(*own) == []
    assert found(same_map(change, (0.45, 0.3, 0.5))) == []


def test_a_map_that_surely_moves_is_told_beside_the_answer_and_controls_are_not():
    summaries = [
        same_class("rotate-10", (0.98, 0.95, 1.0)),
        same_map("rotate-10", (0.3, 0.2, 0.4)),
        same_map("rotate-10", (0.8, 0.7, 0.9), "lime"),
        same_map("rotate-10", (0.0, -0.1, 0.1), "random"),
    ]
    [verdict] = found(*summaries)
    assert (verdict.code, verdict.subject) == ("XA304", "honest/gradcam")
    assert verdict.sentence.endswith(
        "with the map of the unchanged image is 0.30 [0.20, 0.40] after rotate-10 (same class in 0.98 of the cases)"
    )


@pytest.mark.parametrize(
    ("moved", "difference", "told"),
    [
        ((0.35, 0.2, 0.5), (0.2, 0.1, 0.3), False),  # single pixels are ordered by chance, the place is not
        ((0.1, 0.0, 0.2), (0.2, 0.1, 0.3), True),  # the place is lost as well
        ((0.35, 0.2, 0.5), (0.0, -0.1, 0.1), True),  # a control points there as well, so it says nothing
    ],
)
def test_a_fine_map_that_still_meets_the_marks_survives(moved, difference, told):
    own = [
        placed((0.4, 0.3, 0.5), difference),
        same_map("rotate-5", (0.05, 0.0, 0.1)),
        summary("equivariance-rotate-5-iou", interval=moved, family="equivariance"),
    ]
    assert codes(*own) == ([("XA304", "honest/gradcam")] if told else [])


def test_the_limits_can_be_set():
    summaries = [same_class("shift-4", (0.7, 0.6, 0.8)), same_map("shift-4", (0.3, 0.2, 0.4))]
    assert codes(*summaries) == [("XA203", "honest"), ("XA304", "honest/gradcam")]
    assert codes(*summaries, survival=Survival(same_class=0.5, same_map=0.1)) == []


LADDER = [
    placed((0.4, 0.3, 0.5)),
    same_class(2, (1.0, 0.97, 1.0), "resolution"),
    same_class(4, (0.95, 0.9, 0.99), "resolution"),
    same_class(8, (0.6, 0.5, 0.7), "resolution"),
    at_step(2, (0.3, 0.2, 0.4)),
    at_step(4, (0.1, 0.05, 0.19)),
    at_step(8, (0.02, 0.0, 0.05)),
]


def test_the_first_step_at_which_localization_is_surely_halved_is_told_with_the_answer_there():
    """Half of .4 is .2: at step 4 the upper end .19 is below, at step 2 not."""
    [verdict] = found(*LADDER)
    assert verdict.code == "XA305"
    assert verdict.sentence == (
        "gradcam on honest: localization collapses at resolution step 4: iou falls from 0.40 to 0.10 "
        "[0.05, 0.19]. The predicted class stays the same in 0.95 of the cases"
    )
    assert verdict.threshold == pytest.approx(0.2)
    assert [one.code for one in found(*LADDER, survival=Survival(kept=0.1))] == []
    step_8 = found(*LADDER, survival=Survival(kept=0.2))
    assert "step 8" in step_8[0].sentence


@pytest.mark.parametrize(
    "whole",
    [
        placed((0.4, 0.3, 0.5), (0.05, -0.1, 0.2)),  # no better than a control: nothing to lose
        placed((0.4, None, None), (0.2, None, None)),
        placed((0.4, -0.1, 0.5), None),
    ],
    ids=["control", "few", "no control"],
)
def test_what_does_not_meet_the_marks_on_the_whole_image_cannot_collapse(whole):
    assert found(whole, *LADDER[1:]) == []


def test_a_metric_under_its_own_id_is_known_by_its_name_and_one_of_which_lower_is_better_does_not_count():
    own = [
        placed((0.4, 0.3, 0.5), metric="mine"),
        same_class(4, (1.0, 1.0, 1.0), "resolution"),
        at_step(4, (0.1, 0.05, 0.19), metric="mine"),
    ]
    assert codes(*own, metric_names={"mine": "dice"}) == [("XA305", "honest/gradcam")]
    assert codes(*own, metric_names={"mine": "peak-distance"}) == []
    assert codes(*own) == []


def test_each_reader_has_a_finding_where_there_are_several():
    two = [
        one
        for reader in ("ann", "bob")
        for one in (placed((0.4, 0.3, 0.5), reader=reader), at_step(4, (0.1, 0.0, 0.15), reader=reader))
    ]
    assert codes(*two, LADDER[2]) == [("XA305", "honest/gradcam/ann"), ("XA305", "honest/gradcam/bob")]


def test_parts_of_the_cases_make_no_finding():
    assert found(same_class("shift-4", (0.7, 0.6, 0.8), stratum="class=cancer")) == []


def gated(text, *summaries):
    names = {
        one.metric_id: {"equivariance": "equivariance", "resolution": "iou"}[one.family] for one in summaries
    }
    gate = Gate.parse(text, metrics=names)
    return judge(summaries, gates=[gate], models=["honest"], gate_on="lower", explainers=["gradcam", "lime"])


def test_a_gate_on_a_changed_image_is_judged_on_its_own_summary():
    one, other = same_map("rotate-10", (0.8, 0.7, 0.9)), same_map("rotate-10", (0.5, 0.4, 0.6), "lime")
    [kept] = gated("equivariance-rotate-10@gradcam >= 0.6", one, other)
    assert (kept.code, kept.status, kept.value) == ("XA101", "pass", 0.7)
    both = gated("equivariance-rotate-10 >= 0.6", one, other)
    assert [(v.subject, v.status) for v in both] == [("honest/gradcam", "pass"), ("honest/lime", "fail")]
    [step] = gated("resolution-4-iou@gradcam >= 0.2", at_step(4, (0.1, 0.05, 0.19)))
    assert (step.status, step.value) == ("fail", 0.05)


def test_a_gate_on_the_answer_asks_the_model_once():
    [verdict] = gated("equivariance-shift-4-class >= 0.9", same_class("shift-4", (0.7, 0.6, 0.8)))
    assert (verdict.subject, verdict.status) == ("honest", "fail")


def test_changed_images_are_no_part_of_the_other_findings():
    assert judged([same_class("shift-4", (0.7, 0.6, 0.8))]) == ()
