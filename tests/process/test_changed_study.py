"""An audit that asks for changed images and for every control, on the network that reads the red marks anywhere."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from known_study import only_run, table, write_audit

from xaudit.cli.boundary import run_command_line

pytestmark = pytest.mark.usefixtures("one_thread")

ASKED = {
    "explainers": ["gradcam", {"name": "lime", "samples": 20, "segments": 12, "hide": "black"}],
    "metrics": ["iou", "relevance-mass-accuracy"],
    "controls": ["random", "intensity", "mean-map", "shuffled-marks", "human"],
    "reliance": {"enabled": False},
    "equivariance": {"transforms": ["flip-horizontal", "rotate-10"], "explainers": ["gradcam"]},
    "resolution": {"steps": [1, 8]},
    "gates": [],
}
N_SICK = 16
SHARDS = 4 * (2 + 2 + (1 + 1) + (1 + 2) + 2 * 2 + 1)
"""Per chunk of four: two explainers, two controls with maps, equivariance and resolution, two made of each explainer's
maps, people."""


def with_two_readers(folder):
    """A second reader draws every mark two pixels to the right: 6 × 10 in both, 10 × 10 in either, so .6."""
    marks = json.loads((folder / "marks.json").read_text())
    first = [{**one, "reader_id": "first"} for one in marks["annotations"]]
    second = [
        {**one, "id": one["id"] + 100, "reader_id": "second", "bbox": [one["bbox"][0] + 2, *one["bbox"][1:]]}
        for one in marks["annotations"]
    ]
    (folder / "marks.json").write_text(json.dumps({**marks, "annotations": first + second}))


def run_here(folder, **changes):
    audit = str(write_audit(folder, **{**ASKED, **changes}))
    return run_command_line(["run", audit, "-q", "-o", str(folder / "runs")])


@pytest.fixture(scope="module")
def finished(pristine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("changed") / "study"
    shutil.copytree(pristine, folder)
    with_two_readers(folder)
    assert run_here(folder) == 0
    return folder


@pytest.fixture
def copy(finished, tmp_path, monkeypatch):
    folder = tmp_path / "study"
    shutil.copytree(finished, folder)
    monkeypatch.chdir(folder)
    return folder


def tables(run):
    return {name: table(run, name).map(str).to_csv() for name in ("maps", "scores", "summary")}


def means(run):
    scores = table(run, "scores")
    return scores.groupby(["explainer", "metric"])["value"].mean()


def test_every_answer_map_and_control_has_a_score_for_every_case(finished):
    scores = table(only_run(finished / "runs"), "scores")
    assert set(scores.groupby(["explainer", "metric"])["case_id"].agg(["size", "nunique"]).stack()) == {
        N_SICK
    }
    per_map = {"", "-overlap", "-iou", "-relevance-mass-accuracy"}
    flips = {f"equivariance-{change}{m}" for change in ("flip-horizontal", "rotate-10") for m in per_map}
    steps = {f"resolution-{step}{m}" for step in (1, 8) for m in per_map}
    found = {name: set(group) for name, group in scores.groupby("explainer")["metric"].unique().items()}
    own = {metric for metric in found["random"] if metric.startswith("mass-")} | {
        "iou",
        "relevance-mass-accuracy",
        "map-missing",
    }
    ceilings = {"iou-ceiling", "relevance-mass-accuracy-ceiling"}
    assert found["gradcam"] == own | ceilings | flips | steps
    assert found["lime"] == own | ceilings | steps
    for name in ("mean-map", "shuffled-marks"):
        assert found[f"gradcam.{name}"] == found[f"lime.{name}"] == {"iou", "relevance-mass-accuracy"}
    assert found["human"] == {"iou"}
    assert found["-"] >= {"equivariance-rotate-10-class", "resolution-8-probability"}


def test_a_network_that_reads_its_colour_anywhere_is_equivariant_and_loses_it_where_it_is_mixed(finished):
    """Averaged over 8 × 8 pixels, a mark of 8 × 8 that does not sit on the grid is mixed with the grey around it."""
    found = means(only_run(finished / "runs"))
    assert found["gradcam", "equivariance-flip-horizontal"] == pytest.approx(1, abs=1e-3)
    assert found["-", "equivariance-flip-horizontal-class"] == 1
    assert found["-", "equivariance-flip-horizontal-probability"] == pytest.approx(0, abs=1e-4)
    assert found["gradcam", "resolution-1"] == pytest.approx(1)
    assert found["-", "resolution-1-class"] == 1
    assert found["-", "resolution-8-probability"] > 0.2
    for metric in ("iou", "relevance-mass-accuracy"):
        assert found["gradcam", f"resolution-1-{metric}"] == found["gradcam", metric]
        assert found["gradcam", f"resolution-8-{metric}"] < found["gradcam", metric]


def test_the_controls_are_below_the_explainer_and_people_are_no_level_to_beat(finished):
    run = only_run(finished / "runs")
    found = means(run)
    assert found["human", "iou"] == pytest.approx(0.6)
    for control in ("random", "intensity", "gradcam.mean-map", "gradcam.shuffled-marks"):
        assert found[control, "iou"] < found["gradcam", "iou"]
    best = set(table(run, "summary").query("metric == 'iou'")["control"].dropna())
    controls = [
        name for name, metric in found.index if metric == "iou" and name not in ("gradcam", "lime", "human")
    ]
    assert best == {max(controls, key=lambda name: found[name, "iou"])}


def test_nothing_that_was_done_is_done_again(finished, monkeypatch, capsys):
    monkeypatch.chdir(finished)
    before = tables(only_run(finished / "runs"))
    assert run_command_line(["run", "audit.yaml", "--format", "json"]) == 0
    work = json.loads(capsys.readouterr().out)["work"]
    assert (work["n_shards"], work["n_shards_reused"], work["n_evals"]) == (SHARDS, SHARDS, 0)
    assert tables(only_run(finished / "runs")) == before


@pytest.mark.parametrize("settings", [{"shard_size": 5, "batch_size": 3}, {"maps": "none"}], ids=str)
def test_how_the_work_is_cut_up_and_whether_maps_are_kept_changes_no_score(copy, settings):
    [whole] = (copy / "runs").iterdir()
    expected = table(whole, "scores")
    shutil.move(copy / "runs", copy / "before")
    assert run_here(copy, run={"figures": 0, "shard_size": 4, **settings}) == 0
    assert table(only_run(copy / "runs"), "scores").map(str).to_csv() == expected.map(str).to_csv()


def test_maps_and_mean_maps_that_were_lost_are_made_again_and_change_nothing(finished):
    """Every map is gone, and every score of a mean map: the means are taken over maps that are made anew."""
    run = only_run(finished / "runs")
    before = tables(run)
    for part in (run / "maps").iterdir():
        part.unlink()
    for part in (run / "scores").iterdir():
        if set(pd.read_parquet(part)["explainer"]) == {"gradcam.mean-map"}:
            part.unlink()
    assert run_here(finished) == 0
    assert only_run(finished / "runs") == run
    assert tables(run)["scores"] == before["scores"]


def test_another_seed_draws_other_partners_and_moves_no_mean_map(copy):
    one = table(only_run(copy / "runs"), "scores").set_index(["explainer", "metric", "case_id"])["value"]
    assert run_command_line(["run", "audit.yaml", "-q", "--seed", "1", "-o", "other"]) == 0
    other = table(only_run(copy / "other"), "scores").set_index(["explainer", "metric", "case_id"])["value"]
    for name, moves in {"gradcam.mean-map": False, "gradcam.shuffled-marks": True, "human": False}.items():
        a, b = one.sort_index().loc[name, "iou"], other.sort_index().loc[name, "iou"]
        assert np.array_equal(a, b) != moves, name


def test_the_report_shows_both_sections_within_eighty_columns_and_only_when_asked(copy, capsys):
    assert run_command_line(["report", str(only_run(copy / "runs")), "--full"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    titles = [line.split(" ─")[0] for line in lines if line.endswith("─")]
    assert "Effect of flipping, turning or shifting the image" in titles
    assert "Effect of coarser resolution" in titles
    labels = [line[:16].strip() for line in lines]
    assert labels.count("mean-map") == labels.count("shuffled-marks") == labels.count("human") == 1
    assert run_here(copy, equivariance=False, resolution=False) == 0
    capsys.readouterr()
    newest = max((copy / "runs").iterdir())
    assert run_command_line(["report", str(newest), "--format", "markdown"]) == 0
    assert "coarser" not in capsys.readouterr().out


def test_a_gate_that_people_pass_is_not_called_uninformative(copy, capsys):
    """People reach .6, the best control much less."""
    run = str(only_run(copy / "runs"))
    run_command_line(["gate", run, "--fail-under", "iou@gradcam=0.5", "--format", "json"])
    codes = [verdict["code"] for verdict in json.loads(capsys.readouterr().out)["verdicts"]]
    assert "XA103" not in codes
    run_command_line(["gate", run, "--fail-under", "iou@gradcam=0.01", "--format", "json"])
    codes = [verdict["code"] for verdict in json.loads(capsys.readouterr().out)["verdicts"]]
    assert "XA103" in codes


def test_two_explainers_are_compared_on_changed_images(copy, capsys):
    run = str(only_run(copy / "runs"))
    asked = [
        "compare",
        run,
        "--explainer",
        "gradcam",
        "lime",
        "--metric",
        "resolution-1-iou",
        "--format",
        "json",
    ]
    assert run_command_line(asked) == 0
    [compared] = json.loads(capsys.readouterr().out)["comparisons"]
    assert (compared["metric_id"], compared["n_cases"]) == ("resolution-1-iou", N_SICK)
    assert (
        "better" in compared["sentence"]
        or "worse" in compared["sentence"]
        or "chance" in compared["sentence"]
    )


def test_gates_on_changed_images_are_judged_in_a_run_and_on_a_stored_one(copy, capsys):
    """The network reads its colour anywhere, so its map turns along; at step 8 the mark is mixed away."""
    gates = [
        "equivariance-flip-horizontal@gradcam >= 0.9",
        "resolution-8-iou@gradcam >= 0.4",
        "resolution-8-class >= 0.1",
    ]
    assert run_here(copy, gates=gates) == 1
    run = str(max((copy / "runs").iterdir()))
    capsys.readouterr()
    assert run_command_line(["gate", run, "--format", "json"]) == 1
    verdicts = json.loads(capsys.readouterr().out)["verdicts"]
    judged = {one["rule"]: one["status"] for one in verdicts if one["kind"] == "gate"}
    assert judged[gates[0]] == "pass"
    assert judged[gates[1]] == "fail"
    again = ["gate", run, "--fail-under", "equivariance-flip-horizontal@gradcam=0.9", "--format", "json"]
    assert run_command_line(again) == 0
    capsys.readouterr()
    assert run_command_line(["gate", run, "--fail-under", "equivariance-rotate-11@gradcam=0.9"]) == 2
    assert "did you mean 'equivariance-rotate-10'?" in capsys.readouterr().err


def test_a_collapse_is_a_finding_of_the_run_and_stands_in_its_section(finished, capsys):
    run = str(only_run(finished / "runs"))
    assert run_command_line(["report", run, "--format", "json"]) == 0
    told = {one["code"]: one for one in json.loads(capsys.readouterr().out)["verdicts"]}
    assert told["XA305"]["subject"] == "marks/gradcam"
    assert "collapses at resolution step 8" in told["XA305"]["sentence"]
    assert not told["XA305"]["gating"]
    assert run_command_line(["report", run, "--format", "markdown"]) == 0
    shown = capsys.readouterr().out
    section = shown[shown.index("Effect of coarser resolution") :]
    assert "XA305" in section[: section.index("\n## ")]
