"""One key turns CheXlocalize's definitions on, says so in the report, and refuses what contradicts them."""

import json
import re

import pytest
from known_study import only_run, study_audit, study_model, table, write_audit

from xaudit.cli.boundary import run_command_line

pytestmark = pytest.mark.usefixtures("one_thread")

ASKED = {
    "metrics": ["iou"],
    "explainers": ["gradcam"],
    "controls": ["random"],
    "reliance": {"enabled": False},
    "gates": ["chexlocalize-hit-rate@gradcam >= 0.9"],
    "localization": {"protocol": "chexlocalize"},
}


def test_one_key_brings_metrics_intervals_and_regressions(study, capsys):
    assert run_command_line(["run", str(write_audit(study, **ASKED)), "-q"]) == 0
    assert run_command_line(["report", str(only_run(study / "runs")), "--full"]) == 0
    shown = capsys.readouterr().out
    rows = table(only_run(study / "runs"), "summary").set_index(["explainer", "metric"])
    for metric in ("chexlocalize-iou", "chexlocalize-hit-rate"):
        assert rows.loc[("gradcam", metric), "method"] == "image-percentile"
        assert rows.loc[("random", metric), "method"] == "image-percentile"
    assert rows.loc[("gradcam", "iou"), "method"] != "image-percentile"
    assert "By CheXlocalize's definitions ─" in shown
    words = " ".join(shown.split())
    assert "1,000 resamples of images, which is too narrow" in words
    # All marks are boxes of 8 × 10 pixels: only the confidence could differ, and hits are all alike.
    assert "2 regressions not fitted: area-share is the same on all cases" in words
    assert max(map(len, shown.splitlines())) <= 80
    assert run_command_line(["report", str(only_run(study / "runs")), "--format", "json"]) == 0
    lines = json.loads(capsys.readouterr().out)["regressions"]
    assert {(one["protocol"], one["metric_id"]) for one in lines} == {
        ("chexlocalize", "chexlocalize-iou"),
        ("chexlocalize", "chexlocalize-hit-rate"),
    }
    assert run_command_line(["report", str(only_run(study / "runs")), "--format", "markdown"]) == 0
    assert "By CheXlocalize's definitions" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"metrics": [{"name": "iou", "id": "chexlocalize-iou"}], "gates": []},
            "measures 'chexlocalize-iou', and metrics[0] gives that id to iou",
        ),
        (
            {"models": [{**study_audit()["models"][0], "target": "predicted"}]},
            "explains the class that is marked, and models[0].target is predicted",
        ),
        (
            {"data": {"format": "csv", "images": "images", "labels": "labels.csv"}},
            "needs readers' marks, and data.annotations is not set",
        ),
        (
            {
                "data": {
                    **study_audit()["data"],
                    "annotations": {"path": "marks.json", "readers": "each"},
                }
            },
            "has one truth for each case, and data.annotations.readers is each",
        ),
        (
            {"statistics": {"confidence": 0.9}},
            "has intervals at 0.95, and statistics.confidence is 0.9",
        ),
        (
            {"run": {"cases": "misclassified"}},
            "is over all marked cases, and run.cases is misclassified",
        ),
        (
            {"localization": {"pool": {"all": ["marks", "corner"]}}},
            "localization.pool.all: pools the regressions of a protocol, and localization.protocol is not set",
        ),
        (
            {"localization": {"protocol": "chexlocalize", "pool": {"all": ["marks", "edema"]}}},
            "localization.pool.all: no model is called 'edema'",
        ),
        (
            {"localization": {"protocol": "chexlocalize", "pool": {"all": ["marks"]}}},
            "localization.pool.all: expected two models or more, each once, got marks",
        ),
        (
            {"localization": {"protocol": "chexlocalize", "pool": {"marks": ["marks", "marks"]}}},
            "localization.pool.marks: a model is called 'marks', too",
        ),
        (
            {"localization": {"protocol": "chexlocalise"}},
            "localization.protocol: input should be 'chexlocalize'",
        ),
    ],
)
def test_a_contradiction_is_refused_by_name(study, capsys, changes, problem):
    assert run_command_line(["run", str(write_audit(study, **{**ASKED, **changes}))]) == 2
    assert problem in " ".join(capsys.readouterr().err.split())


def test_what_the_audit_names_already_is_not_measured_twice(study):
    metrics = ["iou", {"name": "chexlocalize-iou", "id": "theirs"}]
    audit = {**ASKED, "metrics": metrics, "run": {"figures": 0, "limit": 6}, "gates": []}
    assert run_command_line(["run", str(write_audit(study, **audit)), "-q"]) == 0
    measured = set(table(only_run(study / "runs"), "scores")["metric"])
    assert {one for one in measured if "chex" in one or one == "theirs"} == {
        "theirs",
        "chexlocalize-hit-rate",
    }


def test_two_findings_of_one_network_are_pooled_in_the_report(study, capsys):
    """Two data sets of the same images stand for two findings: 16 marked images each, 32 together.

    The marks of each finding have one size, so that only both together have a slope on the share of the image.
    """
    data = study_audit()["data"]
    coco = json.loads((study / "marks.json").read_text())
    for mark in coco["annotations"]:
        mark["bbox"][2:] = [4, 4]
    (study / "nodules.json").write_text(json.dumps(coco))
    audit = {
        **ASKED,
        "datasets": {"nodules": {**data, "annotations": {"path": "nodules.json"}}},
        "models": [study_model("marks"), study_model("corner", dataset="nodules")],
        "localization": {"protocol": "chexlocalize", "pool": {"network": ["marks", "corner"]}},
        "gates": [],
    }
    assert run_command_line(["run", str(write_audit(study, **audit)), "-q"]) == 0
    capsys.readouterr()
    run = str(only_run(study / "runs"))
    assert run_command_line(["report", run, "--format", "json"]) == 0
    lines = json.loads(capsys.readouterr().out)["regressions"]
    counts = {
        one["model_id"]: (one["n_cases"], one["n_patients"])
        for one in lines
        if (one["metric_id"], one["feature"]) == ("chexlocalize-iou", "confidence")
    }
    assert counts == {"marks": (16, 8), "corner": (16, 8), "network": (32, 8)}
    fitted = {one["model_id"]: not one["reason"] for one in lines if one["feature"] == "area-share"}
    assert fitted == {"marks": False, "corner": False, "network": True}
    assert run_command_line(["report", run, "--full"]) == 0
    assert re.search(r"^network,", capsys.readouterr().out, re.MULTILINE)
