"""An audit of a model that is not here: its predictions and maps as files, from the command line to the exit code."""

import csv
import json
import os
import pickle
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from known_study import (
    everything,
    study_audit,
    study_model,
    write_audit,
    xaudit_process,
)

from xaudit.cli.boundary import run_command_line

PHANTOM = {
    "name": "phantom",
    "seed": 3,
    "data": {"format": "phantom", "phantom": {"patients": 10, "slices": 1, "splits": "test", "seed": 5}},
    "models": [{"id": "mine", "source": "phantom", "variant": "honest"}],
    "explainers": ["gradcam", "occlusion"],
    "metrics": ["iou", "pointing-game", "relevance-mass-accuracy", "pixel-auroc", "sparseness"],
    "reliance": {"enabled": False},
    "localization": {"ceilings": False},
    "sanity": {"tests": ["location-collapse"]},
    "statistics": {"replicates": 200},
    "run": {"figures": 0},
    "report": {"html": False},
}
TABLES = ("case_id", "reader", "explainer", "metric")


def the_run(out):
    """The only run below a folder, which may hold the files of the phantom study as well."""
    [manifest] = out.glob("*/manifest.json")
    return manifest.parent


def read_parts(run, table):
    return pd.concat([pd.read_parquet(path) for path in sorted((run / table).glob("part-*.parquet"))])


def scores(run):
    """Every score by what it is about; external explainers under the name that their maps were made by."""
    table = read_parts(run, "scores")
    table["explainer"] = table["explainer"].str.removeprefix("external-")
    return table.set_index(list(TABLES))[["value", "status", "reason"]].sort_index()


def export(run, folder):
    """What a person would export who has the model: a table of predictions, and an array for each image."""
    told = pd.read_parquet(run / "predictions.parquet")
    with (folder / "preds.csv").open("w", newline="") as file:
        rows = [[one.case_id, *map(float, one.probabilities)] for one in told.itertuples()]
        csv.writer(file).writerows([["case_id", *told["class_names"].iloc[0]], *rows])
    for one in read_parts(run, "maps").itertuples():
        path = folder / "maps" / one.explainer / f"{one.case_id}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        values = np.asarray(one.values, dtype=np.float32) * np.float32(one.scale)
        np.save(path, values.reshape(one.height, one.width))


def external(side, **changes):
    maps = changes.pop("maps", {"gradcam": "maps/gradcam", "occlusion": "maps/occlusion"})
    return {
        "id": "mine",
        "source": "external",
        "predictions": "preds.csv",
        "maps": maps,
        "frame": "input",
        "input_size": side,
        **changes,
    }


def write(folder, plain, name="external.yaml"):
    path = folder / name
    path.write_text(yaml.safe_dump(plain, sort_keys=False))
    return path


@pytest.fixture(scope="module")
def phantom(tmp_path_factory):
    """A run of a model that is here, and beside it the audit of what was exported from it."""
    folder = tmp_path_factory.mktemp("phantom")
    here = write(folder, PHANTOM, "here.yaml")
    assert run_command_line(["run", str(here), "-q", "-o", str(folder / "here")]) == 0
    export(the_run(folder / "here"), folder)
    plain = {**PHANTOM, "models": [external(128)], "gates": ["pointing-game@external-gradcam >= 0"]}
    for key in ("explainers", "reliance", "localization"):
        plain.pop(key)
    write(folder, {**plain, "report": {"html": True}})
    return folder


@pytest.fixture(scope="module")
def audited(phantom):
    """The audit of the files, carried out by one process."""
    return xaudit_process("run", "external.yaml", "-o", "away", cwd=phantom)


def test_the_scores_of_files_are_those_of_the_same_maps_made_here(phantom, audited):
    assert audited.returncode == 0, audited.stderr
    here, away = scores(the_run(phantom / "here")), scores(the_run(phantom / "away"))
    assert {"gradcam", "occlusion", "random", "gradcam.mean-map", "occlusion.shuffled-marks"} <= set(
        away.index.get_level_values("explainer")
    )
    assert (away["status"] == "scored").sum() > 100
    assert set(away.xs("location-collapse", level="metric")["status"]) == {"scored"}
    pd.testing.assert_frame_equal(away, here, check_exact=True)


