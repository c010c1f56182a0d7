"""Thresholds tuned on validation cases, from images on disk to the report."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from known_study import only_run, read_labels, study_audit, table, write_audit, write_labels, xaudit_process

from xaudit.cli.boundary import run_command_line
from xaudit.geometry import fit_geometry, map_to_original

pytestmark = pytest.mark.usefixtures("one_thread")

TUNED = {
    "metrics": [
        {"name": "iou", "binarisation": "tuned"},
        {"name": "dice", "binarisation": "tuned"},
        {"name": "iou", "id": "iou-otsu"},
    ],
    "explainers": ["gradcam", {"name": "occlusion", "window": 0.25, "stride": 0.25}],
    "controls": ["random", "mean-map", "shuffled-marks"],
    "reliance": {"enabled": False},
    "resolution": {"steps": [4], "explainers": ["gradcam"]},
    "gates": [],
}


def with_validation(folder, patients=range(4)):
    """The first patients' images become validation images."""
    names = {f"patient {number}" for number in patients}
    rows = read_labels(folder)
    write_labels(folder, [[*row[:3], "validation" if row[2] in names else "test"] for row in rows])


def move_marks(folder, split, by):
    """Every mark of a split moves to the right."""
    images = {row[0] for row in read_labels(folder) if row[3] == split}
    marks = json.loads((folder / "marks.json").read_text())
    ids = {one["id"] for one in marks["images"] if one["file_name"] in images}
    for mark in marks["annotations"]:
        if mark["image_id"] in ids:
            mark["bbox"][0] += by
    (folder / "marks.json").write_text(json.dumps(marks))


ONLY_GRADCAM = {"explainers": ["gradcam"], "controls": ["random"], "resolution": False}


def run_here(folder, **changes):
    audit = str(write_audit(folder, **{**TUNED, **changes}))
    return run_command_line(["run", audit, "-q", "-o", str(folder / "runs")])


def thresholds(run):
    return pd.read_parquet(run / "thresholds.parquet").set_index("explainer")


