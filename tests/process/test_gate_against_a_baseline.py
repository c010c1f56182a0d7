"""A run held against an earlier one: the model that read the lesions has been replaced by one that reads the corner."""

import csv
import io
import json
import shutil
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from known_study import N_PATIENTS, only_run, study_model, write_audit, xaudit_process

from xaudit.cli.boundary import run_command_line
from xaudit.records import Annotation, Box
from xaudit.store.parts import SCORES, part_keys, read_parts, write_part
from xaudit.store.run_folder import RunFolder
from xaudit.store.tables import (
    read_annotations,
    read_cases,
    read_summaries,
    write_annotations,
    write_cases,
    write_summaries,
)

pytestmark = pytest.mark.usefixtures("one_thread")

GATES = [
    "relevance-mass-accuracy@gradcam >= 0.5",
    {"gate": "pointing-game@lime >= 0.5", "informational": True},
]


@pytest.fixture(scope="module")
def runs(pristine, tmp_path_factory):
    """A folder with the runs `base` and `head`: the same study and the same model id, other weights."""
    folder = tmp_path_factory.mktemp("baseline") / "study"
    shutil.copytree(pristine, folder)
    for name, weights in (("base", "marks"), ("head", "corner")):
        model = study_model("net", weights=f"{weights}.safetensors")
        audit = write_audit(folder, f"{name}.yaml", models=[model], gates=GATES)
        run_command_line(["run", str(audit), "-q", "-o", str(folder / f"made-{name}"), "--no-github"])
        (folder / "runs").mkdir(exist_ok=True)
        only_run(folder / f"made-{name}").rename(folder / "runs" / name)
    return folder


@pytest.fixture
def changed(runs, tmp_path):
    """A folder with copies of both runs, which a test may change."""
    shutil.copytree(runs / "runs", tmp_path / "runs")
    return tmp_path


def process(folder, *args, **more):
    """One command line in a process of its own: its exit code, stdout and stderr."""
    done = xaudit_process(*args, cwd=folder, XAUDIT_GITHUB="0", **more)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def answer(capsys, monkeypatch):
    """The same in this process, from a folder."""
    monkeypatch.setenv("XAUDIT_GITHUB", "0")

    def answer(folder, *args):
        monkeypatch.chdir(folder)
        capsys.readouterr()
        code = run_command_line([str(arg) for arg in args])
        return code, *capsys.readouterr()

    return answer


def run_ids(folder):
    return [RunFolder.open_run(folder / "runs" / name).run_id for name in ("base", "head")]


@pytest.fixture
def refused(answer):
    """A command line that must be refused in two lines: its error and its hint."""

    def refused(folder, *args):
        code, out, err = answer(folder, *args)
        assert (code, out) == (2, ""), err
        error, hint = err.splitlines()
        return error.removeprefix("error: "), hint.removeprefix("hint:  ")

    return refused


DROP = ("gate", "head", "--baseline", "base", "--max-drop", "relevance-mass-accuracy@lime=0.1")


def test_a_drop_beyond_the_limit_ends_with_1_and_is_explained(runs):
    base_id, _ = run_ids(runs)
    code, out, err = process(runs, *DROP, "--format", "json")
    assert (code, err) == (
        1,
        "exit code 1: 2 of 2 gates not passed (net); with --exit-zero it would be 0\n",
    )
    [gate, told, drop, *findings] = json.loads(out)["verdicts"]
    assert (gate["rule"], gate["status"]) == ("relevance-mass-accuracy@gradcam >= 0.5", "fail")
    assert (told["rule"], told["status"], told["gating"]) == ("pointing-game@lime >= 0.5", "fail", False)
    assert (drop["code"], drop["status"]) == ("XA104", "fail")
    assert drop["rule"] == "drop of relevance-mass-accuracy@lime <= 0.1"
    assert drop["n_patients"] == N_PATIENTS
    assert drop["sentence"].startswith("relevance-mass-accuracy of lime on net: ")
    assert f" in {base_id}, 0.01 here, worse by " in drop["sentence"]
    assert [v["kind"] for v in findings] == ["finding"] * len(findings)


