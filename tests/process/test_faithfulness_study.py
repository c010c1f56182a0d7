"""Metrics that ask the model about the maps, from the audit file to the tables."""

import numpy as np
import pytest
from known_study import only_run, study_audit, table, write_audit

from xaudit.cli.boundary import run_command_line

pytestmark = pytest.mark.usefixtures("one_thread")

CHOSEN = [
    {"name": "pixel-flipping", "steps": 8},
    {"name": "deletion", "steps": 8, "baseline": "blur"},
    {"name": "insertion", "steps": 8},
    {"name": "road", "steps": 4},
    {"name": "faithfulness-correlation", "samples": 60, "share": 0.2, "stop_at": 0.1},
    "completeness",
    "sparseness",
]


def test_chosen_metrics_are_scored_shared_and_told_apart_from_the_control_and_their_curves_kept(
    study, capsys
):
    audit = {
        "metrics": CHOSEN,
        "explainers": ["gradcam", "integrated-gradients"],
        "controls": ["random"],
        "gates": [],
        "reliance": {"enabled": False},
        "report": {"gallery": 2},
        "run": {**study_audit()["run"], "limit": 6, "curves": True},
    }
    path = write_audit(study, **audit)
    assert run_command_line(["run", str(path), "--full"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for name in ("deletion (-)", "insertion (+)", "sparseness (+)"):
        assert name in shown.lower()
    run = only_run(study / "runs")
    rows = table(run, "summary").set_index(["explainer", "metric"])["estimate"]
    assert rows["gradcam", "deletion"] < rows["random", "deletion"] - 0.05
    assert rows["gradcam", "insertion"] > rows["random", "insertion"] + 0.05
    assert rows["gradcam", "faithfulness-correlation"] > rows["random", "faithfulness-correlation"]
    assert rows["integrated-gradients", "completeness"] < 0.02
    scores = table(run, "scores").set_index("metric")
    # Deletion asks what pixel flipping has asked, and the curve that insertion reads backwards is its own.
    assert (scores.loc["deletion", "n_evals"] == 0).all()
    assert (scores.loc["pixel-flipping", "n_evals"] == 9).all()
    assert (scores.loc["insertion", "n_evals"] == 8).all()
    assert set(scores.loc["faithfulness-correlation", "n_evals"]) <= {20, 40, 60}
    assert "promise" in scores.loc["completeness"].query("explainer == 'gradcam'")["reason"].iloc[0]
    curves = table(run, "curves")
    assert sorted(set(curves["metric"])) == ["deletion", "insertion", "pixel-flipping", "road"]
    assert len(curves) == 4 * 3 * 6
    one = curves.query("metric == 'insertion' and explainer == 'gradcam'").iloc[0]
    np.testing.assert_allclose(one["share"], np.linspace(0, 1, 9), atol=1e-6)
    value = np.asarray(one["value"])
    stored = table(run, "scores").query("metric == 'insertion' and explainer == 'gradcam'")
    own = stored[stored["case_id"] == one["case_id"]]["value"].iloc[0]
    assert own == pytest.approx((value[:-1] + value[1:]).mean() / 2, abs=1e-6)

    page = (run / "report.html").read_text()
    for name in ("deletion", "insertion", "pixel flipping"):
        assert f'aria-label="{name} of marks: target probability over the share of pixels' in page
    # ROAD with 4 steps imputes a quarter, a half and three quarters.
    road = page[page.index('aria-label="road of marks: ') :]
    assert "share of images still given the target over the share of pixels imputed" in road[:200]

    damaged = next((run / "curves").iterdir())
    damaged.write_bytes(damaged.read_bytes()[:-20])
    capsys.readouterr()
    assert run_command_line(["report", str(run), "--html"]) == 2
    told = capsys.readouterr().err
    assert f"error: {run.name}: curves/{damaged.name} was damaged" in told
    assert "hint:" in told

    parts = sorted(part.name for part in (run / "scores").iterdir())
    audit["run"]["curves"] = False
    assert run_command_line(["run", str(write_audit(study, **audit)), "-q"]) == 0
    assert sorted(part.name for part in (only_run(study / "runs") / "scores").iterdir()) == parts
    assert list((run / "curves").glob("*.parquet")) == []
    assert "run: {curves: true}" in (run / "report.html").read_text()
