"""The three forms of one report, held to golden files.

`XAUDIT_GOLDEN=write pytest tests/report` writes them anew; read the difference before you commit it.
"""

import io
import json
import os
from dataclasses import replace
from pathlib import Path, PosixPath

import outcomes
import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from xaudit.records import Interval, Verdict
from xaudit.report.files.json_report import outcome_as_json, verdicts_as_json
from xaudit.report.files.markdown_report import markdown_report
from xaudit.report.terminal.console import results_console
from xaudit.report.terminal.screen import render
from xaudit.report.wording import explained_images

GOLDEN = Path(__file__).parent.parent / "golden"
FOLDER = "runs/20260102T030405Z-phantom-0a1b2c3d"


def screen(outcome, width, *, colour=False, encoding="utf-8", full=True):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict", newline="\n")
    console = Console(
        file=stream,
        width=width,
        color_system="standard" if colour else None,
        force_terminal=colour,
        highlight=False,
        markup=False,
        emoji=False,
    )
    render(outcome, console, folder=FOLDER, command="xaudit run", full=full)
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)


def same_as_golden(name, text):
    path = GOLDEN / name
    if os.environ.get("XAUDIT_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", ["phantom", "unmarked"])
def test_the_screen_is_as_reviewed(name, width):
    outcome = getattr(outcomes, f"{name}_outcome")()
    prefix = "terminal" if name == "phantom" else f"terminal-{name}"
    same_as_golden(f"{prefix}-{width}.txt", screen(outcome, width, full=False))
    same_as_golden(f"{prefix}-full-{width}.txt", screen(outcome, width))


@pytest.mark.parametrize("name", ["phantom", "unmarked"])
def test_the_markdown_is_as_reviewed(name):
    outcome = getattr(outcomes, f"{name}_outcome")()
    same_as_golden(f"report-{name}.md", markdown_report(outcome, folder=FOLDER, command="xaudit run"))


def test_the_json_is_as_reviewed():
    text = json.dumps(outcome_as_json(outcomes.unmarked_outcome()), indent=1, allow_nan=False)
    same_as_golden("report-unmarked.json", text + "\n")


def crowded():
    """More of everything than fits: many models, explainers and classes, long names, wide numbers."""
    explainers = ("gradcam", "lime", "occlusion", "integrated-gradients", "lime-with-a-long-name-of-its-own")
    whole = outcomes.phantom_outcome()
    lime = [s for s in whole.summaries if s.explainer_id == "lime"]
    more = [replace(s, explainer_id=name) for s in lime for name in explainers[3:]]
    summaries = [
        replace(s, model_id=m) for s in (*whole.summaries, *more) if s.model_id == "honest" for m in "abc"
    ]
    names = tuple(f"a class with the long name {n}" for n in range(6))
    matrix = tuple(tuple(100_000 * (i == j) + j for j in range(6)) for i in range(6))
    evaluation = replace(whole.evaluations[0], class_names=names, matrix=matrix)
    return replace(
        whole,
        model_ids=("a", "b", "c"),
        explainer_ids=(*explainers, *outcomes.CONTROLS),
        summaries=tuple(summaries),
        evaluations=tuple(replace(evaluation, model_id=m) for m in "abc"),
        verdicts=outcomes.verdicts(tuple(summaries), models=("a", "b", "c")),
        n_explained=dict.fromkeys("abc", 54),
        positive=dict.fromkeys("abc", names[0]),
        notes=("a note " * 40, "x" * 300),
    )


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("width", [80, 81, 100, 120])
@pytest.mark.parametrize("make", [outcomes.phantom_outcome, outcomes.unmarked_outcome, crowded])
def test_no_line_is_longer_than_the_screen(make, width, full):
    text = screen(make(), width, full=full)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert not any(line != line.rstrip() for line in text.splitlines())


def first_screen(outcome, width=80):
    return screen(outcome, width, full=False)


