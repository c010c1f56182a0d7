"""Each command in this process; the stages are played by a finished run."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import outcomes
import pytest
import yaml

import xaudit.stages
from xaudit import __version__
from xaudit.catalog import EXPLAINERS, FINDINGS, FORMATS, METRICS, MODELS
from xaudit.config import read_audit_file
from xaudit.errors import RunFolderError
from xaudit.records import Progress
from xaudit.report.files.github import annotations, step_summary
from xaudit.report.files.junit import junit_xml
from xaudit.stages import FinishedRun, Limits


@pytest.fixture
def stages(monkeypatch):
    """Stages that give the phantom study's outcome at once; what they were asked is kept."""

    class Stages:
        outcome = outcomes.phantom_outcome()
        asked = None

        def run_audit(self, request, *, until="report", on_progress):
            self.asked = (request, until)
            on_progress(Progress("explain", 0, 4))
            return FinishedRun(Path("runs/x"), self.outcome if until == "report" else None)

        def load_outcome(self, run):
            self.asked = run
            return self.outcome

        def regate(self, run, limits):
            self.asked = (run, limits)
            return self.outcome

        def load_diff(self, base, head, *, explainers, metrics):
            self.asked = (base, head, explainers, metrics)
            return self.diff

        def load_comparisons(self, runs, *, explainers, models, metrics, by):
            self.asked = (list(runs), explainers, metrics, models, by)
            return ()

    played = Stages()
    for name in ("run_audit", "load_outcome", "regate", "load_comparisons", "load_diff"):
        monkeypatch.setattr(xaudit.stages, name, getattr(played, name))
    return played


def passing(outcome):
    return replace(outcome, verdicts=tuple(v for v in outcome.verdicts if v.status == "pass"))


def test_a_failed_gate_exits_with_1_and_says_why(answer, stages):
    code, out, err = answer("run")
    assert code == 1
    assert out.startswith("xaudit: phantom, 2 models, 3 explainers, 54 images explained for each\n")
    assert err.splitlines() == [
        f"xaudit {__version__}: the built-in phantom study, runs in runs",
        "reliance map: 161 evaluations of each model for an image, and 129 more for one of another class than the "
        "target (`reliance.map`)",
        "whole image: 10 evaluations of each model for an image, 17 where a finding is marked (`reliance.image`)",
        "misclassified images: at most 20 of each model are explained beside the chosen cases (`run.errors`)",
        "explain: 0 of 4",
        "exit code 1: 3 of 6 gates not passed (shortcut); with --exit-zero it would be 0",
    ]


def test_exit_zero_keeps_the_verdict_and_says_so(answer, stages):
    code, out, err = answer("run", "--exit-zero", "-q")
    assert code == 0
    assert "FAIL shortcut" in out
    assert err == "exit code 0 because of --exit-zero, although 3 of 6 gates not passed (shortcut)\n"


def test_a_passed_run_exits_with_0_and_quiet_means_quiet(answer, stages):
    stages.outcome = passing(stages.outcome)
    assert answer("run", "-q")[::2] == (0, "")


def test_a_run_hands_on_what_was_asked(answer, stages, monkeypatch):
    monkeypatch.setattr("sys.argv", ["xaudit", "run", "-o", "elsewhere"])
    answer("run", "-o", "elsewhere", "--fresh", "--retrain", "--device", "cpu", "-e", "lime", "occlusion")
    request, until = stages.asked
    assert (request.out, request.fresh, request.retrain, request.device) == (
        Path("elsewhere"),
        True,
        True,
        "cpu",
    )
    assert [spec.id for spec in request.audit.explainers] == ["lime", "occlusion"]
    assert request.command == ("xaudit", "run", "-o", "elsewhere")
    assert until == "report"


def test_a_flag_stands_above_the_environment_and_the_environment_above_the_file(answer, stages, monkeypatch):
    monkeypatch.setenv("XAUDIT_SEED", "3")
    monkeypatch.setenv("XAUDIT_LIMIT", "4")
    monkeypatch.setenv("XAUDIT_OUT", "there")
    monkeypatch.setenv("XAUDIT_EXPLAINER", "lime,occlusion")
    answer("run", "--limit", "5", "--set", "seed=2", "run.limit=1")
    audit = stages.asked[0].audit
    assert (audit.seed, audit.run.limit, stages.asked[0].out) == (3, 5, Path("there"))
    assert [spec.id for spec in audit.explainers] == ["lime", "occlusion"]


@pytest.mark.parametrize("stage", ["train", "predict", "explain", "score"])
def test_a_stage_goes_no_further_and_prints_the_run_folder(answer, stages, stage):
    code, out, _ = answer(stage, "-q")
    assert (code, out, stages.asked[1]) == (0, "runs/x\n", stage)