@pytest.fixture(scope="module")
def finished(pristine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tuned") / "study"
    shutil.copytree(pristine, folder)
    with_validation(folder)
    assert run_here(folder) == 0
    return folder


@pytest.fixture
def copy(finished, tmp_path, monkeypatch):
    folder = tmp_path / "study"
    shutil.copytree(finished, folder)
    monkeypatch.chdir(folder)
    return folder


def test_the_tuning_split_chooses_and_is_in_no_table_of_the_test(finished):
    run = only_run(finished / "runs")
    cases = pd.read_parquet(run / "cases.parquet").set_index("case_id")["split"]
    for name in ("maps", "scores", "map_facts"):
        assert set(cases[table(run, name)["case_id"]]) == {"test"}, name
    assert set(cases[table(run, "tuning_maps")["case_id"]]) == {"validation"}
    assert set(cases[table(run, "tuning")["case_id"]]) == {"validation"}
    assert set(table(run, "summary").query("metric == 'iou'")["n_cases"]) == {8}
    chosen = thresholds(run)
    assert set(chosen.index) == {"gradcam", "occlusion", "random"}
    assert set(chosen["split"]) == {"validation"}
    assert set(chosen["n_cases"]) == {8}
    assert set(chosen["n_patients"]) == {4}
    assert set(chosen["target"]) == {"sick"}


def test_each_threshold_is_what_a_search_by_hand_over_the_stored_maps_finds(finished):
    run = only_run(finished / "runs")
    marks = json.loads((finished / "marks.json").read_text())
    boxes = {
        marks["images"][mark["image_id"]]["file_name"].removesuffix(".png"): mark["bbox"]
        for mark in marks["annotations"]
    }
    cases = pd.read_parquet(run / "cases.parquet").set_index("case_id")
    grid = [round(0.05 * step, 2) for step in range(1, 20)]
    for explainer, maps in table(run, "tuning_maps").groupby("explainer"):
        by_patient = {}
        for row in maps.itertuples():
            values = np.array(row.values, dtype=np.float32).reshape(row.height, row.width) * row.scale
            if explainer == "random":  # unsigned: its magnitude counts
                values = np.abs(values)
            carried, _ = map_to_original(values, fit_geometry((40, 32), (32, 32)))
            carried = np.clip(carried, 0, None)
            x, y, width, height = (int(side) for side in boxes[row.case_id])
            inside = np.zeros((40, 32), dtype=bool)
            inside[y : y + height, x : x + width] = True
            scaled = (carried - carried.min()) / (carried.max() - carried.min())
            ious = [
                np.count_nonzero((scaled > one) & inside) / np.count_nonzero((scaled > one) | inside)
                for one in grid
            ]
            by_patient.setdefault(cases.loc[row.case_id, "patient_id"], []).append(ious)
        means = [
            sum(sum(c[i] for c in own) / len(own) for own in by_patient.values()) / 4
            for i in range(len(grid))
        ]
        best = next(one for one, mean in zip(grid, means, strict=True) if mean >= max(means) - 1e-12)
        found = thresholds(run).loc[explainer]
        assert found["threshold"] == best, explainer
        assert found["iou"] == pytest.approx(max(means)), explainer


def test_the_scores_are_those_of_a_fixed_cut_at_the_chosen_threshold(copy):
    run = only_run(copy / "runs")
    one = float(thresholds(run).loc["gradcam", "threshold"])
    fixed = [{"name": "iou", "binarisation": "fixed", "threshold": one}]
    assert run_here(copy, metrics=fixed, explainers=["gradcam"]) == 0
    other = next(path for path in (copy / "runs").iterdir() if path != run)

    def ious(folder):
        scores = table(folder, "scores")
        for name in ("gradcam", "gradcam.mean-map", "gradcam.shuffled-marks"):
            own = scores[(scores["explainer"] == name) & scores["metric"].isin(["iou", "resolution-4-iou"])]
            yield own.sort_values(["metric", "case_id"])["value"].tolist()

    assert list(ious(run)) == list(ious(other))
    assert not (other / "tuning").exists()


def test_marks_of_the_test_choose_nothing_and_marks_of_the_tuning_split_do(copy):
    before = thresholds(only_run(copy / "runs"))
    shutil.rmtree(copy / "runs")
    move_marks(copy, "test", 3)
    assert run_here(copy, **ONLY_GRADCAM) == 0
    kept = ["gradcam", "random"]
    pd.testing.assert_frame_equal(thresholds(only_run(copy / "runs")).loc[kept], before.loc[kept])
    shutil.rmtree(copy / "runs")
    move_marks(copy, "validation", 3)
    assert run_here(copy, **ONLY_GRADCAM) == 0
    assert thresholds(only_run(copy / "runs")).loc["gradcam", "iou"] < before.loc["gradcam", "iou"]


def test_nothing_is_done_again_and_the_report_says_where_maps_were_cut(finished, monkeypatch, capsys):
    monkeypatch.chdir(finished)
    assert run_command_line(["run", "audit.yaml", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["work"]["n_shards"] == told["work"]["n_shards_reused"]
    assert told["work"]["n_evals"] == 0
    assert {one["explainer_id"] for one in told["thresholds"]} == {"gradcam", "occlusion", "random"}
    for layout in (["rich", "--full"], ["markdown"]):
        assert run_command_line(["report", str(only_run(finished / "runs")), "--format", *layout]) == 0
        shown = " ".join(capsys.readouterr().out.split())
        assert "the best mean IoU on the split validation" in shown
        assert "8 cases of 4 patients" in shown


def test_how_the_work_is_cut_up_and_whether_maps_are_kept_changes_no_threshold(copy):
    before = only_run(copy / "runs")
    expected = thresholds(before), table(before, "scores").map(str).to_csv()
    shutil.move(copy / "runs", copy / "before")
    settings = {"figures": 0, "shard_size": 3, "batch_size": 5, "maps": "none"}
    assert run_here(copy, run=settings) == 0
    run = only_run(copy / "runs")
    pd.testing.assert_frame_equal(thresholds(run), expected[0])
    assert table(run, "scores").map(str).to_csv() == expected[1]
    assert not list((run / "tuning_maps").iterdir())


def test_a_limit_tunes_on_fewer_cases_of_all_patients(copy):
    assert run_here(copy, **ONLY_GRADCAM, localization={"tune_limit": 4}) == 0
    newest = max((copy / "runs").iterdir())
    chosen = thresholds(newest)
    assert set(chosen["n_cases"]) == set(chosen["n_patients"]) == {4}


def test_a_class_without_a_tuning_case_has_no_score_and_says_why(copy):
    """The model that sees corners calls a case sick without one 'well'; then 'well' is what is explained."""
    assert (
        run_here(
            copy,
            **ONLY_GRADCAM,
            models=[study_audit()["models"][0] | {"target": "label"}],
            run={"figures": 0, "cases": "all"},
        )
        == 0
    )
    newest = max((copy / "runs").iterdir())
    scores = table(newest, "scores").query("metric == 'iou' and explainer == 'gradcam'")
    assert set(scores.groupby("target")["status"].first().items()) == {
        ("sick", "scored"),
        ("well", "unscored"),
    }


@pytest.mark.parametrize(
    ("change", "localization", "problem"),
    [
        (
            "",
            {"tune_on": "test"},
            "localization.tune_on: thresholds that are tuned on the test split would be scored",
        ),
        ("", {"tune_on": "train"}, "the data has no case in the split 'train' (it has test, validation)"),
        ("", {"tune_thresholds": [0.5, 0.2]}, "expected rising numbers"),
        ("unmarked", {}, "no reader marked a case of the split 'validation'"),
        ("patient", {}, "the patient 'patient 0' is in test and in validation"),
        ("image", {}, "is byte for byte the image p7-0 of test"),
    ],
)
def test_what_would_not_be_a_separate_split_is_refused_before_anything_is_run(
    copy, capsys, change, localization, problem
):
    if change == "unmarked":
        marks = json.loads((copy / "marks.json").read_text())
        marks["annotations"] = [one for one in marks["annotations"] if one["image_id"] >= 12]
        (copy / "marks.json").write_text(json.dumps(marks))
    if change == "patient":
        rows = read_labels(copy)
        rows[0][3] = "test"
        write_labels(copy, rows)
    if change == "image":
        shutil.copy(copy / "images" / "p7-0.png", copy / "images" / "p0-0.png")
    assert run_here(copy, localization=localization) == 2
    assert problem in " ".join(capsys.readouterr().err.split())


@pytest.mark.slow
def test_the_phantom_tunes_on_its_own_validation_patients_as_a_process(tmp_path):
    audit = {
        "data": {"format": "phantom", "phantom": {"patients": 8, "slices": 1, "size": 64, "seed": 3}},
        "models": [{"id": "honest", "source": "phantom", "variant": "honest"}],
        "explainers": ["gradcam"],
        "controls": ["random"],
        "metrics": [{"name": "iou", "binarisation": "tuned"}],
        "reliance": {"enabled": False},
        "run": {"figures": 0},
        "statistics": {"replicates": 100},
    }
    (tmp_path / "audit.yaml").write_text(json.dumps(audit))
    done = xaudit_process("run", "audit.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [run] = (tmp_path / "runs").glob("*-audit-*")
    splits = pd.read_parquet(run / "cases.parquet").set_index("case_id")["split"]
    assert set(splits[table(run, "tuning")["case_id"]]) == {"validation"}
    assert "with the best mean IoU on the split validation" in " ".join(done.stdout.split())
