"""Strata, readers and comparisons on a whole small study, from the command line to the tables."""

import csv
import io
import json
import shutil
from dataclasses import replace

import pandas as pd
import pytest
from known_study import only_run, study_model, write_audit, write_study, xaudit_process

from xaudit.catalog.image_changes import IMAGE_PROPERTIES
from xaudit.store.parts import SCORES, part_keys, read_parts, write_part
from xaudit.store.run_folder import RunFolder

STATISTICS = {
    "replicates": 200,
    "strata": ["correctness", {"name": "lesion-size", "cuts": [10]}],
    "half_width": 0.05,
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The study with two readers, the second of whom draws one column less, audited with two models."""
    folder = write_study(tmp_path_factory.mktemp("compared"))
    path = folder / "marks.json"
    marks = json.loads(path.read_text())
    for mark in list(marks["annotations"]):
        x, y, width, height = mark["bbox"]
        mark["reader"] = "wide"
        narrow = {**mark, "id": 100 + mark["id"], "reader": "narrow", "bbox": [x, y, width - 1, height]}
        marks["annotations"].append(narrow)
    path.write_text(json.dumps(marks))
    write_audit(
        folder,
        models=[study_model(), study_model("corner")],
        statistics=STATISTICS,
        gates=["iou >= 0.1"],
        metrics=["iou", "pointing-game"],
    )
    done = xaudit_process("run", "audit.yaml", "--exit-zero", "--format", "json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def test_summaries_are_repeated_for_every_stratum(study):
    folder, _ = study
    summary = pd.read_parquet(only_run(folder / "runs") / "summary.parquet")
    # No spacing, so no size in mm²; all 16 sick images of 8 patients are named rightly by the one model.
    assert set(summary.stratum) == {"all", "correctness=correct", "lesion-size=unknown"}
    whole = summary[summary.stratum == "all"].drop(columns="stratum").reset_index(drop=True)
    part = summary[summary.stratum == "lesion-size=unknown"].drop(columns="stratum").reset_index(drop=True)
    # Areas are found on all images together, and a whole image is changed with and without a lesion: neither has parts.
    undivided = whole.metric.str.startswith(("reliance-area-", "image-"))
    assert set(whole.metric[undivided]) == {
        *("reliance-area-border", "reliance-area-outside-mark"),
        *(f"image-{name}" for name in IMAGE_PROPERTIES),
    }
    assert part.equals(whole[~undivided].reset_index(drop=True))


def test_two_readers_agree_as_far_as_their_boxes_overlap(study):
    _, outcome = study
    [agreement] = outcome["agreements"]
    # 8 × 10 and 7 × 10 pixels, one in the other: Dice 2 · 70 / 150, IoU 70 / 80.
    assert agreement["dice"] == pytest.approx(140 / 150)
    assert agreement["best_match_iou"] == pytest.approx(7 / 8)
    assert (agreement["n_cases"], agreement["n_lesions"]) == (16, 16)


def test_the_readers_score_against_each_other_is_the_ceiling(study):
    _, outcome = study
    ceilings = [c for c in outcome["ceilings"] if c["metric_id"] == "iou" and c["model_id"] == "marks"]
    assert [c["explainer_id"] for c in ceilings] == ["gradcam", "lime"]
    for ceiling in ceilings:
        assert ceiling["human"]["estimate"] == pytest.approx(7 / 8)
        assert ceiling["share"]["estimate"] == pytest.approx(ceiling["score"] / (7 / 8))
        assert ceiling["difference"]["estimate"] == pytest.approx(ceiling["score"] - 7 / 8)


def test_every_gate_says_how_many_patients_it_takes(study):
    _, outcome = study
    assert {(p["model_id"], p["explainer_id"]) for p in outcome["plans"]} == {
        (model, explainer) for model in ("marks", "corner") for explainer in ("gradcam", "lime")
    }
    assert {(p["rule"], p["wanted"], p["n_patients"]) for p in outcome["plans"]} == {("iou >= 0.1", 0.05, 8)}


def test_models_are_compared_within_strata(study):
    folder, _ = study
    done = xaudit_process(
        *("compare", "--model", "marks", "corner", "-e", "gradcam", "-m", "pointing-game"),
        *("--by", "correctness", "--format", "csv"),
        cwd=folder,
    )
    [row] = csv.DictReader(io.StringIO(done.stdout))
    assert (row["axis"], row["model"], row["other_model"]) == ("model", "marks", "corner")
    assert (row["stratum"], row["difference"], row["wins"], row["n_patients"]) == (
        *("correctness=correct", "1.0", "16", "8"),
    )
    # All 8 patients on one side: 2 / 2^8 by each of the three exact tests, half of it as mid-p.
    for test in ("wilcoxon", "sign_flip", "mcnemar_exact"):
        assert float(row[f"p_{test}"]) == pytest.approx(2 / 256)
    assert float(row["p_mcnemar"]) == pytest.approx(1 / 256)
    assert float(row["effect_size"]) == 1.0


def refused(folder, *args):
    done = xaudit_process("compare", *args, cwd=folder)
    assert done.returncode == 2
    error, hint = done.stderr.strip().splitlines()
    return error.removeprefix("error: "), hint.removeprefix("hint:  ")


def test_an_unknown_stratum_names_the_nearest(study):
    error, hint = refused(study[0], "--by", "lesion-sise")
    assert error == "--by: no stratum is called 'lesion-sise'"
    assert hint.startswith("did you mean 'lesion-size'? ")


@pytest.mark.slow
def test_a_run_is_compared_with_its_repetition_and_not_with_other_data(study, tmp_path_factory):
    folder, _ = study
    other = write_study(tmp_path_factory.mktemp("other"))
    write_audit(
        other, models=[study_model()], statistics=STATISTICS, metrics=["iou", "pointing-game"], gates=[]
    )
    again = write_audit(
        folder,
        "again.yaml",
        models=[study_model()],
        statistics=STATISTICS,
        metrics=["iou", "pointing-game"],
        gates=[],
        seed=1,
    )
    first = only_run(folder / "runs")
    for where, audit in ((other, "audit.yaml"), (folder, again.name)):
        done = xaudit_process("run", audit, "-q", "-o", "others", cwd=where)
        assert done.returncode == 0, done.stderr
    repeated = only_run(folder / "others")
    done = xaudit_process(
        "compare", first, repeated, "-e", "gradcam", "-m", "iou", "--format", "json", cwd=folder
    )
    [found] = json.loads(done.stdout)["comparisons"]
    assert (found["axis"], found["run_id"], found["other_run_id"]) == ("run", first.name, repeated.name)
    assert (found["n_ties"], found["conclusion"]) == (16, "same")
    error, hint = refused(folder, first, only_run(other / "others"))
    assert "were made of different data (its marks)" in error
    assert hint == "a paired difference needs the same images with the same marks in both runs"
    assert refused(folder, first, first)[0] == f"{first.name}: named twice"


def test_runs_that_measured_a_metric_otherwise_are_not_compared_in_it(study, tmp_path):
    folder, _ = study
    first = only_run(folder / "runs")
    other = shutil.copytree(first, tmp_path / f"{first.name}-other")
    for file in other.glob("*.json"):
        file.write_text(file.read_text().replace(first.name, other.name))
    run = RunFolder.open_run(other)
    for part in part_keys(run, SCORES):
        rows = read_parts(run, SCORES, [part]).rows
        write_part(
            run,
            SCORES,
            part,
            [
                replace(row, key=replace(row.key, metric_hash="0" * 16))
                if row.key.metric_id == "iou"
                else row
                for row in rows
            ],
        )
    error, hint = refused(folder, first, other, "-e", "gradcam")
    assert error == f"{first.name} and {other.name} measured 'iou' with different settings"
    assert hint == "name the metrics that they share with --metric, or audit one of them again"
    done = xaudit_process(
        "compare", first, other, "-e", "gradcam", "-m", "pointing-game", "--format", "json", cwd=folder
    )
    assert {c["metric_id"] for c in json.loads(done.stdout)["comparisons"]} == {"pointing-game"}


def test_data_agreement_says_before_any_model_what_the_report_says_after_it(study):
    folder, outcome = study
    done = xaudit_process("data", "agreement", "audit.yaml", "--format", "json", cwd=folder)
    assert done.returncode == 0, done.stderr
    [found] = json.loads(done.stdout)
    assert {k: found[k] for k in ("first", "second", "n_lesions")} == {
        "first": "narrow", "second": "wide", "n_lesions": 16,
    }  # fmt: skip
    # All 24 images are in the data; the run explained the 16 marked ones.
    [reported] = outcome["agreements"]
    assert (found["dice"], found["best_match_iou"]) == (reported["dice"], reported["best_match_iou"])
    said = xaudit_process("data", "agreement", "audit.yaml", "-q", cwd=folder)
    assert (said.returncode, said.stderr) == (0, "")
    assert "narrow" in said.stdout
    assert max(map(len, said.stdout.splitlines())) <= 80


def test_data_agreement_of_one_reader_says_that_there_is_none(tmp_path):
    folder = write_study(tmp_path / "alone")
    write_audit(folder)
    done = xaudit_process("data", "agreement", "audit.yaml", "-q", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "no image was read by two readers\n", "")
    wrong = xaudit_process("data", "agreement", "audit.yml", cwd=folder)
    assert wrong.returncode == 2
    assert "audit.yml: no such file" in wrong.stderr


@pytest.mark.slow
def test_a_study_of_one_patient_is_described_without_limits(tmp_path):
    folder = write_study(tmp_path / "one")
    labels = (folder / "labels.csv").read_text().splitlines()
    kept = [labels[0], *(line for line in labels[1:] if ",patient 0," in line)]
    (folder / "labels.csv").write_text("\n".join(kept) + "\n")
    marks = json.loads((folder / "marks.json").read_text())
    marks["images"] = [image for image in marks["images"] if image["id"] < 3]
    marks["annotations"] = [mark for mark in marks["annotations"] if mark["image_id"] < 3]
    (folder / "marks.json").write_text(json.dumps(marks))
    write_audit(folder, gates=[], statistics={**STATISTICS, "regression": True}, metrics=["iou"])
    done = xaudit_process("run", "audit.yaml", "--format", "json", cwd=folder)
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert {s["interval"]["method"] for s in outcome["summaries"]} == {"none"}
    assert {r["reason"] for r in outcome["regressions"]} == {"1 patient: a regression takes at least 10"}
    said = xaudit_process("compare", "-m", "iou", "--format", "json", cwd=folder)
    [found] = json.loads(said.stdout)["comparisons"]
    assert (found["p_value"], found["p_sign_flip"], found["difference"]["low"]) == (None, None, None)
    assert found["sentence"].endswith(
        "on the same 1 patient: too few to rule out chance; at least 5 are needed"
    )