def test_an_unknown_device_names_the_nearest(refusal, stages):
    assert refusal("run", "--device", "cudaa") == (
        "--device: no device is called 'cudaa'",
        "did you mean 'cuda'? there are auto, cpu, cuda, mps",
    )


def test_a_run_is_also_written_as_json(answer, stages):
    _, out, _ = answer("run", "--format", "json")
    assert json.loads(out)["run_id"] == stages.outcome.run_id


def test_a_run_is_also_written_as_markdown(answer, stages):
    _, out, _ = answer("run", "--format", "markdown")
    assert out.startswith("# xaudit: phantom, 2 models")


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "runs" / "one"
    path.mkdir(parents=True)
    return path


def test_report_shows_a_run_and_exits_with_0_whatever_its_verdict(answer, stages, folder):
    code, out, err = answer("report", "runs/one")
    assert (code, err, stages.asked) == (0, "", Path("runs/one"))
    assert "FAIL shortcut" in out


def test_gate_holds_a_run_against_other_limits(answer, stages, folder):
    code, out, err = answer("gate", "runs/one", "--fail-under", "iou@lime=0.3", "reliance-border<=0.05")
    assert stages.asked == (Path("runs/one"), Limits(fail_under=("iou@lime=0.3", "reliance-border<=0.05")))
    assert code == 1
    assert out.splitlines()[1].startswith("Gates ─")
    assert err == "exit code 1: 3 of 6 gates not passed (shortcut); with --exit-zero it would be 0\n"


def test_gate_hands_on_baseline_drops_and_how_strictly_to_judge(answer, stages, folder):
    (folder.parent / "old").mkdir()
    answer(
        "gate", "one", "--baseline", "old", "--max-drop", "iou@lime=0.05", "pointing-game=0.1", "--strict",
        "--gate-on", "mean",
    )  # fmt: skip
    assert stages.asked == (
        Path("runs/one"),
        Limits(
            max_drop=("iou@lime=0.05", "pointing-game=0.1"),
            baseline=Path("runs/old"),
            gate_on="mean",
            strict=True,
        ),
    )


def test_gate_takes_its_limits_from_the_run_where_none_are_given(answer, stages, folder):
    code, out, _ = answer("gate", "runs/one", "--exit-zero", "--format", "json")
    assert stages.asked == (Path("runs/one"), Limits())
    assert code == 0
    assert [v["code"] for v in json.loads(out)["verdicts"]][:1] == ["XA101"]


def test_a_drop_takes_a_baseline_and_a_baseline_a_drop(refusal, stages, folder):
    assert refusal("gate", "runs/one", "--max-drop", "iou=0.1") == (
        "--max-drop: there is no baseline",
        "name an earlier run with --baseline RUN",
    )
    assert refusal("gate", "runs/one", "--baseline", "runs/one") == (
        "--baseline: nothing is held against it",
        "for example --max-drop iou@lime=0.05",
    )
    error, _ = refusal("gate", "runs/one", "--baseline", "nowhere", "--max-drop", "iou=0.1")
    assert error == "nowhere: no such run folder"


def test_gate_on_something_else_names_the_nearest(refusal, stages, folder):
    error, hint = refusal("gate", "runs/one", "--gate-on", "lowr")
    assert error.startswith("xaudit gate: invalid value for '--gate-on': 'lowr' is not one of")
    assert hint.startswith("did you mean 'lower'?")


def test_run_and_gate_write_junit_where_they_are_asked_to(answer, stages, folder):
    answer("run", "-q", "--junit", "ci/run.xml")
    answer("gate", "runs/one", "--junit", "gate.xml")
    whole = junit_xml(stages.outcome)
    assert Path("ci/run.xml").read_text() == Path("gate.xml").read_text() == whole
    assert Path("runs/x/junit.xml").read_text() == whole, "and a run keeps its own"
    assert not (folder / "junit.xml").exists(), "a stored run's own verdict is not overwritten"


def test_junit_that_cannot_be_written_is_an_error(answer, stages, folder):
    Path("gate.xml").mkdir()
    code, _, err = answer("gate", "runs/one", "--junit", "gate.xml")
    assert code == 2
    assert err.splitlines()[0] == "error: gate.xml: a folder stands where a file is needed"


def test_a_stage_that_judges_nothing_writes_no_junit(refusal, stages):
    assert refusal("score", "--junit", "x.xml") == (
        "--junit: `xaudit score` judges no gate",
        "`xaudit run` does",
    )


