"""Localization metrics chosen in the audit file, from images on disk to the summary table."""

import json

import pytest
from known_study import only_run, study_audit, table, write_audit

from xaudit.cli.boundary import run_command_line

pytestmark = pytest.mark.usefixtures("one_thread")

CHOSEN = [
    "dice",
    {"name": "iou", "id": "iou-by-area", "binarisation": "area"},
    {"name": "pointing-game", "tolerance_cells": 0.5},
    {"name": "lesion-recall", "by": "maxima"},
    "peak-distance",
    "peak-distance-mm",
    "chexlocalize-hit-rate",
]


def test_what_is_chosen_is_scored_with_its_ceiling_and_its_reasons(study, capsys):
    audit = {"metrics": CHOSEN, "controls": ["random"], "gates": ["dice@gradcam >= 0.5"]}
    # gradcam's cells are 2 × 2 model pixels; windows of the whole frame show one value, so nothing at all.
    audit["explainers"] = ["gradcam", {"name": "occlusion", "window": 1, "stride": 1}]
    assert run_command_line(["run", str(write_audit(study, **audit))]) == 0
    run = only_run(study / "runs")
    rows = table(run, "summary").set_index(["explainer", "metric"])
    for metric in ("dice", "iou-by-area", "pointing-game", "lesion-recall", "chexlocalize-hit-rate"):
        assert rows.loc[("gradcam", metric), "estimate"] > 0.9, metric
    for metric in ("dice", "iou-by-area", "lesion-recall", "chexlocalize-hit-rate"):
        assert rows.loc[("random", metric), "estimate"] < 0.5, metric
    # A control has no cells in which a tolerance could be measured.
    assert ("random", "pointing-game") not in rows.index
    assert rows.loc[("gradcam", "peak-distance"), "estimate"] == 0
    assert rows.loc[("gradcam", "iou-by-area-ceiling"), "estimate"] > 0.9
    # A window over everything: its map is level, so every one of 16 found nothing, and could not have.
    assert rows.loc[("occlusion", "map-missing"), "estimate"] == 1
    assert rows.loc[("occlusion", "dice"), ["estimate", "n_cases"]].tolist() == [0, 16]
    assert rows.loc[("occlusion", "dice-ceiling"), "estimate"] == 0
    assert ("occlusion", "peak-distance") not in rows.index
    assert rows.loc[("gradcam", "chexlocalize-hit-rate"), "method"] == "image-percentile"
    scores = table(run, "scores")
    reasons = set(scores[scores["metric"] == "peak-distance-mm"]["reason"])
    assert "the image's pixel spacing is not known, so there are no millimetres" in reasons
    shown = " ".join(capsys.readouterr().out.split())
    assert "XA303 Too coarse for these marks: occlusion." in shown
    assert "occlusion on marks: 16 of 16 maps are empty and count as misses." in shown


@pytest.mark.parametrize(
    ("metric", "problem"),
    [
        (
            {"name": "iou", "binarisation": "otus"},
            "binarisation: expected one of otsu, fixed, area, tuned, got 'otus'",
        ),
        ("false-focus", "false-focus is asked of cases on which the readers found nothing"),
    ],
)
def test_a_choice_that_cannot_be_measured_is_refused_before_the_run(study, capsys, metric, problem):
    assert run_command_line(["run", str(write_audit(study, metrics=[metric], gates=[]))]) == 2
    assert problem in " ".join(capsys.readouterr().err.split())


def test_false_focus_is_measured_where_all_cases_are_explained_and_a_reader_voted(study):
    marks = json.loads((study / "marks.json").read_text())
    well = [one["id"] for one in marks["images"] if one["file_name"].endswith("-2.png")]
    marks["votes"] = [{"image_id": number, "reader_id": "ann", "finding": False} for number in well]
    for mark in marks["annotations"]:
        mark["reader_id"] = "ann"
    (study / "marks.json").write_text(json.dumps(marks))
    run_settings = {**study_audit()["run"], "cases": "all"}
    changes = {"metrics": ["false-focus"], "gates": [], "run": run_settings, "explainers": ["gradcam"]}
    assert run_command_line(["run", str(write_audit(study, **changes)), "-q"]) == 0
    rows = table(only_run(study / "runs"), "summary").set_index(["explainer", "metric"])
    # Of 24 cases 8 carry a vote of no finding; noise of which Otsu keeps half is false focus on half of the image.
    found = rows.loc[("random", "false-focus")]
    assert (found["n_cases"], found["n_unscored"]) == (8, 16)
    assert found["estimate"] == pytest.approx(0.5, abs=0.03)
