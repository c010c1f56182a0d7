"""An audit that checks its maps, of two networks that are the same but for their name, and of one that reads another colour."""

import json
import shutil

import pytest
from known_study import only_run, study_model, table, write_audit

from xaudit.cli.boundary import run_command_line

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = {
    "models": [
        study_model("marks", family="colour"),
        study_model("marks", id="again", family="colour"),
        study_model("corner"),
    ],
    "explainers": ["gradcam", {"name": "lime", "samples": 12, "segments": 12, "hide": "black"}],
    "metrics": ["iou"],
    "controls": ["edges", "mean-map"],
    "reliance": {"enabled": False},
    "sanity": {"cases": 4, "explainers": ["gradcam", "edges"], "steps": 2},
    "robustness": {"cases": 4, "explainers": ["lime"], "samples": 2},
    "repeatability": True,
    "gates": ["mprt@edges <= 0.5"],
    "run": {"limit": 6, "figures": 0, "shard_size": 3},
}
N_CASES, N_CHECKED = 6, 4


def run_here(folder, **changes):
    audit = str(write_audit(folder, **{**SETTINGS, **changes}))
    return run_command_line(["run", audit, "-q", "-o", str(folder / "runs")])


@pytest.fixture(scope="module")
def finished(pristine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("checks") / "study"
    shutil.copytree(pristine, folder)
    assert run_here(folder) == 1, "the edges do not pass the gate"
    return folder


def tables(run):
    return {name: table(run, name).map(str).to_csv() for name in ("maps", "scores", "summary")}


def means(run):
    scores = table(run, "scores")
    return scores.groupby(["model", "explainer", "metric"])["value"].mean()


def test_each_check_is_asked_of_as_many_cases_as_the_section_says(finished):
    scores = table(only_run(finished / "runs"), "scores")
    asked = scores.groupby(["family", "model", "explainer"])["case_id"].nunique()
    for model in ("marks", "again", "corner"):
        assert asked["sanity", model, "gradcam"] == asked["sanity", model, "edges"] == N_CHECKED
        assert asked["robustness", model, "lime"] == N_CHECKED
        assert asked["repeatability", model, "lime"] == N_CASES
    metrics = set(scores.query("family == 'sanity'")["metric"])
    assert {"mprt", "mprt-step-50", "mprt-step-ssim-100", "efficient-mprt", "class-contrast"} <= metrics


def test_edges_fail_and_a_network_is_repeated_by_its_like_and_by_no_other(finished):
    run = only_run(finished / "runs")
    found = means(run)
    assert found["marks", "edges", "mprt"] == pytest.approx(1)
    assert found["marks", "edges", "class-contrast"] == pytest.approx(1)
    assert found["marks", "gradcam", "mprt"] < 0.99
    for name in ("gradcam", "lime"):
        assert found["marks", name, "repeatability"] == pytest.approx(1, abs=1e-6)
        assert found["again", name, "repeatability-with-marks"] == pytest.approx(1, abs=1e-6)
        assert found["marks", name, "reproducibility-with-corner"] < 0.5
        assert ("corner", name, "repeatability") not in found.index
    assert found["marks", "-", "repeatability-class"] == 1
    assert found["marks", "-", "repeatability-probability"] == 0


def test_the_report_shows_the_checks_and_the_pairs(finished, capsys):
    run = str(only_run(finished / "runs"))
    assert run_command_line(["report", run, "--format", "markdown"]) == 0
    shown = capsys.readouterr().out
    assert "Do the maps depend on the model, and on nothing else" in shown
    assert "Do models that agree in their answers agree in their maps" in shown
    assert "| marks, again | 1.00" in shown
    assert "different networks" in shown
    assert "of IoU" in shown


def test_nothing_that_was_done_is_done_again(finished, monkeypatch, capsys):
    monkeypatch.chdir(finished)
    before = tables(only_run(finished / "runs"))
    assert run_command_line(["run", "audit.yaml", "--format", "json"]) == 1
    work = json.loads(capsys.readouterr().out)["work"]
    # Per model two chunks: two explainers, one control, one mean map of each explainer, the pairs of models; the
    # checks: two chunks of two, one place for each of two; noise: two chunks.
    assert work["n_shards"] == 3 * (2 * (2 + 1 + 2 + 1) + 2 * 2 + 2 + 2)
    assert (work["n_shards_reused"], work["n_evals"]) == (work["n_shards"], 0)
    assert tables(only_run(finished / "runs")) == before


def test_a_gate_on_a_check_that_is_not_asked_is_refused_with_what_to_do(pristine, tmp_path, capsys):
    folder = tmp_path / "study"
    shutil.copytree(pristine, folder)
    assert run_here(folder, sanity=None) == 2
    shown = capsys.readouterr().err
    assert "gates[0]: mprt is not measured" in shown
    assert "ask for it with the section `sanity`" in shown