@pytest.mark.slow
def test_divided_among_workers_and_shards_the_tables_are_the_same(phantom, audited):
    assert audited.returncode == 0, audited.stderr
    done = xaudit_process("run", "external.yaml", "-q", "-o", "crew", "--workers", "2", cwd=phantom)
    assert done.returncode == 0, done.stderr
    for index in (1, 2):
        one = xaudit_process(
            "run", "external.yaml", "-q", "-o", "shared", "--shard", f"{index}/2", cwd=phantom
        )
        assert one.returncode == 0, one.stderr
    shards = sorted((phantom / "shared").glob("*-shard-*"))
    merge = ("merge", *shards, "--audit", "external.yaml", "-q")
    done = xaudit_process(*merge, "-o", "merged", cwd=phantom)
    assert done.returncode == 0, done.stderr
    whole = everything(the_run(phantom / "away"))
    for out in ("crew", "merged"):
        assert [
            name for name, text in everything(the_run(phantom / out)).items() if text != whole[name]
        ] == []
    predictions = (phantom / "preds.csv").read_bytes()
    (phantom / "preds.csv").write_bytes(predictions + b"\n")
    done = xaudit_process(*merge, "-o", "other", cwd=phantom)
    (phantom / "preds.csv").write_bytes(predictions)
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        2,
        f"error: {shards[0]}: its predictions or maps of an external model are not those that the audit file names now",
    )


def test_the_report_says_what_nobody_could_ask(phantom, audited):
    run = the_run(phantom / "away")
    told = " ".join(audited.stdout.split())
    assert "external-gradcam" in told
    assert (
        "model 'mine' is external: its predictions and maps (external-gradcam, external-occlusion) were read from files; "
        "faithfulness, reliance, robustness, sanity but for location-collapse and changed images are not assessed: no model"
    ) in told
    assert "not assessed: no model" in (run / "report.html").read_text(encoding="utf-8")
    card = xaudit_process("report", run, "--model-card", cwd=phantom).stdout
    for question in (
        "do like images get like explanations?",
        "do explanations show what the model depends on?",
    ):
        [line] = [line for line in card.splitlines() if question in line]
        assert "not assessed: no model" in line
    plain = xaudit_process("report", run, "--format", "json", cwd=phantom)
    assert json.loads(plain.stdout)["external_ids"] == ["mine"]
    text = xaudit_process("report", run, "--format", "markdown", cwd=phantom)
    assert text.returncode == 0
    assert "not assessed: no model" in text.stdout


@pytest.mark.slow
def test_gates_comparisons_and_cases_work_as_ever(phantom, audited):
    assert audited.returncode == 0
    run = the_run(phantom / "away")
    assert xaudit_process("gate", run, cwd=phantom).returncode == 0
    kept = xaudit_process("gate", run, "--fail-under", "pointing-game@external-gradcam=1.01", cwd=phantom)
    assert kept.returncode == 1
    unasked = xaudit_process("gate", run, "--fail-under", "reliance-mark=0.2", cwd=phantom)
    assert unasked.returncode == 2
    compared = xaudit_process(
        "compare", run, "--explainer", "external-gradcam", "external-occlusion", cwd=phantom
    )
    assert compared.returncode == 0
    assert "external-gradcam" in compared.stdout
    case_id = pd.read_parquet(run / "cases.parquet")["case_id"].iloc[-1]
    shown = xaudit_process("show", run, case_id, "--no-images", cwd=phantom)
    assert shown.returncode == 0, shown.stderr
    diff = xaudit_process("diff", the_run(phantom / "here"), run, cwd=phantom)
    assert diff.returncode == 0, diff.stderr


def test_the_manifest_has_a_checksum_of_every_kind_of_file_and_no_path(phantom, audited):
    assert audited.returncode == 0
    run = the_run(phantom / "away")
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["checksums"]["weights"] == {}
    files = manifest["checksums"]["external"]["mine"]
    assert list(files) == ["predictions", "external-gradcam", "external-occlusion"]
    assert len(set(files.values())) == 3
    assert all(len(digest) == 64 for digest in files.values())
    kept = "".join(path.read_text() for path in run.iterdir() if path.suffix in (".json", ".yaml", ".jsonl"))
    assert str(phantom) not in kept


