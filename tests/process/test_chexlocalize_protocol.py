"""One key turns CheXlocalize's definitions on, says so in the report, and refuses what contradicts them."""

import json

import pytest
from known_study import only_run, study_audit, table, write_audit

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
    assert run_command_line(["run", str(write_audit(study, **ASKED))]) == 0
    shown = capsys.readouterr().out
    rows = table(only_run(study / "runs"), "summary").set_index(["explainer", "metric"])
    for metric in ("chexlocalize-iou", "chexlocalize-hit-rate"):
        assert rows.loc[("gradcam", metric), "method"] == "image-percentile"
        assert rows.loc[("random", metric), "method"] == "image-percentile"
    assert rows.loc[("gradcam", "iou"), "method"] != "image-percentile"
    assert "By CheXlocalize's definitions ─" in shown
    words = " ".join(shown.split())
    assert "1,000 resamples of images as if they were independent" in words
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