def test_a_drop_within_the_limit_ends_with_0(runs, answer):
    kept = [*DROP[:-1], "relevance-mass-accuracy@lime=1", "reliance-border=0.5"]
    code, out, err = answer(runs, *kept, "--fail-under", "reliance-border=-1")
    assert (code, err) == (0, "")
    assert "drop of relevance-mass-accuracy@lime <= 1" in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_run_that_is_the_same_dropped_by_nothing(changed, answer):
    shutil.copytree(changed / "runs" / "head", changed / "runs" / "again")
    code, out, _ = answer(
        changed, "gate", "head", "--baseline", "again", "--max-drop", "pointing-game=0",
        "--fail-under", "reliance-border=-1", "--format", "json",
    )  # fmt: skip
    verdicts = json.loads(out)["verdicts"]
    drops = {v["subject"]: (v["status"], v["value"]) for v in verdicts if v["code"] == "XA104"}
    assert drops == {"net/gradcam": ("pass", 0.0), "net/lime": ("pass", 0.0)}
    assert code == 0


def test_a_drop_of_what_a_run_did_not_measure_is_refused(changed, refused):
    error, hint = refused(changed, "gate", "head", "--baseline", "base", "--max-drop", "iou@lime=0")
    assert error == f"--max-drop: {run_ids(changed)[1]} did not measure 'iou'"
    assert "relevance-mass-accuracy" in hint or "did you mean" in hint


def test_the_mean_of_a_drop_can_be_gated_on_instead_of_its_end(runs, answer):
    _, out, _ = answer(runs, *DROP, "--gate-on", "mean", "--format", "json")
    drop = next(v for v in json.loads(out)["verdicts"] if v["code"] == "XA104")
    assert f"worse by {drop['value']:.2f} [" in drop["sentence"]


def test_a_run_is_no_baseline_of_itself(runs, refused):
    head_id = run_ids(runs)[1]
    assert refused(runs, "gate", "head", "--baseline", "head", "--max-drop", "pointing-game=0") == (
        f"--baseline: {head_id} is the run that is judged itself",
        "name an earlier run",
    )


def test_a_baseline_of_other_images_is_refused_with_2_and_two_lines(changed):
    run = RunFolder.open_run(changed / "runs" / "base")
    first, second, *others = read_cases(run)
    write_cases(run, [replace(first, sha256="0" * 64), replace(second, case_id="other"), *others])
    code, out, err = process(changed, *DROP)
    assert (code, out) == (2, "")
    error, hint = err.splitlines()
    assert error == (
        f"error: --baseline: {run.run_id} was made on another data set: 1 test case only in the baseline (other); "
        f"1 test case only in this run ({second.case_id}); 1 test case with another image ({first.case_id})"
    )
    assert hint.startswith("hint:  make the baseline again with the same data and settings; ")


def test_a_baseline_of_other_labels_or_marks_is_refused(changed, refused):
    run = RunFolder.open_run(changed / "runs" / "base")
    first, *others = read_cases(run)
    write_cases(run, [replace(first, label="other"), *others])
    write_annotations(run, [*read_annotations(run), Annotation(first.case_id, "r", Box(0, 0, 1, 1))])
    error, _ = refused(changed, *DROP)
    assert error.endswith(
        f"1 test case with another label ({first.case_id}); 1 test case with other marks ({first.case_id})"
    )


def test_a_training_image_more_does_not_make_another_data_set(changed, answer):
    run = RunFolder.open_run(changed / "runs" / "base")
    cases = read_cases(run)
    write_cases(run, [*cases, replace(cases[0], case_id="more", split="train")])
    assert answer(changed, *DROP)[0] == 1


@pytest.mark.parametrize(
    ("file", "version", "message"),
    [
        ("outcome.json", "0.9", "has schema version 0.9, {head} has 1.6: their tables do not mean the same"),
        ("status.json", "2.0", "written by a newer xaudit (schema 2.0; this one reads up to 1.x)"),
    ],
)
def test_a_baseline_of_another_schema_version_is_refused(changed, file, version, message, refused):
    base_id, head_id = run_ids(changed)
    path = changed / "runs" / "base" / file
    path.write_text(path.read_text().replace('"schema_version": "1.6"', f'"schema_version": "{version}"'))
    error, hint = refused(changed, *DROP)
    assert error.endswith(message.format(head=head_id))
    assert error.startswith((base_id, "runs/base/status.json"))
    assert hint