@pytest.mark.slow
def test_what_is_there_is_not_done_again_and_another_map_is(phantom, tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(phantom, folder, ignore=shutil.ignore_patterns("away", "here"))
    (before, again) = (xaudit_process("run", "external.yaml", "-o", "away", cwd=folder) for _ in range(2))
    first = scores(the_run(folder / "away"))
    assert (before.returncode, again.returncode) == (0, 0), before.stderr
    n_shards = json.loads((the_run(folder / "away") / "outcome.json").read_text())["work"]["n_shards"]
    assert f"{n_shards} of {n_shards} shards reused" in " ".join(again.stdout.split())
    changed = sorted((folder / "maps" / "gradcam").rglob("*.npy"))[0]
    np.save(changed, -np.load(changed))
    earlier = the_run(folder / "away")
    more = xaudit_process("run", "external.yaml", "-o", "away", cwd=folder)
    assert more.returncode == 0, more.stderr
    [newer] = {path.parent for path in (folder / "away").glob("*/manifest.json")} - {earlier}
    assert scores(earlier).equals(first), "the earlier run stays"
    after = scores(newer)
    names = after.index.get_level_values("explainer")
    assert after[names == "occlusion"].equals(first[names == "occlusion"])
    assert not after[names == "gradcam"].equals(first[names == "gradcam"])


@pytest.fixture(scope="module")
def exported(pristine, tmp_path_factory):
    """The study of images that are not square, with the files of a model that stretches them, from a run of it."""
    folder = tmp_path_factory.mktemp("exported") / "study"
    shutil.copytree(pristine, folder)
    audit = write_audit(folder, gates=[], metrics=["iou", "pointing-game"], reliance={"enabled": False})
    assert run_command_line(["run", str(audit), "-q", "-o", str(folder / "here")]) == 0
    export(the_run(folder / "here"), folder)
    return folder


@pytest.fixture
def study(exported, tmp_path, monkeypatch):
    folder = tmp_path / "study"
    shutil.copytree(exported, folder)
    monkeypatch.chdir(folder)
    return folder


def study_external():
    return external(32, maps={"gradcam": "maps/gradcam"})


def audit_files(folder, *models, **changes):
    plain = study_audit(
        models=list(models or [study_external()]), metrics=["iou", "pointing-game"], gates=[], **changes
    )
    if "explainers" not in changes:
        plain.pop("explainers")
    path = write(folder, plain)
    return run_command_line(["run", str(path), "-q", "-o", "away"])


def test_a_mixed_audit_asks_each_model_what_it_can_answer(study, capsys):
    gates = ["reliance-mark >= 0.3", "iou@external-gradcam >= 0.1", "iou@gradcam >= 0.1", "iou >= 0"]
    plain = study_audit(models=[study_external(), study_model()], explainers=["gradcam"], gates=gates)
    plain |= {"metrics": ["iou", {"name": "pixel-flipping", "steps": 6}], "controls": ["random", "mean-map"]}
    code = run_command_line(["run", str(write(study, plain)), "-q", "-o", "away"])
    out = " ".join(capsys.readouterr().out.split())
    assert code == 0, out
    run = the_run(study / "away")
    table = read_parts(run, "scores")
    own = table.groupby("model")["explainer"].agg(set)
    assert {"external-gradcam", "external-gradcam.mean-map", "random"} <= own["mine"]
    assert {"gradcam", "gradcam.mean-map", "random", "-"} <= own["marks"]
    assert not own["mine"] & {"gradcam", "gradcam.mean-map", "-"}
    assert "external-gradcam" not in own["marks"]
    assert set(table[table["model"] == "mine"]["metric"]) & {"pixel-flipping", "reliance-mark"} == set()
    assert {"pixel-flipping", "reliance-mark"} <= set(table[table["model"] == "marks"]["metric"])
    assert "gate 'reliance-mark >= 0.3' is not asked of the external model 'mine'" in out
    verdicts = json.loads((run / "gates.json").read_text())["verdicts"]
    gated = {(one["model_id"], one["rule"]) for one in verdicts if one["kind"] == "gate"}
    assert {model for model, rule in gated if rule == "iou >= 0"} == {"mine", "marks"}
    assert {model for model, rule in gated if rule == "reliance-mark >= 0.3"} == {"marks"}
    assert {model for model, rule in gated if rule == "iou@external-gradcam >= 0.1"} == {"mine"}
    assert run_command_line(["gate", str(run)]) == 0


def test_models_that_are_not_here_are_compared_with_each_other(study, capsys):
    other = study_external() | {"id": "other"}
    assert audit_files(study, study_external(), other, repeatability=True) == 0
    table = read_parts(the_run(study / "away"), "scores")
    same = table[(table["metric"] == "reproducibility") & (table["explainer"] == "external-gradcam")]
    assert len(same) > 0
    assert same["value"].min() == pytest.approx(1)
    assert run_command_line(["compare", "-o", "away", "--model", "mine", "other"]) == 0


def test_a_missing_map_is_unscored_and_told(study, capsys):
    lost = sorted((study / "maps" / "gradcam").glob("*.npy"))[:2]
    for path in lost:
        path.unlink()
    assert audit_files(study) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "no file holds a map of this case" in out
    table = read_parts(the_run(study / "away"), "scores")
    mine = table[table["case_id"].isin([path.stem for path in lost])]
    own = mine[mine["explainer"].str.startswith("external-gradcam")]
    assert set(own["status"]) == {"unscored"}
    placed = mine[(mine["explainer"] == "centre") & (mine["family"] == "localization")]
    assert set(placed["status"]) == {"scored"}
    assert run_command_line(["report", "-o", "away", "--full"]) == 0
    assert run_command_line(["show", str(the_run(study / "away")), lost[0].stem, "--no-images"]) == 0


def test_a_case_that_the_table_leaves_out_is_a_problem_and_many_end_the_run(study, capsys):
    rows = (study / "preds.csv").read_text().splitlines()
    (study / "preds.csv").write_text("\n".join(rows[:-1]) + "\n")
    assert audit_files(study) == 0
    assert "the table of predictions has no row for this image" in " ".join(capsys.readouterr().out.split())
    (study / "preds.csv").write_text("\n".join(rows[:10]) + "\n")
    assert audit_files(study) == 4


def overlay(folder):
    (folder / "maps" / "gradcam").joinpath("p0-0.npy").unlink()
    from PIL import Image

    Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save(folder / "maps" / "gradcam" / "p0-0.png")


def code(folder):
    class Runs:
        def __reduce__(self):
            return os.system, (f"touch '{folder / 'ran'}'",)

    (folder / "maps" / "gradcam" / "p0-0.npy").unlink()
    (folder / "maps" / "gradcam" / "p0-0.pkl").write_bytes(
        pickle.dumps({"map": torch.zeros(2, 2), "x": Runs()})
    )


def other_size(folder):
    np.save(folder / "maps" / "gradcam" / "p0-0.npy", np.ones((40, 32)))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (overlay, "error: gradcam/p0-0.png: a colour picture, and no map"),
        (code, "error: gradcam/p0-0.pkl: the file names code ('posix.system') and was not loaded"),
        (other_size, "error: gradcam/p0-0.npy: a map of 32 × 40 for a model's input of 32 × 32 (image p0-0)"),
        (lambda folder: (folder / "preds.csv").unlink(), "no such file of predictions"),
        (lambda folder: shutil.rmtree(folder / "maps"), "error: model 'mine': maps.gradcam: "),
        (
            lambda folder: (folder / "preds.csv").write_text("case_id,sick,well\np0-0,1,1\n"),
            "sum to 2, not to 1",
        ),
    ],
)
def test_files_that_cannot_be_used_end_the_run_with_a_reason_and_leave_nothing_half_done(
    study, capsys, spoil, message
):
    spoil(study)
    assert audit_files(study) == 2
    error, hint, *rest = capsys.readouterr().err.splitlines()
    assert message in error
    assert hint.startswith("hint:  ")
    assert rest == []
    assert not (study / "ran").exists()
    assert not (study / "away").exists(), "a run that is refused for its files leaves no folder"