def test_two_models_and_three_explainers_fit_a_tall_screen_and_the_rest_is_named():
    text = first_screen(outcomes.phantom_outcome())
    assert len(text.splitlines()) <= 112
    assert f"more   xaudit report {FOLDER} --full" in text
    assert "54 of 54" in text  # lime on shortcut: right answers for the wrong reason
    assert "best control" in text


def test_grids_too_coarse_for_the_marks_are_named_once():
    outcome = outcomes.phantom_outcome()
    coarse = tuple(
        Verdict("XA303", "fail", model, f"{model}/{name}", "", "not resolvable: …", None, None, 18)
        for model, names in (("honest", ("gradcam", "lime")), ("shortcut", ("gradcam", "lime")))
        for name in names
    )
    text = first_screen(replace(outcome, verdicts=(*outcome.verdicts, *coarse)), 120)
    assert text.count("XA303") == 1
    assert "XA303 Too coarse for these marks: gradcam, lime. " in text
    text = first_screen(replace(outcome, verdicts=(*outcome.verdicts, *coarse[:2])), 120)
    assert "XA303 Too coarse for these marks on honest: gradcam, lime. " in text


def test_what_else_is_found_about_an_explainer_keeps_its_line():
    outcome = outcomes.phantom_outcome()
    other = Verdict("XA304", "fail", "honest", "honest/lime", "", "it is unstable", None, None, 18)
    text = first_screen(replace(outcome, verdicts=(*outcome.verdicts, other)))
    assert "XA304 honest/lime: it is unstable" in text


def test_the_first_screen_explains_gates_that_the_table_cannot():
    outcome = outcomes.phantom_outcome()
    found = outcomes.verdicts(outcome.summaries, gates=("pixel-auroc >= 0.3",))
    text = first_screen(replace(outcome, verdicts=found), 120)
    assert "XA103 the gate is uninformative" in text


def test_no_number_is_cut_off_where_columns_must_be_split():
    text = screen(crowded(), 80)
    for column in (
        "pointing game (+)",
        "IoU (+)",
        "pixel AUROC (+)",
        "pixel flipping (-)",
        "occlusion",
        "gradients",
    ):
        assert column in text
    assert text.count("0.43* [0.36, 0.50]") == 9  # three explainers like lime, for three models


def test_colour_adds_nothing_that_the_words_do_not_say():
    coloured = screen(outcomes.phantom_outcome(), 80, colour=True)
    assert "\x1b[" in coloured
    assert Text.from_ansi(coloured).plain.rstrip("\n") == screen(outcomes.phantom_outcome(), 80).rstrip("\n")


def test_a_screen_without_unicode_shows_ascii_only():
    text = screen(outcomes.phantom_outcome(), 80, encoding="ascii")
    assert text.isascii()
    assert "Gates ---" in text
    assert "#####" in text


def test_the_failing_model_is_named_first():
    lines = screen(outcomes.phantom_outcome(), 120).splitlines()
    said = [line.split()[:2] for line in lines if line.startswith(("FAIL", "PASS"))]
    assert said == [["FAIL", "shortcut:"], ["PASS", "honest:"]]


def test_a_gate_shows_enough_digits_to_explain_its_verdict():
    outcome = outcomes.phantom_outcome()
    close = Verdict(
        "XA101", "fail", "honest", "honest/lime", "iou@lime >= 0.3", "too low", 0.29996, 0.3, 18, kind="gate"
    )
    assert "0.29996" in screen(replace(outcome, verdicts=(close,)), 80)


def test_a_gate_asked_of_each_explainer_says_of_which():
    outcome = outcomes.phantom_outcome()
    found = outcomes.verdicts(outcome.summaries, gates=("iou >= 0.1",))
    text = screen(replace(outcome, verdicts=found), 80)
    assert "iou >= 0.1 (gradcam)" in text
    assert "iou >= 0.1 (occlusion)" in text


def test_a_gate_that_a_control_keeps_too_is_called_uninformative():
    outcome = outcomes.phantom_outcome()
    text = screen(
        replace(outcome, verdicts=outcomes.verdicts(outcome.summaries, gates=("pixel-auroc >= 0.3",))), 120
    )
    [row, _] = [line for line in text.splitlines() if line.endswith("  uninformative")]
    assert row.split()[:4] == ["honest", "pixel-auroc", ">=", "0.3"]
    assert "XA103 the gate is uninformative: the control edges on honest passes it too, " in text


