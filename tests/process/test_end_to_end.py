"""A whole audit of two networks whose evidence is known, as a user starts it, repeats it and cuts it up."""

import getpass
import json
import platform
import shutil

import pandas as pd
import pytest
from known_study import (
    N_PATIENTS,
    TABLES,
    only_run,
    read_labels,
    study_audit,
    study_model,
    table,
    tables,
    write_audit,
    write_labels,
    xaudit_process,
)

from xaudit import __version__
from xaudit.catalog import REGIONS, STRUCTURES
from xaudit.cli.boundary import run_command_line

pytestmark = pytest.mark.usefixtures("one_thread")

N_SICK, N_REGIONS = 16, 4  # without lung masks: mark, border, outside, and all but the mark
N_WELL, N_WELL_REGIONS = 8, 2  # without a mark too: border, outside
N_MAPS = 4  # gradcam, lime, random, centre
MODELS = [study_model("marks"), study_model("corner")]


@pytest.fixture(scope="module")
def finished(pristine, tmp_path_factory):
    """The study of both networks after one `xaudit run` in its own process."""
    folder = tmp_path_factory.mktemp("finished") / "study"
    shutil.copytree(pristine, folder)
    write_audit(folder, models=MODELS)
    done = xaudit_process("run", "audit.yaml", cwd=folder)
    assert done.returncode == 1, done.stderr
    return folder, done


def run_here(study, *args, **changes):
    """The run folder of an audit carried out in this process, and its exit code."""
    code = run_command_line(["run", str(write_audit(study, **changes)), "-q", *map(str, args)])
    return code, only_run(study / "runs")


def test_maps_of_one_place_are_no_groups(finished):
    """Every map of the network that reads the corner lies there; all of its 16 sick images are compared."""
    folder, _ = finished
    run = only_run(folder / "runs")
    plain = json.loads((run / "outcome.json").read_text())["map_clusters"]
    corner = {one["source"]: one for one in plain if one["model_id"] == "corner"}
    assert set(corner) == {"reliance map", "gradcam", "lime"}
    assert corner["gradcam"]["n_maps"] + corner["gradcam"]["n_nowhere"] == N_SICK
    assert corner["reliance map"]["groups"] == corner["gradcam"]["groups"] == []
    assert table(run, "map_clusters").empty == (not any(one["groups"] for one in plain))


def test_the_first_line_says_what_runs_and_the_report_goes_to_stdout(finished):
    folder, done = finished
    assert done.stderr.splitlines()[0] == f"xaudit {__version__}: audit.yaml, runs in runs"
    assert done.stderr.splitlines()[-1] == (
        "exit code 1: 2 of 4 gates not passed (corner); with --exit-zero it would be 0"
    )
    assert done.stdout.startswith("xaudit: known, 2 models, 2 explainers, 16 images explained for each\n")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert str(folder) not in done.stdout + done.stderr


def test_every_table_can_be_read_with_pandas_and_has_a_row_for_every_result(finished):
    run = only_run(finished[0] / "runs")
    rows = {name: len(table(run, name)) for name in TABLES}
    n_pairs = 2 * N_SICK
    in_fills = 2
    # per map: two localization metrics and whether it is missing, one faithfulness metric, three region shares, one
    # agreement, the reliance captured; for gradcam and lime the ceilings of both localization metrics; per case: what
    # the mark alone keeps, by itself and beyond a random area, and the reliance that the prior captures
    asked = [region for region in REGIONS if region not in STRUCTURES]
    per_map = 2 + 1 + 1 + len(asked) + 1 + 1
    n_ceilings = 2 * 2
    n_kept, n_prior = 2, 1
    assert rows["cases"] == 24
    assert rows["annotations"] == N_SICK
    assert rows["predictions"] == 2 * 24
    assert rows["maps"] == n_pairs * N_MAPS
    # the well images are asked about without being explained, and are in no score
    assert rows["reliance"] == 2 * (N_SICK * N_REGIONS + N_WELL * N_WELL_REGIONS) * in_fills
    assert rows["scores"] == n_pairs * (N_MAPS * per_map + n_ceilings + 2 * len(asked) + n_kept + n_prior)
    assert rows["summary"] > 0
    assert rows["categories"] == n_pairs * N_MAPS


def test_a_score_has_a_value_or_a_reason_and_never_both(finished):
    scores = table(only_run(finished[0] / "runs"), "scores")
    assert (scores["value"].isna() == scores["reason"].notna()).all()


