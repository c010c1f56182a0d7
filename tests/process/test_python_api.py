"""The Python library on the small study: the same results as the command line, and nothing said or changed beside."""

import json
import shutil
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from known_study import environment, only_run, study_audit, table, tables, write_audit
from test_older_runs import OLDER

import xaudit
from xaudit.cli.boundary import run_command_line
from xaudit.errors import IncompleteRunError, ModelError, RunFolderError, UsageError, XauditError

pytestmark = pytest.mark.usefixtures("one_thread")

LOCALIZATION = ["relevance-mass-accuracy", "pointing-game"]


@pytest.fixture(scope="module")
def made(pristine, tmp_path_factory):
    """The study audited from Python: its outcome, and what was printed."""
    folder = tmp_path_factory.mktemp("python") / "study"
    shutil.copytree(pristine, folder)
    return xaudit.audit(write_audit(folder), out=folder / "runs", progress=False)


@pytest.fixture(scope="module")
def run(made):
    return xaudit.open_run(made.run.folder)


def test_the_results_are_those_of_the_command_line_to_the_bit(made, whole):
    assert tables(made.run.folder) == whole
    assert made.exit_code == 0
    assert [(one.rule, one.status) for one in made.gates] == [
        ("reliance-mark >= 0.3", "pass"),
        ("relevance-mass-accuracy@gradcam >= 0.5", "pass"),
    ]
    assert {"XA101", "XA202"} <= {one.code for one in made.verdicts}


@pytest.mark.parametrize("name", ["cases", "predictions", "scores", "reliance", "summary", "categories"])
def test_a_table_is_what_pandas_reads_from_the_folder(run, name):
    path = run.folder / f"{name}.parquet"
    pd.testing.assert_frame_equal(
        getattr(run, name)(), pd.read_parquet(path if path.exists() else run.folder / name), check_dtype=True
    )


def test_gates_are_those_of_gates_json(run):
    stored = [
        one
        for one in json.loads((run.folder / "gates.json").read_text())["verdicts"]
        if one["kind"] == "gate"
    ]
    gates = run.gates()
    assert gates["rule"].tolist() == [one["rule"] for one in stored]
    assert gates[["model", "status", "gating"]].values.tolist() == [["marks", "pass", True]] * 2


def test_one_map_scored_without_the_run_gets_the_score_that_stands_in_it(run):
    scores = run.scores().query("metric in @LOCALIZATION and status == 'scored'")
    signed = scores[scores.explainer.isin(["gradcam", "lime"])]
    assert len(signed) == 2 * 16 * 2  # explainers, marked cases, metrics
    for (case, explainer), own in signed.groupby(["case_id", "explainer"]):
        saliency, [mark] = run.saliency(case, explainer=explainer), run.marks(case).values()
        assert saliency.shape == mark.shape == (40, 32)
        expected = dict(zip(own.metric, own.value, strict=True))
        assert xaudit.score_map(saliency, mark, metrics=LOCALIZATION) == expected


def test_marks_are_what_the_reader_drew(run):
    coco = json.loads((run.folder.parents[1] / "marks.json").read_text())
    x, y, width, height = coco["annotations"][0]["bbox"]
    [mark] = run.marks("p0-0").values()  # named by its last part, without the image's ending
    expected = np.zeros((40, 32), dtype=bool)
    expected[y : y + height, x : x + width] = True
    np.testing.assert_array_equal(mark, expected)


def test_the_same_call_goes_on_in_the_same_folder_and_a_mapping_is_an_audit_too(study):
    first = xaudit.audit(write_audit(study, run={"figures": 0, "limit": 6}), progress=False)
    again = xaudit.audit(study_audit(run={"figures": 0, "limit": 6}), progress=False)
    assert again.run.folder == first.run.folder == Path("runs", first.run.run_id)
    assert json.loads((first.run.folder / "outcome.json").read_text())["work"]["n_shards_reused"] > 0
    other = xaudit.audit(
        study_audit(), overrides={"run.limit": np.int64(4), "run.figures": 0}, progress=False
    )
    assert other.run.run_id != first.run.run_id
    assert other.run.scores()["case_id"].nunique() == 4
    # The model is asked about as many of each class: the four sick images that are explained, and four well ones.
    asked = other.run.reliance().drop_duplicates("case_id")
    assert asked["label"].value_counts().to_dict() == {"sick": 4, "well": 4}


