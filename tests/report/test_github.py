"""Annotations and step summary: what they say, what they escape, and that they stay within GitHub's limits.

`XAUDIT_GOLDEN=write pytest tests/report` writes the golden files anew; read the difference before you commit it.
"""

import os
import re
from dataclasses import replace
from pathlib import Path

import outcomes
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xaudit.records import Verdict
from xaudit.report.files.github import annotations, step_summary
from xaudit.report.files.markdown_report import markdown_report

GOLDEN = Path(__file__).parent.parent / "golden"
GATES = (
    "reliance-mark >= 0.2",
    "pixel-auroc@lime >= 0.3",
    {"gate": "reliance-border <= 0.1", "informational": True},
)


def gated(gates=GATES, **kwargs):
    outcome = outcomes.phantom_outcome()
    return replace(outcome, verdicts=outcomes.verdicts(outcome.summaries, gates=gates, **kwargs))


def failing(n, *, gating=True, sentence="too low"):
    verdicts = tuple(
        Verdict("XA101", "fail", "m", "m/lime", f"iou@lime >= 0.{k:02}", sentence, gating=gating, kind="gate")
        for k in range(n)
    )
    return replace(outcomes.phantom_outcome(), verdicts=verdicts)


def same_as_golden(name, text):
    path = GOLDEN / name
    if os.environ.get("XAUDIT_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_the_annotations_are_as_reviewed():
    same_as_golden("github-annotations.txt", "".join(f"{line}\n" for line in annotations(gated())))


def test_the_step_summary_is_as_reviewed():
    same_as_golden("github-summary.md", step_summary(gated()))


def test_the_summary_says_what_the_report_says():
    outcome = gated()
    assert step_summary(outcome).split() == markdown_report(outcome).split()


def test_a_missed_gate_is_an_error_and_one_that_informs_a_warning():
    kinds = [line.partition(" ")[0] for line in annotations(gated())]
    assert kinds == ["::error", "::warning", "::warning", "::warning"]
    assert [line.partition(" ")[0] for line in annotations(gated(strict=True))] == [
        "::error",
        "::error",
        "::error",
        "::warning",
    ]


def test_gates_that_were_kept_and_findings_are_not_annotated():
    outcome = outcomes.phantom_outcome()
    kept = replace(outcome, verdicts=tuple(v for v in outcome.verdicts if v.status == "pass"))
    assert annotations(kept) == []
    findings = replace(outcome, verdicts=tuple(v for v in outcome.verdicts if v.kind == "finding"))
    assert annotations(findings) == []


@pytest.mark.parametrize(("n", "n_lines"), [(0, 0), (1, 1), (10, 10), (11, 10), (300, 10)])
def test_there_are_never_more_than_ten_of_a_kind_and_the_last_counts_the_rest(n, n_lines):
    lines = annotations(failing(n))
    assert len(lines) == n_lines
    if n > 10:
        assert lines[-1] == f"::error title=xaudit::{n - 9} more gates: see the step summary"
    assert len(annotations(failing(n, gating=False))) == n_lines


def test_nothing_in_a_sentence_ends_the_command_or_begins_another():
    verdict = Verdict(
        "XA101",
        "fail",
        "m",
        "m:1,2/a%b",
        "iou >= 0.3",
        "100 % of a,b:\r\n::error::not ours",
        kind="gate",
    )
    [line] = annotations(replace(outcomes.phantom_outcome(), verdicts=(verdict,)))
    assert line == ("::error title=XA101 m%3A1%2C2/a%25b::iou >= 0.3: 100 %25 of a,b:%0D%0A::error::not ours")


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_sentence_stays_on_one_line_and_can_be_read_back(sentence):
    [line] = annotations(failing(1, sentence=sentence))
    assert "\n" not in line
    assert "\r" not in line
    message = line.split("::", 2)[2].replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
    assert message == f"iou@lime >= 0.00: {sentence}"


@pytest.mark.parametrize("room", [0, 50, 200, 2_000, 5_000, 10_000, 1_000_000])
def test_a_summary_never_takes_more_than_its_room_and_says_where_it_was_cut(room):
    whole = step_summary(gated())
    text = step_summary(gated(), room=room)
    assert len(text.encode()) <= room
    if room >= len(whole.encode()):
        assert text == whole
    elif room >= 200:
        assert text.endswith("does not fit into a step summary; the whole report is in the run folder.*\n")


def test_a_summary_is_cut_between_two_sections():
    text = step_summary(gated(), room=5_500)
    titles = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert titles[:2] == ["Verdict", "Gates"]
    whole = step_summary(gated())
    for title in titles:
        [section] = re.findall(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", whole, re.MULTILINE | re.DOTALL)
        assert section.rstrip() in text


def test_a_summary_of_more_than_a_mebibyte_is_cut_to_it():
    text = step_summary(failing(20_000))
    assert 500_000 < len(text.encode()) <= 1024 * 1024