def test_both_networks_are_perfect_and_only_the_one_that_reads_the_mark_passes(finished):
    run = only_run(finished[0] / "runs")
    predictions = table(run, "predictions")
    assert (predictions["predicted"] == predictions["label"]).all()
    gates = {(v["model_id"], v["rule"]): v["status"] for v in _verdicts(run) if v["gating"]}
    assert gates == {
        ("marks", "reliance-mark >= 0.3"): "pass",
        ("marks", "relevance-mass-accuracy@gradcam >= 0.5"): "pass",
        ("corner", "reliance-mark >= 0.3"): "fail",
        ("corner", "relevance-mass-accuracy@gradcam >= 0.5"): "fail",
    }
    codes = {(v["code"], v["model_id"]) for v in _verdicts(run)}
    assert {("XA202", "marks"), ("XA201", "corner")} <= codes


def test_the_reader_of_the_mark_is_right_for_the_right_reason_and_the_other_is_not(finished):
    categories = table(only_run(finished[0] / "runs"), "categories")
    gradcam = categories[categories["explainer"] == "gradcam"]
    kinds = gradcam.groupby("model")["category"].agg(lambda found: sorted(set(found)))
    assert kinds["marks"] == ["good"]
    assert kinds["corner"] == ["miss_elsewhere"]  # no lungs and no body are known of these images
    assert gradcam.groupby("model")["wrong_reason"].mean().to_dict() == {"marks": 0.0, "corner": 1.0}
    assert set(categories["cell"]) == {"TP"}


def test_another_threshold_sorts_the_same_maps_anew_without_scoring_them_again(study):
    code, first = run_here(study)
    before = {path.name for path in (first / "map_facts").iterdir()}
    write_audit(study, categories={"coverage": 1.0})
    assert code == 0
    code = run_command_line(["run", str(study / "audit.yaml"), "-q", "-o", str(study / "other")])
    other = only_run(study / "other")
    assert {path.name for path in (other / "map_facts").iterdir()} == before
    same = ["case_id", "explainer", "coverage", "precision", "spread"]
    assert table(first, "categories")[same].equals(table(other, "categories")[same])


def _verdicts(run):
    stored = json.loads((run / "gates.json").read_text())
    return stored["verdicts"] if isinstance(stored, dict) else stored


def test_lime_and_gradcam_find_the_evidence_that_each_network_was_built_to_use(finished):
    scores = table(only_run(finished[0] / "runs"), "scores")
    mass = scores[scores["metric"] == "relevance-mass-accuracy"]
    means = mass.groupby(["model", "explainer"])["value"].mean()
    for explainer in ("gradcam", "lime"):
        assert means["marks", explainer] > 0.5
        assert means["corner", explainer] < 0.1
    chance = 8 * 10 / (32 * 40)  # the mark's share of the image, which an uninformed map gives it: 0.0625
    assert means["marks", "random"] == pytest.approx(chance, abs=0.02)


def test_nothing_in_a_run_folder_names_a_person_a_machine_or_a_place(finished):
    folder, _ = finished
    run = only_run(folder / "runs")
    words = {str(folder), str(folder.parent), platform.node(), getpass.getuser()} - {"", "root", "localhost"}
    for path in run.rglob("*"):
        if path.suffix == ".parquet":
            # Pictures are bytes, in which any two letters stand somewhere.
            rows = pd.read_parquet(path)
            content = rows.map(lambda value: "" if isinstance(value, bytes) else str(value)).to_csv()
        elif path.is_file() and path.suffix not in (".png", ".safetensors"):
            content = path.read_text()
        else:
            continue
        for word in words:
            assert word not in content, f"{path.relative_to(run)} holds {word}"
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["command_line"][:2] == ["xaudit", "run"]
    assert not any(part.startswith("/") for part in manifest["command_line"])


def test_the_same_command_again_reuses_every_shard_and_changes_no_byte_of_a_table(finished):
    folder, first = finished
    before = {path: path.read_bytes() for path in only_run(folder / "runs").rglob("*.parquet")}
    again = xaudit_process("run", "audit.yaml", "--format", "json", cwd=folder)
    assert again.returncode == 1
    after = {path: path.read_bytes() for path in only_run(folder / "runs").rglob("*.parquet")}
    assert {path for path in after if after[path] != before.get(path)} == set()
    assert after.keys() == before.keys()
    work = json.loads(again.stdout)["work"]
    # two networks; each has four chunks of four explained cases with four maps, three questions (reliance, reliance
    # map, whole image) and the prior, and two chunks of other cases with the three questions: 2 * (4 * 8 + 2 * 3) = 76
    assert (work["n_shards"], work["n_shards_reused"], work["n_evals"]) == (76, 76, 0)
    assert "0 of 76 shards reused" in first.stdout