def with_scores(run, change):
    """The stored scores of a run, changed one by one."""
    for key in part_keys(run, SCORES):
        rows = read_parts(run, SCORES, [key]).rows
        write_part(run, SCORES, key, [replace(row, key=change(row.key)) for row in rows])


def test_a_baseline_with_other_settings_of_the_metric_or_other_readers_is_refused(changed, refused):
    run = RunFolder.open_run(changed / "runs" / "base")
    with_scores(run, lambda key: replace(key, metric_hash=key.metric_hash and "0" * 16))
    assert refused(changed, *DROP)[0] == (
        f"--baseline: {run.run_id} measured relevance-mass-accuracy with other settings"
    )


def test_a_baseline_against_other_readers_is_refused(changed, refused):
    run = RunFolder.open_run(changed / "runs" / "base")
    with_scores(run, lambda key: replace(key, reader="majority"))
    assert refused(changed, *DROP)[0] == (
        f"--baseline: {run.run_id} held relevance-mass-accuracy against other marks: readers majority there, "
        "union here"
    )


def test_other_settings_of_reliance_are_refused_where_reliance_is_asked(changed, answer, refused):
    path = changed / "runs" / "base" / "outcome.json"
    head = json.loads(path.read_text())
    path.write_text(json.dumps({**head, "reliance": {**head["reliance"], "controls": 9}}))
    asked = ("gate", "head", "--baseline", "base", "--max-drop", "reliance-mark=0.1")
    assert refused(changed, *asked)[0].endswith("measured reliance-mark with other settings of `reliance`")
    assert answer(changed, *DROP)[0] == 1


def test_other_settings_of_the_explainer_are_told(changed, answer):
    run = RunFolder.open_run(changed / "runs" / "base")
    with_scores(run, lambda key: replace(key, explainer_hash=key.explainer_hash and "0" * 16))
    _, out, _ = answer(changed, *DROP, "--format", "json")
    assert "(lime had other settings there)" in next(
        v["sentence"] for v in json.loads(out)["verdicts"] if v["code"] == "XA104"
    )
    _, out, _ = answer(changed, "diff", "base", "head", "--format", "json")
    assert any(
        note.startswith("lime has other settings than in the base run") for note in json.loads(out)["notes"]
    )


def test_a_baseline_that_is_no_finished_run_is_refused(changed, refused):
    (changed / "runs" / "base" / "outcome.json").unlink()
    assert refused(changed, *DROP)[0].endswith(": this run was not finished")
    (changed / "empty").mkdir()
    error, _ = refused(changed, "gate", "head", "--baseline", "empty", "--max-drop", "pointing-game=0")
    assert error == "empty: not a run folder"


@pytest.mark.parametrize(
    ("args", "error", "hint"),
    [
        (("--fail-under", "iuo=0.3"), "--fail-under: no metric is called 'iuo'", "did you mean 'iou'?"),
        (
            ("--fail-under", "pointing-game@lim=0.3"),
            "has no explainer 'lim'",
            "did you mean 'lime'? it has gradcam, lime, random, centre",
        ),
        (
            ("--fail-under", "iou"),
            "--fail-under: 'iou' is not a gate; write it like 'iou@gradcam >= 0.3'",
            "for example --fail-under iou@lime=0.3 pointing-game=0.5",
        ),
        (
            ("--max-drop", "iou%a=0.3", "--baseline", "base"),
            "--max-drop: 'iou%a=0.3' is not a largest drop; write it like 'iou@gradcam=0.05'",
            "for example --max-drop iou@lime=0.3 pointing-game=0.5",
        ),
        (
            ("--max-drop", "pointing-game%lesion-sise=small=0.3", "--baseline", "base"),
            "--max-drop: no stratum is called 'lesion-sise'",
            "did you mean 'lesion-size'? there are lesion-size, ",
        ),
    ],
)
def test_a_limit_that_means_nothing_is_refused(runs, args, error, hint, refused):
    found, told = refused(runs, "gate", "head", *args)
    assert found.endswith(error)
    assert told.startswith(hint)