def test_github_is_told_on_stderr_and_in_the_step_summary(answer, stages, folder, monkeypatch):
    Path("summary.md").write_text("what another command wrote\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    _, out, err = answer("gate", "runs/one", "--github", "--format", "json")
    assert json.loads(out)["run_id"] == stages.outcome.run_id, "stdout stays what it is"
    assert err.splitlines()[:-1] == annotations(stages.outcome)
    assert len(annotations(stages.outcome)) == 3
    text = Path("summary.md").read_text()
    assert text == "what another command wrote\n" + step_summary(stages.outcome)


def test_github_actions_needs_no_flag_and_can_be_told_not_to(answer, stages, folder, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert "::error " in answer("gate", "runs/one")[2]
    assert "::error " in answer("run", "-q")[2]
    assert "::error " not in answer("gate", "runs/one", "--no-github")[2]


def test_a_summary_that_is_full_takes_no_more(answer, stages, folder, monkeypatch):
    Path("summary.md").write_text("x" * 1024 * 1024)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    answer("gate", "runs/one", "--github")
    assert Path("summary.md").stat().st_size == 1024 * 1024


def test_compare_hands_on_runs_explainers_and_metrics(answer, stages, folder):
    code, out, _ = answer("compare", "runs/one", "one", "--explainer", "lime", "gradcam", "--metric", "iou")
    assert stages.asked == ([Path("runs/one"), Path("runs/one")], ("lime", "gradcam"), ("iou",), (), None)
    assert code == 0
    assert "No two explainers were scored" in out


def test_compare_hands_on_models_and_a_stratum(answer, stages, folder):
    answer("compare", "runs/one", "--model", "a", "b", "-e", "lime", "--by", "lesion-size")
    assert stages.asked == ([Path("runs/one")], ("lime",), (), ("a", "b"), "lesion-size")


def test_one_explainer_cannot_be_compared(refusal, stages, folder):
    assert refusal("compare", "runs/one", "-e", "lime") == (
        "compare: 'lime' alone cannot be compared",
        "name two: --explainer lime gradcam",
    )


def test_without_a_run_there_is_nothing_to_report(refusal):
    assert refusal("report") == ("runs: no run folder there", "`xaudit run` makes one")


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("explainers", [row.id for row in EXPLAINERS]),
        ("metrics", [row.id for row in METRICS]),
        ("models", [row.id for row in MODELS]),
        ("formats", [row.id for row in FORMATS]),
        ("findings", [row.code for row in FINDINGS]),
    ],
)
def test_a_list_names_every_row_of_the_catalog_in_every_format(answer, what, names):
    _, plain, _ = answer("list", what)
    assert [name for name in names if f"\n{name} " in plain] == names
    assert max(len(line) for line in plain.splitlines()) <= 80
    _, as_json, _ = answer("list", what, "--format", "json")
    assert [row.get("id") or row["code"] for row in json.loads(as_json)] == names
    _, as_csv, _ = answer("list", what, "--format", "csv")
    assert [row[0] for row in csv.reader(io.StringIO(as_csv))][1:] == names
    _, markdown, _ = answer("list", what, "--format", "markdown")
    assert [line.split(" | ")[0].removeprefix("| ") for line in markdown.splitlines()[2:]] == names


def test_a_list_has_one_text_beside_a_name_where_a_terminal_has_no_room_for_more(answer):
    _, models, _ = answer("list", "models")
    assert (
        "\ntimm         any classifier of timm, by its name; its weights are never\n"
        "             downloaded\n"
        "             needs architecture; xaudit[timm]\n"
    ) in models
    assert "\n             cannot be asked for training, gradients, layers, mprt, run.compile\n" in models
    _, explainers, _ = answer("list", "explainers")
    assert (
        "\nxgradcam              as gradcam, with gradients averaged by how strong the\n"
        "                      feature is there (1 forward, 1 backward)\n"
    ) in explainers
    before, _, controls = explainers.partition("\ncontrols\n")
    assert "\nrise " in before
    assert "\nrandom                uniform noise: what no knowledge at all scores\n" in controls
    _, formats, _ = answer("list", "formats")
    images, _, annotations = formats.partition("\nannotations\n")
    assert "\npng           8- and 16-bit grey or colour (holds images, masks)\n" in images
    assert "\nchexlocalize  compressed run lengths by image and finding\n" in annotations


def test_where_there_are_no_runs_the_list_says_so(answer):
    code, out, err = answer("list", "runs", "--format", "json")
    assert (code, out, err) == (0, "[]\n", "no runs in runs; `xaudit run` makes one\n")


def test_init_writes_a_file_of_15_lines_that_is_valid(answer):
    code, out, err = answer("config", "init")
    assert (code, out) == (0, "")
    assert err.startswith("wrote xaudit.yaml; ")
    assert len(Path("xaudit.yaml").read_text().splitlines()) == 15
    assert len(read_audit_file(Path("xaudit.yaml")).gates) == 2
    code, out, _ = answer("config", "validate", "xaudit.yaml")
    here = Path.cwd()
    assert (code, [line for line in out.splitlines() if line[0].isdigit()]) == (
        2,
        [
            f"1. {here}/images: no such folder of images",
            f"2. {here}/annotations.json: no such annotations",
            f"3. weights {here}/resnet50.safetensors: No such file or directory",
        ],
    )