def test_a_gate_that_informs_only_says_so_and_does_not_decide_the_verdict():
    outcome = outcomes.phantom_outcome()
    told = {"gate": "reliance-border <= 0.1", "informational": True}
    found = outcomes.verdicts(outcome.summaries, gates=(told, "reliance-mark <= 1"), models=("shortcut",))
    text = screen(replace(outcome, model_ids=("shortcut",), verdicts=found), 120)
    assert "FAIL (informs only)" in text
    assert next(line.split()[0] for line in text.splitlines() if " shortcut: " in line) == "WARN"
    assert "Gates: 1 of 1 passed." in " ".join(text.split())


def test_too_few_patients_leave_the_mean_without_limits():
    outcome = outcomes.phantom_outcome()
    few = tuple(
        replace(
            s,
            interval=Interval(s.interval.estimate, None, None, "none"),
            control_difference=None,
            n_patients=3,
        )
        for s in outcome.summaries
    )
    text = screen(replace(outcome, summaries=few, verdicts=outcomes.verdicts(few)), 80)
    assert "ERROR honest: " in text
    assert "no value" in text
    assert "lime       0.43" in text
    assert "XA102" in text


def test_several_readers_are_told_apart():
    outcome = outcomes.phantom_outcome()
    each = tuple(
        replace(s, reader=reader)
        for s in outcome.summaries
        for reader in (["r1", "r2"] if s.reader == "union" else [s.reader])
    )
    text = screen(replace(outcome, summaries=each), 120)
    assert "honest (marks: r1), evidence for 'cancer'" in text
    assert "honest (marks: r2): 54 images" in text


def test_no_marks_are_named_as_the_reason_for_what_is_missing():
    text = screen(outcomes.unmarked_outcome(), 120)
    assert "No localization: the data has no readers' marks" in text
    assert "Not measured: this needs readers' marks" in text


def test_verdicts_alone_are_versioned_too():
    plain = verdicts_as_json(outcomes.phantom_outcome())
    assert (plain["schema"], plain["schema_version"]) == ("xaudit-report", 1)
    assert len(plain["verdicts"]) == len(outcomes.phantom_outcome().verdicts)


def test_json_gives_every_number_back_unrounded():
    plain = json.loads(json.dumps(outcome_as_json(outcomes.phantom_outcome()), allow_nan=False))
    lime = next(s for s in plain["summaries"] if s["explainer_id"] == "lime" and s["metric_id"] == "iou")
    assert lime["interval"] == {
        "estimate": 0.21,
        "low": 0.21 - 0.07,
        "high": 0.21 + 0.07,
        "method": "bca",
        "n_replicates_dropped": 0,
    }


def test_what_json_cannot_hold_is_a_programming_mistake():
    with pytest.raises(TypeError, match="no JSON for PosixPath"):
        outcome_as_json(replace(outcomes.phantom_outcome(), name=PosixPath("x")))


def test_a_stream_that_is_no_terminal_is_80_columns_wide_and_plain(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    console = results_console(io.StringIO())
    assert (console.width, console.color_system) == (80, None)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("columns", "width"), [("80", 80), ("100", 100), ("300", 120)])
def test_a_terminal_is_used_up_to_120_columns(monkeypatch, columns, width):
    monkeypatch.setenv("COLUMNS", columns)
    assert results_console(Terminal()).width == width


@pytest.mark.parametrize(
    ("explained", "words"),
    [
        ({"a": 1}, "1 image explained"),
        ({"a": 12, "b": 12}, "12 images explained for each"),
        ({"a": 1, "b": 7}, "at most 7 images explained for a model"),
        ({}, "0 images explained"),
    ],
)
def test_images_that_models_share_are_not_counted_twice(explained, words):
    assert explained_images(replace(outcomes.phantom_outcome(), n_explained=explained)) == words