def test_a_stratum_is_gated_on_where_summaries_have_one(changed, answer):
    run = RunFolder.open_run(changed / "runs" / "head")
    summaries = read_summaries(run)
    [lime] = [s for s in summaries if (s.metric_id, s.explainer_id) == ("pointing-game", "lime")]
    small = replace(lime, stratum="lesion-size=small", interval=replace(lime.interval, low=0.7, high=0.9))
    write_summaries(run, [*summaries, small])
    gate = "pointing-game@lime%lesion-size={}=0.6"
    assert answer(changed, "gate", "head", "--fail-under", gate.format("small"))[0] == 0
    code, out, _ = answer(changed, "gate", "head", "--fail-under", gate.format("large"), "--format", "json")
    assert code == 1
    assert json.loads(out)["verdicts"][0]["sentence"] == (
        "pointing-game of lime on net (lesion-size=large): no case has a value; there are values for "
        "%lesion-size=small"
    )


def test_a_drop_is_held_within_a_stratum_too(runs, answer):
    # Every sick image is named rightly, so this stratum is all of them; nobody is in the other one.
    asked = "relevance-mass-accuracy@lime%correctness={}=0.1"
    limits = (asked.format("correct"), "relevance-mass-accuracy@lime=0.1", asked.format("wrong"))
    code, out, _ = answer(
        runs, "gate", "head", "--baseline", "base", "--max-drop", *limits, "--format", "json"
    )
    assert code == 1
    inside, overall, nobody = [v for v in json.loads(out)["verdicts"] if v["rule"].startswith("drop of ")]
    assert inside["code"] == overall["code"] == "XA104"
    assert (inside["value"], inside["n_patients"]) == (overall["value"], overall["n_patients"])
    assert "lime on net (correctness=correct): " in inside["sentence"]
    assert nobody["code"] == "XA102"
    assert nobody["sentence"].endswith("; there are values for %correctness=correct")


def test_a_gate_that_a_control_keeps_too_fails_only_under_strict(runs, answer):
    asked = ("gate", "base", "--fail-under", "relevance-mass-accuracy@lime=0.01")
    code, out, err = answer(runs, *asked)
    assert (code, err) == (0, "")
    assert "uninformative" in out
    code, _, err = answer(runs, *asked, "--strict")
    assert (code, err) == (1, "exit code 1: 1 of 2 gates not passed (net); with --exit-zero it would be 0\n")
    assert answer(runs, *asked, "--strict", "--exit-zero")[0] == 0


def test_strict_holds_for_the_runs_own_gates_and_informational_ones_decide_nothing(runs, answer):
    assert answer(runs, "gate", "base", "--strict")[0] == 0
    assert answer(runs, "gate", "head", "--strict")[0] == 1


def test_a_run_keeps_its_gates_as_junit_and_gate_writes_them_where_asked(runs, tmp_path, answer):
    kept = (runs / "runs" / "head" / "junit.xml").read_text()
    code, _, _ = answer(runs, "gate", "head", "--junit", tmp_path / "gates.xml")
    assert code == 1
    assert (tmp_path / "gates.xml").read_text() == kept
    cases = {
        case.get("name"): [c.tag for c in case] for case in ElementTree.fromstring(kept).iter("testcase")
    }
    assert cases == {
        "relevance-mass-accuracy@gradcam >= 0.5": ["failure"],
        "pointing-game@lime >= 0.5": ["skipped"],
    }


def test_github_hears_of_it_on_stderr_and_in_its_summary(runs, tmp_path):
    summary = tmp_path / "summary.md"
    code, out, err = process(runs, *DROP, "--github", "--format", "json", GITHUB_STEP_SUMMARY=str(summary))
    assert code == 1
    assert json.loads(out)
    lines = err.splitlines()
    assert [line.partition("::")[2].partition(" ")[0] for line in lines] == ["error", "error", "warning", ""]
    assert lines[0].startswith("::error title=XA101 net/gradcam::relevance-mass-accuracy@gradcam >= 0.5: ")
    assert lines[1].startswith("::error title=XA104 net/lime::drop of relevance-mass-accuracy@lime <= 0.1: ")
    assert summary.read_text().startswith("# xaudit: known, 1 model, 2 explainers, 16 images explained\n")


