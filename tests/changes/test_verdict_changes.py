"""Verdicts of two runs."""

from dataclasses import replace

from xaudit.changes.verdicts import verdict_changes
from xaudit.records import Verdict, VerdictChange

KEPT = Verdict("XA101", "pass", "net", "net/lime", "iou >= 0.3", "reaches", 0.4, 0.3, kind="gate")
MISSED = replace(KEPT, status="fail", sentence="is below", value=0.2)
USES = Verdict("XA202", "pass", "net", "net", "a rule", "uses the mark", gating=False)
ELSEWHERE = replace(USES, code="XA201", status="fail")


def test_another_answer_to_the_same_question_is_a_change():
    assert verdict_changes([KEPT, USES], [MISSED, ELSEWHERE]) == (
        VerdictChange(KEPT, MISSED),
        VerdictChange(USES, ELSEWHERE),
    )


def test_another_figure_with_the_same_answer_is_none():
    assert verdict_changes([KEPT], [replace(KEPT, value=0.9, sentence="other")]) == ()


def test_questions_that_only_one_run_asks_are_told_those_of_the_head_first():
    assert verdict_changes([USES], [KEPT]) == (VerdictChange(None, KEPT), VerdictChange(USES, None))


def test_a_control_that_keeps_a_gate_is_another_question_than_the_gate():
    control = Verdict("XA103", "fail", "net", "net/lime", "iou >= 0.3", "uninformative", kind="gate")
    assert verdict_changes([KEPT], [KEPT, control]) == (VerdictChange(None, control),)
