"""The difference of two runs in its four forms, held to golden files.

`XAUDIT_GOLDEN=write pytest tests/report` writes them anew; read the difference before you commit it.
"""

import csv
import io
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from xaudit.records import CaseChanges, Flips, Interval, Move, RunDiff, Verdict, VerdictChange
from xaudit.report.files.markdown import csv_table, markdown_section
from xaudit.report.files.run_diff import diff_as_json, diff_sections, moves_grid
from xaudit.report.terminal.layout import render_section

GOLDEN = Path(__file__).parent.parent / "golden"


def move(
    metric,
    explainer,
    means,
    difference,
    conclusion,
    *,
    family="localization",
    p=0.004,
    reader="union",
    **more,
):
    found = None if difference is None else Interval(*difference, "bca")
    verb = {"higher": "rose", "lower": "fell"}.get(conclusion, "differs")
    plain = {
        "model_id": "resnet50",
        "explainer_id": explainer,
        "metric_id": metric,
        "family": family,
        "reader": reader,
        "higher_is_better": True,
        "means": means,
        "difference": found,
        "p_value": p,
        "p_adjusted": p,
        "n_cases": 82,
        "n_patients": 41,
        "n_unpaired": 2,
        "cluster": "patient",
        "conclusion": conclusion,
        "sentence": f"{metric} of {explainer} on resnet50 {verb} on the same 41 patients",
    }
    return Move(**{**plain, **more})


GATE = Verdict(
    "XA101", "pass", "resnet50", "resnet50/lime", "iou@lime >= 0.3", "", 0.41, 0.3, 41, kind="gate"
)
DIFF = RunDiff(
    base_id="20260101T000000Z-lung-0a1b2c3d",
    head_id="20260102T000000Z-lung-4e5f6a7b",
    cases=CaseChanges(
        n_common=120,
        added=tuple(f"n{number}" for number in range(5)),
        removed=(),
        replaced=("p7-1",),
        relabelled=(),
        remarked=("p3-0", "p3-1"),
    ),
    flips=(
        Flips(
            "resnet50", "test", (0.942, 0.95), Interval(0.008, -0.01, 0.03, "bca"), 4, 3, 7, 120, 41, "patient",
            1.0, "undecided", "resnet50's test accuracy went from 0.94 to 0.95: chance may explain it",
        ),
        Flips(
            "resnet50", "train", (0.9, 0.99), Interval(0.09, 0.05, 0.13, "bca"), 20, 1, 21, 210, 70, "patient",
            0.0001, "higher", "resnet50's train accuracy rose from 0.90 to 0.99",
        ),
    ),
    moves=(
        move("pointing-game", "lime", (0.61, 0.43), (-0.18, -0.27, -0.09), "lower"),
        move("pointing-game", "random", (0.03, 0.03), (0.0, 0.0, 0.0), "same", p=1.0),
        move("iou", "lime", (0.31, 0.32), (0.01, -0.02, 0.04), "undecided", p=0.41),
        move("iou", "gradcam", None, None, "none", p=None, n_cases=0, n_patients=0),
        move("reliance-mark", "-", (0.4, 0.2), (-0.2, None, None), "undecided", family="reliance", p=None),
        move("pixel-flipping", "lime", (0.5, 0.2), (-0.3, -0.4, -0.2), "lower", family="faithfulness",
             reader="-", p=0.0001, higher_is_better=False),
    ),
    verdicts=(
        VerdictChange(GATE, replace(GATE, status="fail", value=0.2)),
        VerdictChange(None, replace(GATE, code="XA102", status="error", rule="iou@gradcam >= 0.3")),
        VerdictChange(replace(GATE, rule="pointing-game@lime >= 0.5"), None),
    ),
    notes=("lime has other settings than in the base run: what its maps did need not be the model's doing",),
)  # fmt: skip
NOTHING = replace(
    DIFF,
    flips=(replace(DIFF.flips[0], conclusion="same", n_fixed=0, n_broken=0, n_changed=0),),
    moves=(DIFF.moves[1],),
    verdicts=(),
    notes=(),
)


def screen(diff, width=80):
    stream = io.StringIO()
    console = Console(file=stream, width=width, color_system=None, highlight=False, markup=False, emoji=False)
    for section in diff_sections(diff):
        render_section(section, console)
    return stream.getvalue()


def markdown(diff):
    return "\n\n".join(markdown_section(section) for section in diff_sections(diff)) + "\n"


def same_as_golden(name, text):
    path = GOLDEN / name
    if os.environ.get("XAUDIT_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_the_screen_is_as_reviewed_and_80_columns_wide():
    text = screen(DIFF)
    same_as_golden("diff-80.txt", text)
    assert max(cell_len(line) for line in text.splitlines()) <= 80


def test_the_markdown_is_as_reviewed():
    same_as_golden("diff.md", markdown(DIFF))


def test_the_json_is_as_reviewed():
    same_as_golden("diff.json", json.dumps(diff_as_json(DIFF), indent=1, allow_nan=False) + "\n")


def test_the_csv_is_as_reviewed_and_its_numbers_are_whole():
    text = csv_table(moves_grid(DIFF.moves))
    same_as_golden("diff.csv", text)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [float(row["difference"]) for row in rows if row["difference"]] == [-0.18, 0.0, 0.01, -0.2, -0.3]
    assert [row["low"] for row in rows][3:5] == ["", ""]


def test_what_moved_stands_first_and_what_chance_explains_is_marked():
    text = screen(DIFF)
    first = text.split("Verdicts ─")[0]
    assert "pointing-game of lime on resnet50 fell" in first
    assert "train accuracy rose" in first
    assert "iou" not in first
    assert "0.01~ [-0.02, 0.04]" in text
    assert "-0.18 [-0.27, -0.09]" in text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({}, "Nothing: every answer and every score is the same."),
        ({"moves": (DIFF.moves[2],)}, "Nothing moved beyond chance."),
        ({"moves": ()}, "Nothing: every answer is the same; no score was measured in both runs."),
        ({"moves": (), "flips": ()}, "Nothing can be compared: no answer and no score is in both runs."),
        ({"flips": (replace(DIFF.flips[0], n_changed=1),)}, "Nothing moved beyond chance."),
    ],
)
def test_where_nothing_moved_it_says_how_sure_that_is(change, sentence):
    assert sentence in screen(replace(NOTHING, **change))


def test_runs_that_share_no_answer_and_no_metric_say_so():
    text = screen(replace(NOTHING, flips=(), moves=()))
    assert "The runs share no case that the same model classified." in text
    assert "No metric was measured in both runs for the same model and explainer." in " ".join(text.split())
    assert "The same in both runs." in text


def test_readers_are_told_apart_where_there_are_several():
    two = replace(DIFF, moves=(DIFF.moves[0], replace(DIFF.moves[0], reader="r2")))
    assert "resnet50 (marks: union)" in screen(two)
    assert "resnet50 (marks: r2)" in screen(two)