def test_diff_tells_what_moved_in_80_columns_and_ends_with_0(runs):
    base_id, head_id = run_ids(runs)
    code, out, err = process(runs, "diff", "base", "head")
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    text = " ".join(out.split())
    assert f"{base_id} (base) to {head_id} (head)" in text
    assert "relevance-mass-accuracy of lime on net fell by " in text
    assert "reliance-border of net rose by " in text
    assert "fail XA101" in text


def test_diff_as_json_markdown_and_csv_say_the_same(runs, answer):
    _, as_json, _ = answer(runs, "diff", "base", "head", "--format", "json")
    found = json.loads(as_json)
    assert (found["schema"], found["schema_version"]) == ("xaudit-diff", 1)
    assert found["cases"] == {
        "n_common": 24, "added": [], "removed": [], "replaced": [], "relabelled": [], "remarked": [],
    }  # fmt: skip
    [flips] = found["flips"]
    assert (flips["accuracies"], flips["n_fixed"], flips["n_broken"]) == ([1.0, 1.0], 0, 0)
    moves = {(m["metric_id"], m["explainer_id"]): m for m in found["moves"]}
    assert moves["reliance-mark", "-"]["conclusion"] == "lower"
    assert moves["relevance-mass-accuracy", "random"]["conclusion"] == "same", "controls do not ask the model"
    _, as_csv, _ = answer(runs, "diff", "base", "head", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(as_csv)))
    assert {(row["metric"], row["explainer"]): row["conclusion"] for row in rows} == {
        name: move["conclusion"] for name, move in moves.items()
    }
    first = moves[rows[0]["metric"], rows[0]["explainer"]]
    assert float(rows[0]["difference"]) == first["difference"]["estimate"]
    _, markdown, _ = answer(runs, "diff", "base", "head", "--format", "markdown")
    assert [line for line in markdown.splitlines() if line.startswith("## ")] == [
        "## What moved", "## Verdicts", "## Cases", "## Answers", "## Measures",
    ]  # fmt: skip


def test_diff_can_be_asked_of_some_metrics_and_explainers_only(runs, answer, refused):
    _, out, _ = answer(
        runs, "diff", "base", "head", "-e", "lime", "-m", "pointing-game", "mass-mark", "--format", "json"
    )
    moves = json.loads(out)["moves"]
    assert [(m["metric_id"], m["explainer_id"]) for m in moves] == [
        ("pointing-game", "lime"),
        ("mass-mark", "lime"),
    ]
    error, hint = refused(runs, "diff", "base", "head", "-e", "lim")
    assert (error, hint.partition("?")[0]) == (
        "--explainer: neither run has the explainer 'lim'",
        "did you mean 'lime'",
    )
    assert (
        refused(runs, "diff", "base", "head", "-m", "iou")[0] == "--metric: neither run has the metric 'iou'"
    )


def test_a_diff_of_a_run_with_itself_finds_nothing(runs, answer):
    code, out, _ = answer(runs, "diff", "head", "head")
    assert code == 0
    assert "Nothing: every answer and every score is the same." in out
    assert "The same in both runs." in out


def test_a_diff_leaves_out_what_is_not_the_same_image(changed, answer):
    run = RunFolder.open_run(changed / "runs" / "base")
    first, second, *others = read_cases(run)
    write_cases(run, [replace(first, sha256="0" * 64), replace(second, case_id="gone"), *others])
    _, out, _ = answer(changed, "diff", "base", "head", "--format", "json")
    found = json.loads(out)
    assert (found["cases"]["n_common"], found["cases"]["replaced"]) == (22, [first.case_id])
    assert (found["cases"]["added"], found["cases"]["removed"]) == ([second.case_id], ["gone"])
    assert {m["n_cases"] for m in found["moves"] if m["metric_id"] == "pointing-game"} == {14}


def test_runs_without_a_common_case_have_no_difference(changed, refused):
    run = RunFolder.open_run(changed / "runs" / "base")
    write_cases(run, [replace(case, case_id=f"other-{case.case_id}") for case in read_cases(run)])
    base_id, head_id = run_ids(changed)
    assert refused(changed, "diff", "base", "head") == (
        f"{base_id} and {head_id} share no case: nothing can be compared",
        "audit both models on the same images, under the same ids",
    )