def test_only_the_maps_of_one_explainer_can_be_scored(study, capsys):
    path = write(study, {**study_audit(models=[external(32, maps={"gradcam": "maps/gradcam", "lime": "maps/lime"})], metrics=["iou"], gates=["iou@external-gradcam >= 0"], explainers=None) , "explainers": [{"name": "external", "id": "external-gradcam"}]})  # fmt: skip
    assert run_command_line(["run", str(path), "-q", "-o", "away", "--explainer", "external-gradcam"]) == 0
    assert (
        set(pd.read_parquet(the_run(study / "away") / "summary.parquet")["explainer"]) & {"external-lime"}
        == set()
    )
    assert run_command_line(["run", str(path), "-q", "-o", "away", "--explainer", "occlusion"]) == 2
    assert "'occlusion' has to ask a model" in capsys.readouterr().err
    assert run_command_line(["run", str(path), "-q", "-o", "away", "--metric", "pixel-flipping"]) == 2
    assert "'pixel-flipping' asks the model about changed images" in capsys.readouterr().err


def test_the_stages_stop_where_they_are_told(study):
    path = write(study, {**study_audit(models=[study_external()], metrics=["iou"], gates=[]), "explainers": [{"name": "external", "id": "external-gradcam"}]})  # fmt: skip
    for stage in ("train", "predict", "explain", "score"):
        assert run_command_line([stage, str(path), "-q", "-o", "away"]) == 0, stage
    assert len(read_parts(the_run(study / "away"), "scores")) > 0


def test_maps_that_are_one_and_the_same_on_every_image_are_found_without_a_model(study, capsys):
    first, *others = sorted((study / "maps" / "gradcam").rglob("*.npy"))
    for path in others:
        shutil.copyfile(first, path)
    assert audit_files(study, sanity=True) == 0
    assert "XA312" in capsys.readouterr().out
    verdicts = json.loads((the_run(study / "away") / "gates.json").read_text())["verdicts"]
    [found] = [one for one in verdicts if one["code"] == "XA312"]
    assert "points at the same place on every image" in found["sentence"]
    summary = pd.read_parquet(the_run(study / "away") / "summary.parquet").set_index("metric")
    assert summary.loc["location-collapse", "estimate"] == pytest.approx(1.0)
    assert set(summary.loc[summary["family"] == "sanity"].index) == {"location-collapse"}