def test_a_missed_gate_is_an_exit_code_and_no_exception(study):
    settings = {"gates": ["reliance-mark >= 0.3"], "run.limit": 20, "explainers": ["gradcam"]}
    outcome = xaudit.audit(
        study_audit(
            models=[{**study_audit()["models"][0], "id": "corner", "weights": Path("corner.safetensors")}]
        ),
        overrides=settings,
        progress=False,
    )
    assert outcome.exit_code == 1
    assert outcome.gates[0].status == "fail"
    page = outcome._repr_html_()
    assert "FAIL corner:" in page
    junit = (outcome.run.folder / "junit.xml").read_text()
    assert 'type="XA101"' in junit


def test_nothing_is_printed_and_nothing_of_the_process_is_changed(study, capsys):
    said, audit = [], xaudit.audit
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    filters, threads, state = list(warnings.filters), torch.get_num_threads(), torch.random.get_rng_state()
    numpy_state = np.random.get_state()[1].copy()  # noqa: NPY002
    audit(study_audit(), overrides={"run.limit": 4}, progress=said.append)
    assert capsys.readouterr() == ("", "")
    assert {"predict marks", "explain and score", "summarise"} <= {one.stage for one in said}
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert list(warnings.filters) == filters
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002


def test_errors_are_those_of_the_command_line_and_leave_no_run(study):
    with pytest.raises(ModelError, match="no device is called 'cud'"):
        xaudit.audit(study_audit(), device="cud", progress=False)
    with pytest.raises(XauditError, match=r"^audit: data\.imges: no key is called 'imges'") as caught:
        xaudit.audit({**study_audit(), "data": {"imges": "images"}}, progress=False)
    assert "did you mean 'images'?" in caught.value.hint
    with pytest.raises(UsageError, match="workers: expected at least 1, got 0"):
        xaudit.audit(study_audit(), workers=0, progress=False)
    with pytest.raises(XauditError, match=r"nowhere\.yaml: no such file"):
        xaudit.audit("nowhere.yaml", progress=False)
    assert not Path("runs").exists()


def test_a_script_without_a_guard_is_told_what_it_lacks(study):
    """A worker imports the script, and must not audit again."""
    write_audit(study)
    (study / "script.py").write_text("import xaudit\nxaudit.audit('audit.yaml', workers=2, progress=False)\n")
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=study,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert "xaudit.audit was called while a worker process imported the script" in done.stderr
    assert 'hint: call it under `if __name__ == "__main__":`' in done.stderr


def test_too_many_failed_cases_raise_and_the_run_is_there(study):
    (study / "images" / "p0-0.png").write_bytes(b"no image")
    with pytest.raises(IncompleteRunError, match="more than the allowed 0%") as caught:
        xaudit.audit(study_audit(), overrides={"run.max_error_rate": 0}, progress=False)
    run = xaudit.open_run(caught.value.run_folder)
    assert (run.state, run.finished) == ("incomplete", True)
    assert "p0-0" in (run.folder / "junit.xml").read_text()


def test_the_manifest_names_the_command_that_does_the_same(study, capsys):
    write_audit(study)
    outcome = xaudit.audit("audit.yaml", overrides={"run.limit": 4, "gates": []}, progress=False)
    command = json.loads((outcome.run.folder / "manifest.json").read_text())["command_line"]
    assert command == [
        "xaudit",
        "run",
        "audit.yaml",
        "--out",
        "runs",
        "--set",
        "run.limit=4",
        "--set",
        "gates=[]",
    ]
    assert run_command_line([*command[1:], "-q"]) == 0
    # Two explainers and two controls on four images; reliance, its map and the whole image on these and four more; and
    # what the explainers' maps capture of the reliance map.
    n_shards = 4 + 3 * 2 + 1
    assert f"{n_shards} of {n_shards} shards reused" in " ".join(capsys.readouterr().out.split())
    assert only_run(study / "runs") == study / outcome.run.folder


def test_a_share_is_opened_with_a_warning_and_has_what_it_did(study):
    write_audit(study)
    assert run_command_line(["run", "audit.yaml", "-q", "--shard", "1/2"]) == 0
    [folder] = [path for path in (study / "runs").iterdir() if path.is_dir()]
    with pytest.warns(
        UserWarning, match=r"not finished \(state: shard\); its tables hold what was done so far"
    ):
        run = xaudit.open_run(folder)
    assert repr(run) == f"<xaudit.Run {run.run_id}: shard>"
    assert f"{run.run_id}: shard" in run._repr_html_()
    assert len(run.scores()) == len(table(folder, "scores")) > 0
    for asks in (run.summary, run.categories, run.gates, lambda: run.to_html("page.html"), run.compare):
        with pytest.raises(RunFolderError):
            asks()
    assert not Path("page.html").exists()