def test_init_overwrites_only_by_force(answer, refusal):
    Path("mine.yaml").write_text("mine")
    assert refusal("config", "init", "mine.yaml") == ("mine.yaml: is there already", "--force overwrites it")
    assert Path("mine.yaml").read_text() == "mine"
    assert answer("config", "init", "mine.yaml", "--force")[0] == 0
    assert Path("mine.yaml").read_text() != "mine"


def test_init_into_a_folder_that_is_not_there_is_refused(refusal):
    error, _ = refusal("config", "init", "no/where.yaml")
    assert error == "no/where.yaml: cannot be written: no such file or directory"


def test_validate_names_the_key_and_the_nearest(refusal):
    Path("a.yaml").write_text("data: {format: phantom}\nmodel: []\n")
    error, hint = refusal("config", "validate", "a.yaml")
    assert error.startswith("a.yaml: ")
    assert hint


def test_the_schema_is_json(answer):
    _, out, _ = answer("config", "schema")
    assert json.loads(out)["title"] == "xaudit audit file"


def test_export_prints_what_a_run_used(answer, refusal, folder):
    (folder / "audit.resolved.yaml").write_text("name: one\n")
    assert answer("config", "export", "runs/one") == (0, "name: one\n", "")
    (folder / "audit.resolved.yaml").unlink()
    assert refusal("config", "export", "runs/one")[0] == (
        "runs/one/audit.resolved.yaml: cannot be read: no such file or directory"
    )


def test_a_phantom_is_written_as_ordinary_files_and_checked(answer):
    code, out, _ = answer(
        "data", "phantom", "study", "--patients", "6", "--size", "64", "--plant", "corner-marker"
    )
    assert (code, out) == (0, "study\n")
    assert {"images", "lungs", "labels.csv", "annotations.json"} <= {
        path.name for path in Path("study").iterdir()
    }
    audit = {
        "data": {
            "format": "csv",
            "images": "study/images",
            "labels": "study/labels.csv",
            "annotations": {"path": "study/annotations.json"},
            "regions": {"lungs": "study/lungs"},
        },
        "models": [{"id": "net", "architecture": "resnet18"}],
    }
    Path("a.yaml").write_text(yaml.safe_dump(audit))
    code, out, _ = answer("data", "check", "a.yaml", "-q")
    assert code == 0
    assert "data: 18 images, positive class 'cancer'" in out
    assert "lung masks: 18 images" in out
    assert "cannot be used: 0 images" in out


def test_an_unknown_plant_names_the_nearest(refusal):
    assert refusal("data", "phantom", "study", "--plant", "corner") == (
        "--plant: nothing is called 'corner'",
        "did you mean 'corner-marker'? there are none, corner-marker, border-tone, opposite-tag, same-tag, "
        "hyperintensity, obstruction, mixed",
    )


def test_mixed_evidence_is_written_where_it_tells_nothing_of_the_class_and_refused_elsewhere(answer, refusal):
    asked = ("data", "phantom", "study", "--patients", "6", "--size", "64", "--plant", "mixed")
    assert refusal(*asked) == (
        "--strength: mixed evidence is shown alike on both classes, not with strength 1",
        "add --strength 0",
    )
    assert not Path("study").exists()
    assert answer(*asked, "--strength", "0")[:2] == (0, "study\n")
    assert "Planted evidence: mixed, strength 0." in Path("study/README.txt").read_text()


def test_a_phantom_does_not_overwrite_a_folder(refusal):
    Path("study").mkdir()
    Path("study/mine.txt").touch()
    assert refusal("data", "phantom", "study")[0] == "study: is there already and not empty"


def test_the_doctor_finds_this_machine_sound(answer):
    code, out, _ = answer("doctor", "--format", "json")
    found = {check["name"]: check for check in json.loads(out)}
    assert code == 0
    assert [name for name, check in found.items() if check["state"] == "broken"] == []
    assert found["geometry"]["found"] == "a planted block and the box drawn around it coincide"
    assert found["opencv"]["state"] == "ok"


def test_the_doctor_exits_with_2_where_runs_cannot_be_written(answer, monkeypatch):
    def refusing(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("xaudit.cli.doctor.tempfile.TemporaryFile", refusing)
    code, out, _ = answer("doctor")
    assert code == 2
    assert "runs can be written" in out
    assert "broken" in out


def test_an_error_in_a_stage_passes_the_boundary(refusal, monkeypatch, folder):
    def refusing(run):
        raise RunFolderError("runs/one: written by a newer version", hint="use that version")

    monkeypatch.setattr(xaudit.stages, "load_outcome", refusing)
    assert refusal("report", "one") == ("runs/one: written by a newer version", "use that version")