@pytest.mark.parametrize("settings", [{"batch_size": 3}, {"shard_size": 7, "batch_size": 5}], ids=str)
def test_how_the_work_is_cut_up_does_not_change_a_row(study, whole, settings):
    code, run = run_here(study, run={"figures": 0, "shard_size": 4, **settings})
    assert code == 0
    assert tables(run) == whole


def test_the_order_of_the_files_does_not_change_a_row(study, whole):
    write_labels(study, read_labels(study)[::-1])
    marks = json.loads((study / "marks.json").read_text())
    marks = {name: items[::-1] for name, items in marks.items()}
    (study / "marks.json").write_text(json.dumps(marks))
    code, run = run_here(study)
    assert code == 0
    assert tables(run) == whole


def test_cutting_up_anew_in_the_same_folder_leaves_no_row_twice(study, whole):
    code, run = run_here(study)
    assert code == 0
    code, again = run_here(study, run={"figures": 0, "shard_size": 5})
    assert (code, again) == (0, run)
    assert tables(run) == whole


def test_another_seed_changes_what_is_drawn_at_random_and_nothing_else(study):
    _, first = run_here(study, "-o", study / "runs")
    one = table(first, "scores").set_index(["explainer", "metric", "case_id"])["value"]
    run_command_line(["run", str(write_audit(study)), "-q", "--seed", "1", "-o", str(study / "other")])
    other = table(only_run(study / "other"), "scores").set_index(["explainer", "metric", "case_id"])["value"]
    one, other = one.sort_index(), other.sort_index()
    for explainer, changes in {"gradcam": False, "centre": False, "random": True}.items():
        mass = (explainer, "relevance-mass-accuracy")
        assert (one.loc[mass] != other.loc[mass]).any() == changes, explainer


def test_several_explainers_after_one_option_are_all_asked_and_no_other(study, capsys):
    code, run = run_here(study, "--explainer", "lime", "gradcam", "--format", "json")
    assert code == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["explainer_ids"] == ["lime", "gradcam", "random", "centre"]
    assert set(table(run, "maps")["explainer"]) == {"lime", "gradcam", "random", "centre"}
    lime = table(run, "maps").query("explainer == 'lime'")
    assert set(lime["n_evals"]) == {40}, "the audit file's own settings are kept"


def test_a_finished_run_is_compared_and_gated_again(study, capsys):
    run_here(study)
    capsys.readouterr()
    assert run_command_line(["compare", "--explainer", "gradcam", "lime", "--format", "json"]) == 0
    compared = json.loads(capsys.readouterr().out)["comparisons"]
    assert {(c["explainer_id"], c["other_id"]) for c in compared} == {("gradcam", "lime")}
    assert {c["n_cases"] for c in compared if c["metric_id"] == "pointing-game"} == {N_SICK}
    assert {c["n_patients"] for c in compared if c["metric_id"] == "pointing-game"} == {N_PATIENTS}
    for limits, code in (
        (["reliance-mark=0.3"], 0),
        (["reliance-mark=0.3", "relevance-mass-accuracy@gradcam=0.9"], 1),
        (["relevance-mass-accuracy@centre=0.5"], 1),
        (["pixel-flipping@gradcam<=0.3"], 0),
        (["pixel-flipping@gradcam=0.01"], 1),
    ):
        assert run_command_line(["gate", "--fail-under", *limits]) == code, limits
    assert run_command_line(["gate", "--fail-under", "reliance-mark=1.5", "--exit-zero"]) == 0
    capsys.readouterr()
    assert run_command_line(["gate", "--fail-under", "reliance-mark=1.5"]) == 1
    assert run_command_line(["gate"]) == 0, "gating by other limits does not overwrite the run's own verdict"


def test_the_stages_one_by_one_come_to_the_same_as_the_run_at_once(study, whole, capsys):
    audit = str(write_audit(study))
    for stage in ("train", "predict", "explain", "score"):
        assert run_command_line([stage, audit, "-q"]) == 0
        assert capsys.readouterr().out == f"runs/{only_run(study / 'runs').name}\n"
    assert run_command_line(["run", audit, "-q", "--format", "json"]) == 0
    work = json.loads(capsys.readouterr().out)["work"]
    # four chunks: four maps, three questions and the prior; two chunks of other cases: three questions
    assert work["n_shards_reused"] == work["n_shards"] == 4 * 8 + 2 * 3
    assert tables(only_run(study / "runs")) == whole