def test_a_run_of_schema_1_0_is_read_and_left_as_it_is(tmp_path):
    folder = shutil.copytree(OLDER, tmp_path / OLDER.name)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    run = xaudit.open_run(folder)
    assert run.summary()["stratum"].unique().tolist() == ["all"]  # which it did not write
    assert run.reliance()["beyond_random"].isna().all()  # which it did not measure
    assert run.categories().empty
    assert run.gates()["kind"].tolist() == ["gate"]
    case = run.scores().query("explainer == 'gradcam'")["case_id"].iloc[0]
    assert run.saliency(case, explainer="gradcam").shape == next(iter(run.marks(case).values())).shape
    assert "PASS" in run._repr_html_()
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("ask", "message", "hint"),
    [
        (lambda run: run.saliency("p0-00", explainer="lime"), "none of the run's 24 cases is called 'p0-00'", "did you mean"),
        (lambda run: run.saliency("p0-0", explainer="lme"), "RUN has no explainer 'lme'", "did you mean 'lime'?"),
        (lambda run: run.saliency("p0-0", model="mark", explainer="lime"), "RUN has no model 'mark'", "did you mean 'marks'?"),
        (lambda run: run.saliency("p0-0"), "explainer: several are in the run", "RUN has gradcam, lime, random, centre"),
        (lambda run: run.marks("p9-0"), "none of the run's 24 cases is called 'p9-0'", ""),
        (lambda run: run.compare(metrics=["pointing-gam"]), "RUN has no metric 'pointing-gam'", "did you mean 'pointing-game'?"),
    ],
)  # fmt: skip
def test_a_name_that_the_run_does_not_have_is_refused_with_the_nearest(run, ask, message, hint):
    with pytest.raises(UsageError) as caught:
        ask(run)
    assert message.replace("RUN", run.run_id) in str(caught.value)
    assert hint.replace("RUN", run.run_id) in caught.value.hint


def test_maps_that_were_not_kept_are_said_to_be_missing(study):
    outcome = xaudit.audit(study_audit(), overrides={"run.limit": 4, "run.maps": "none"}, progress=False)
    with pytest.raises(UsageError, match="no map of lime on marks is stored for case 'p"):
        outcome.run.saliency(outcome.run.scores()["case_id"].iloc[0], explainer="lime")


def test_a_comparison_is_that_of_the_command_line(run, capsys):
    args = ["compare", str(run.folder), "--explainer", "gradcam", "lime", "--format", "csv"]
    assert run_command_line(args) == 0
    printed = capsys.readouterr().out.splitlines()
    frame = run.compare(explainers=["gradcam", "lime"])
    assert ",".join(frame.columns) == printed[0]
    assert len(frame) == len(printed) - 1
    assert frame["difference"].map(str).tolist() == [line.split(",")[12] for line in printed[1:]]


def test_the_page_is_that_of_the_command_line(run, tmp_path):
    page = run.to_html(tmp_path / "page.html")
    assert run_command_line(["report", str(run.folder), "--html", "--to", str(tmp_path / "other.html")]) == 0
    assert page.read_bytes() == (tmp_path / "other.html").read_bytes()


def test_a_notebook_shows_the_verdict_and_the_first_cases_and_no_place_of_this_machine(run):
    page = run._repr_html_()
    assert "PASS marks: uses the mark" in page
    assert "<td>p0-0</td>" in page
    assert "5 of 24 cases" in page
    assert str(run.folder.parent) not in page


def test_a_notebook_escapes_what_the_data_says(study):
    name = "<b onclick=x>.png"
    (study / "images" / "p0-0.png").rename(study / "images" / name)
    for file in ("labels.csv", "marks.json"):
        path = study / file
        path.write_text(path.read_text().replace("p0-0.png", name).replace("sick", "<i>sick</i>"))
    outcome = xaudit.audit(
        study_audit(), overrides={"run.limit": 4, "data.positive": "<i>sick</i>"}, progress=False
    )
    page = outcome._repr_html_()
    assert "<i>" not in page
    assert "<b onclick" not in page
    assert "&lt;b onclick=x&gt;" in page
