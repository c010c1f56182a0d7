"""Metrics by Quantus itself from the audit file to tables, gates, comparison and page, by one process and by two."""

import json
import os

import pytest
from known_study import HERE, everything, only_run, study_audit, table, write_audit

from xaudit.catalog.quantus import version
from xaudit.cli.boundary import run_command_line

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread", "forgotten_afterwards")]

NAMES = ["FaithfulnessCorrelation", "MaxSensitivity", "MPRT", "PointingGame", "Sparseness", "ROAD"]
QUANTUS = [
    {"name": "quantus", "metric": "FaithfulnessCorrelation", "options": {"nr_runs": 8, "subset_size": 60}},
    {"name": "quantus:MaxSensitivity", "nr_samples": 2},
    {"name": "quantus:MPRT", "return_last_correlation": True},
    "quantus:PointingGame",
    "quantus:Sparseness",
    "quantus:ROAD",
]
AUDIT = {
    "metrics": [*QUANTUS, "iou"],
    "explainers": ["gradcam", {"name": "lime", "samples": 20, "segments": 8, "hide": "black"}],
    "controls": ["random"],
    "reliance": {"enabled": False},
    "gates": ["quantus:Sparseness@gradcam = 0.01", "quantus:MaxSensitivity@gradcam = 1000"],
}


def audit_of(folder, *, limit, **changes):
    return str(write_audit(folder, **AUDIT, run={**study_audit()["run"], "limit": limit}, **changes))


def test_a_run_scores_gates_compares_and_shows_them_and_says_whose_they_are(study, capsys):
    path = audit_of(study, limit=6, report={"html": True, "gallery": 1})
    assert run_command_line(["run", path, "--full"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    run = only_run(study / "runs")
    scores = table(run, "scores").set_index("metric")
    for name in NAMES:
        rows = scores.loc[f"quantus:{name}"]
        assert set(rows["explainer"]) == {"gradcam", "lime", "random"}
        asks = name not in ("PointingGame", "Sparseness")
        if name == "ROAD":
            assert rows["value"].isna().all()
            assert rows["reason"].str.startswith(f"Quantus {version()} fails: IndexError: index").all()
        else:
            assert rows["value"].notna().any()
            assert rows["n_evals"].max() > 0 or not asks
        assert f"{name} as Quantus computes it" in shown or name == "ROAD"
    assert (scores.loc["quantus:FaithfulnessCorrelation"]["n_evals"] == 9).all()  # the image, and 8 runs
    families = scores.groupby(level=0)["family"].first()
    assert families["quantus:MaxSensitivity"] == "robustness"
    assert families["quantus:MPRT"] == "sanity"
    assert families["quantus:PointingGame"] == "localization"
    # Two maps of gradcam for each case's MaxSensitivity; of lime the samples of two maps, some of them alike.
    sensitivity = scores.loc["quantus:MaxSensitivity"].groupby("explainer")["n_evals"].max()
    assert sensitivity["gradcam"] == 2
    assert 20 < sensitivity["lime"] <= 40
    gates = json.loads((run / "gates.json").read_text())
    assert [one["status"] for one in gates["verdicts"] if one["code"] == "XA101"] == ["pass", "pass"]
    assert "Sparseness by Quantus" in (run / "report.html").read_text()
    assert run_command_line(["compare", str(run), "--metric", "quantus:Sparseness"]) == 0
    assert "Sparseness by Quantus" in " ".join(capsys.readouterr().out.split())
    manifest = json.loads((run / "manifest.json").read_text())
    assert {one["package"] for one in manifest["plugins"]} == {"quantus"}
    assert run_command_line(["run", path, "-q"]) == 0
    work = json.loads((run / "outcome.json").read_text())["work"]
    assert work["n_shards_reused"] == work["n_shards"]


def test_two_workers_come_to_the_same_as_one(study, monkeypatch):
    path = os.pathsep.join(filter(None, (str(HERE), os.environ.get("PYTHONPATH"))))
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    audit = audit_of(study, limit=6)
    assert run_command_line(["run", audit, "-q", "-o", "alone"]) == 0
    assert run_command_line(["run", audit, "-q", "-o", "two", "--workers", "2"]) == 0
    assert everything(only_run(study / "two")) == everything(only_run(study / "alone"))