def test_a_damaged_part_is_made_again(study, whole):
    _, run = run_here(study)
    part = sorted((run / "scores").iterdir())[3]
    part.write_bytes(part.read_bytes()[:100])
    sorted((run / "maps").iterdir())[2].unlink()
    code, _ = run_here(study)
    assert code == 0
    assert table(run, "scores").map(str).to_csv() == whole["scores"]


def test_a_mark_that_was_moved_changes_the_scores_of_its_case_alone(study):
    _, run = run_here(study)
    before = table(run, "scores")
    marks = json.loads((study / "marks.json").read_text())
    marks["annotations"][0]["bbox"] = [0, 0, 8, 10]
    (study / "marks.json").write_text(json.dumps(marks))
    assert run_command_line(["run", str(study / "audit.yaml"), "-q"]) == 0
    [again] = [
        folder for folder in (study / "runs").iterdir() if folder not in (run, study / "runs" / "latest")
    ]
    key = ["model", "explainer", "metric", "case_id"]
    merged = before.merge(table(again, "scores"), on=key, suffixes=("", "_after"))
    assert len(merged) == len(before)
    changed = merged[merged["value"].map(str) != merged["value_after"].map(str)]
    assert set(changed["case_id"]) == {"p0-0"}


def test_a_mistake_in_the_program_ends_with_3_and_shows_no_value_of_a_variable(study, capsys, monkeypatch):
    def broken(*args, **kwargs):
        patient = "patient-called-secret"
        raise ZeroDivisionError(len(patient) and "broken on purpose")

    monkeypatch.setattr("xaudit.stages.work.audited.evaluate", broken)
    code, _ = run_here(study)
    out, err = capsys.readouterr()
    assert (code, out) == (3, "")
    lines = err.splitlines()
    assert lines[0].startswith("Traceback")
    assert lines[-2] == "error: internal error: ZeroDivisionError: broken on purpose"
    assert lines[-1].startswith("hint:  this is a mistake in xaudit; please report it")
    assert 'patient = "patient-called-secret"' not in err
    assert json.loads((only_run(study / "runs") / "status.json").read_text())["state"] == "interrupted"


def test_without_marks_the_report_says_what_cannot_be_measured(study, capsys):
    # no mark shows which class is the finding, so the audit file says it
    data = study_audit()["data"] | {"annotations": None, "positive": "sick"}
    code, _ = run_here(study, "--format", "json", data=data, gates=[], run={"figures": 0, "cases": "all"})
    outcome = json.loads(capsys.readouterr().out)
    assert code == 0
    assert "XA402" in {verdict["code"] for verdict in outcome["verdicts"]}
    assert outcome["n_explained"] == {"marks": 24}


@pytest.fixture
def vanishing(monkeypatch):
    """Lets the image of a case vanish from the moment when it has been classified."""
    from xaudit.cases.dataset import Dataset
    from xaudit.errors import DataError

    read, asked = Dataset.pixels, []

    def pixels(self, case):
        asked.append(case.case_id)
        if case.case_id == "p3-1" and asked.count("p3-1") > 1:
            raise DataError("p3-1: has gone")
        return read(self, case)

    return lambda: monkeypatch.setattr(Dataset, "pixels", pixels)


def test_an_image_that_vanishes_is_named_and_tried_again_by_the_next_run(
    study, whole, vanishing, monkeypatch
):
    vanishing()
    code, run = run_here(study, "--max-error-rate", "0.1")
    assert code == 0
    [problem] = table(run, "problems").to_dict("records")
    assert (problem["case_id"], problem["stage"]) == ("p3-1", "explain")
    assert "p3-1" not in set(table(run, "scores")["case_id"])
    monkeypatch.undo()
    monkeypatch.chdir(study)
    code, again = run_here(study)
    assert (code, again) == (0, run)
    assert len(table(run, "problems")) == 0
    assert tables(run) == whole


def test_maps_made_while_an_image_was_gone_are_made_again_before_they_are_scored(
    study, whole, vanishing, monkeypatch
):
    vanishing()
    assert run_command_line(["explain", str(write_audit(study)), "-q"]) == 0
    monkeypatch.undo()
    monkeypatch.chdir(study)
    code, run = run_here(study)
    assert code == 0
    assert tables(run) == whole


def test_more_vanished_images_than_allowed_among_the_explained_ones_end_with_4(study, vanishing, capsys):
    vanishing()
    code, _ = run_here(study)
    assert code == 4
    assert capsys.readouterr().err.splitlines()[0] == (
        "error: 1 of 16 cases failed, more than the allowed 5%"
    )
