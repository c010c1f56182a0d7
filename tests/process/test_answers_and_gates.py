"""What is wrong with a model's answers stands before its evidence, and a gate can ask for the finding `uses-mark`."""

import json
from xml.etree import ElementTree

import pytest
from known_study import only_run, read_labels, study_model, write_audit, write_labels, xaudit_process
from safetensors.torch import load_file, save_file

from xaudit.cli.boundary import run_command_line

pytestmark = pytest.mark.usefixtures("one_thread")

BRIEF = {
    "explainers": ["gradcam"],
    "metrics": ["relevance-mass-accuracy"],
    "controls": ["random"],
    "reliance": {"infills": ["blur"], "controls": 1},
}


def run(folder, **changes):
    audit = write_audit(folder, **{**BRIEF, "gates": ["uses-mark"], **changes})
    code = run_command_line(["run", str(audit), "-q", "-o", str(folder / "runs"), "--no-github"])
    return code, only_run(folder / "runs")


def codes(folder):
    return [one["code"] for one in json.loads((folder / "gates.json").read_text())["verdicts"]]


def junit(folder):
    return ElementTree.parse(folder / "junit.xml").getroot()


def test_a_model_that_uses_the_mark_passes_the_gate_and_one_that_reads_the_corner_fails_it(study, capsys):
    assert run(study, models=[study_model("marks"), study_model("corner")])[0] == 1
    out = " ".join(capsys.readouterr().out.split())
    corner, marks = out.index("FAIL corner: "), out.index("PASS marks: uses the marked lesion. ")
    assert corner < marks
    assert "Gates: 1 of 1 failed: uses-mark." in out[corner:marks]
    assert "On images of 'sick', no single place outside the mark matters." in out[marks:]
    assert "Gates: 1 of 1 passed." in out[marks:]
    root = junit(only_run(study / "runs"))
    assert {suite.get("name"): suite.get("failures") for suite in root} == {"marks": "0", "corner": "1"}
    assert {case.get("name") for case in root.iter("testcase")} == {"uses-mark"}


def test_swapped_labels_are_the_first_line_and_no_evidence_is_judged(study, capsys):
    turned = {"sick": "well", "well": "sick"}
    write_labels(study, [[name, turned[label], *rest] for name, label, *rest in read_labels(study)])
    code, folder = run(study)
    out = " ".join(capsys.readouterr().out.split())
    assert code == 1
    assert "ERROR marks: the classes look swapped: AUROC for " in out
    assert "wrong reason" not in out
    assert codes(folder)[:2] == ["XA102", "XA204"]
    of_evidence = {"XA201", "XA202", "XA207", "XA208", "XA209", "XA210", "XA212", "XA213"}
    assert not of_evidence & set(codes(folder))
    (first,) = [case for case in junit(folder).iter("testcase") if case.find("skipped") is not None]
    assert "the classes look swapped" in first.find("skipped").get("message")


def test_one_answer_on_every_image_is_the_first_line(study, capsys):
    weights = load_file(study / "marks.safetensors")
    weights["head.weight"].zero_()
    save_file(weights, study / "marks.safetensors")
    code, folder = run(study, gates=[])
    out = " ".join(capsys.readouterr().out.split())
    assert code == 0
    assert "WARN marks: the model answers well on every image (24 images, of which 8 are well); " in out
    assert "XA205" in codes(folder)
    assert run_command_line(["report", str(folder), "--model-card"]) == 0
    assert "the model answers well on every image" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("gate", "error", "hint"),
    [
        ("use-mark", "no finding or metric is called 'use-mark'", "did you mean 'uses-mark'?"),
        ("uses-mark >= 0.3", "uses-mark is a finding and takes no limit", "write it alone"),
    ],
)
def test_a_bare_name_that_means_nothing_is_refused_before_anything_is_read(study, gate, error, hint):
    done = xaudit_process("run", write_audit(study, gates=[gate]), cwd=study)
    assert (done.returncode, done.stdout) == (2, "")
    first, second = [line for line in done.stderr.splitlines() if line.startswith(("error:", "hint:"))]
    assert first.startswith("error: audit.yaml: gates[0]: ")
    assert error in first
    assert hint in second
