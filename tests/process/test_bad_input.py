"""What a user can do wrong, as the command line answers it: two lines on stderr, exit code 2, nothing half done."""

import json
import pickle
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
from known_study import (
    only_run,
    read_labels,
    study_audit,
    study_model,
    write_audit,
    write_labels,
    xaudit_process,
)
from PIL import Image

from xaudit import __version__
from xaudit.cli.boundary import run_command_line
from xaudit.store import list_runs

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def answer(capsys):
    """One command line in this process: its exit code, stdout and stderr."""

    def answer(*args):
        capsys.readouterr()
        code = run_command_line([str(arg) for arg in args])
        return code, *capsys.readouterr()

    return answer


@pytest.fixture
def refused(answer, study):
    """Runs what must be refused and gives the error and the hint, after checking that nothing else came of it."""

    def refused(*args):
        code, out, err = answer(*args)
        return checked_refusal(code, out, err, study / "runs")

    return refused


def checked_refusal(code, out, err, runs):
    lines = err.splitlines()
    assert code == 2, err
    assert out == ""
    assert len(lines) == 2, err
    assert lines[0].startswith("error: ")
    assert lines[1].startswith("hint:  ")
    assert len(lines[1]) > len("hint:  ")
    assert [run.state for run in list_runs(runs) if run.state not in ("interrupted",)] == []
    left = [path for path in runs.rglob("*") if path.suffix == ".parquet" and path.parent.parent != runs]
    assert left == [], "no shard may have been stored"
    return lines[0].removeprefix("error: "), lines[1].removeprefix("hint:  ")


def run_of(study, **changes):
    return ("run", write_audit(study, **changes), "-q")


def marks_with(study, **change):
    """The study's COCO file with its first annotation or first image changed."""
    content = json.loads((study / "marks.json").read_text())
    for where, values in change.items():
        content[where][0].update(values)
    (study / "marks.json").write_text(json.dumps(content))


def test_an_audit_file_that_is_not_there(refused):
    error, hint = refused("run", "nowhere.yaml", "-q")
    assert error == "nowhere.yaml: no such file"
    assert hint == "`xaudit config init` writes one to start from"


def test_a_folder_of_images_that_is_not_there(refused, study):
    data = {"format": "folder", "images": "imagse"}
    error, hint = refused(*run_of(study, data=data))
    assert error == f"{study}/imagse: no such folder of images"
    assert hint.startswith("did you mean 'images'?")


def test_a_table_of_labels_that_is_not_there(refused, study):
    error, hint = refused(*run_of(study, data={"format": "csv", "images": "images", "labels": "label.csv"}))
    assert error == f"{study}/label.csv: no such file of labels"
    assert hint.startswith("did you mean 'labels.csv'?")


def test_annotations_that_are_not_there(refused, study):
    data = study_audit()["data"] | {"annotations": {"path": "mark.json"}}
    error, hint = refused(*run_of(study, data=data))
    assert error.startswith(f"{study}/mark.json: no such")
    assert "'marks.json'" in hint


def test_weights_that_are_not_there(refused, study):
    error, hint = refused(*run_of(study, models=[study_model(weights="mark.safetensors")]))
    assert error == f"weights {study}/mark.safetensors: No such file or directory"
    assert "leave `weights` out to train" in hint


def test_images_of_which_none_can_be_read(refused, study):
    for image in (study / "images").iterdir():
        image.write_bytes(image.read_bytes()[:200])
    error, hint = refused(*run_of(study))
    assert error.startswith("none of the 24 images can be used; the first, p0-0, ")
    assert "PNG, JPEG" in hint


def test_a_mask_of_another_size_than_its_image(refused, study):
    marks_with(study, annotations={"segmentation": {"size": [32, 40], "counts": [100, 20, 1160]}})
    error, hint = refused(*run_of(study))
    assert "annotations[0].segmentation: a mask of 40 × 32 pixels on an image of 32 × 40" in error
    assert hint == "give the image that was annotated; sizes are not guessed"


def test_an_image_that_was_resized_after_it_was_annotated(refused, study):
    image = Image.open(study / "images/p0-0.png")
    image.resize((64, 80)).save(study / "images/p0-0.png")
    error, _ = refused(*run_of(study))
    assert "marks.json" in error
    assert "32 × 40" in error
    assert "64 × 80" in error


def test_a_box_outside_its_image(refused, study):
    marks_with(study, annotations={"bbox": [30, 5, 20, 10]})
    error, _ = refused(*run_of(study))
    assert (
        error
        == "marks.json: annotations[0].bbox: the box from (30, 5) to (50, 15) leaves the image of 32 × 40"
    )


@pytest.mark.parametrize("box", [[5, 5, 0, 10], [5, 5, 10, 0], [5, 5, -3, 4]])
def test_a_box_without_area(refused, study, box):
    marks_with(study, annotations={"bbox": box})
    error, hint = refused(*run_of(study))
    assert error.startswith("marks.json: annotations[0].bbox: the box from (5, 5) to (")
    assert error.endswith("has no area")
    assert hint == "mend the box, or take it out if nothing is there"


def test_a_label_without_its_image(refused, study):
    rows = read_labels(study)
    write_labels(study, [*rows, ["p8-0.png", "well", "patient 8", "test"]])
    error, hint = refused(*run_of(study))
    assert error == "labels.csv: line 26: no image 'p8-0.png'"
    assert hint.endswith("add the image, or drop the row")


def test_a_class_folder_without_images(refused, study):
    folder = study / "by-class"
    for label in ("sick", "well"):
        (folder / label).mkdir(parents=True)
    shutil.copy(study / "images/p0-0.png", folder / "sick")
    error, hint = refused(*run_of(study, data={"format": "folder", "images": "by-class"}))
    assert error == "by-class/well: the class folder holds no image"
    assert hint == "add its images, or take the folder away"


def test_images_of_one_class_only(refused, study):
    write_labels(study, [[name, "sick", patient, split] for name, _, patient, split in read_labels(study)])
    error, hint = refused(*run_of(study))
    assert error == "all 24 images are of the one class 'sick'"
    assert "data.classes" in hint


def test_a_patient_on_both_sides_of_a_split(refused, study):
    rows = read_labels(study)
    rows[0][3] = "train"
    write_labels(study, rows)
    error, _ = refused(*run_of(study))
    assert "patient 0" in error
    assert "train" in error
    assert "test" in error


UNKNOWN = {
    "explainer": (
        {"explainers": ["gradcamm"]},
        "explainers[0]: no explainer is called 'gradcamm'",
        "gradcam",
    ),
    "metric": ({"metrics": ["iuo"]}, "metrics[0]: no metric is called 'iuo'", "iou"),
    "option": (
        {"explainers": [{"name": "lime", "sample": 5}]},
        "explainers[0]: no option is called 'sample'",
        "samples",
    ),
    "key": ({"gate": []}, "gate: no key is called 'gate'", "gates"),
    "inner key": ({"run": {"shard_sise": 4}}, "run.shard_sise: no key is called 'shard_sise'", "shard_size"),
    "gate": (
        {"gates": ["pointing-gam@lime >= 0.2"]},
        "gates[0]: no metric is called 'pointing-gam'",
        "pointing-game",
    ),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_an_unknown_name_in_the_audit_file_is_answered_with_the_nearest(refused, study, what):
    changes, complaint, nearest = UNKNOWN[what]
    error, hint = refused(*run_of(study, **changes))
    assert error == f"audit.yaml: {complaint}"
    assert f"did you mean '{nearest}'?" in hint


def test_a_gate_on_a_lung_without_lung_masks(refused, study):
    error, hint = refused(*run_of(study, gates=["reliance-same-lung <= 0.1"]))
    assert error == "audit.yaml: gates[0]: reliance-same-lung needs masks, and data.regions.lungs is not set"
    assert hint == "name a folder of masks or a COCO file there, or `builtin-ct` or `builtin-xray`"


def test_an_unknown_source_of_models(refused, study):
    error, _ = refused(*run_of(study, models=[study_model(source="torchvison")]))
    assert error.startswith("audit.yaml: models[0].source: ")
    assert "'torchvison'" in error
    assert "'torchvision'" in error


def test_an_unknown_architecture_is_answered_with_the_nearest(refused, study):
    model = {"id": "net", "architecture": "resnet51", "weights": "marks.safetensors"}
    error, hint = refused(*run_of(study, models=[model]))
    assert error == "model 'net': torchvision has no classifier called 'resnet51'"
    assert hint.startswith("did you mean 'resnet5")


def test_an_unknown_function_of_a_factory(refused, study):
    error, hint = refused(*run_of(study, models=[study_model(factory="known_network:buildd")]))
    assert error == "model 'marks': factory 'known_network:buildd': known_network has no function 'buildd'"
    assert hint.startswith("did you mean 'build'?")


@pytest.mark.parametrize(
    ("args", "complaint", "nearest"),
    [
        (["--explainer", "lime", "gradcamm"], "--explainer: no explainer is called 'gradcamm'", "gradcam"),
        (["--metric", "pixel-fliping"], "--metric: no metric is called 'pixel-fliping'", "pixel-flipping"),
        (["--device", "cud"], "--device: no device is called 'cud'", "cuda"),
        (["--explaner", "lime"], "xaudit run: no option is called '--explaner'", "--explainer"),
    ],
)
def test_an_unknown_name_on_the_command_line_is_answered_with_the_nearest(
    refused, study, args, complaint, nearest
):
    error, hint = refused(*run_of(study), *args)
    assert error == complaint
    assert f"did you mean '{nearest}'?" in hint


def test_an_unknown_layer_is_answered_with_the_layers_that_there_are(refused, study):
    error, hint = refused(*run_of(study, models=[study_model(layer="feature")]))
    assert "'feature'" in error
    assert "features" in error + hint


def test_a_checkpoint_of_another_architecture(refused, study):
    error, hint = refused(*run_of(study, models=[study_model(factory="known_network:build_other")]))
    assert f"{study}/marks.safetensors is no checkpoint of this architecture" in error
    assert hint == "name the architecture that it was trained with"


def test_a_checkpoint_for_another_number_of_classes(refused, study):
    rows = read_labels(study)
    rows[2][1] = "unclear"
    write_labels(study, rows)
    error, _ = refused(*run_of(study))
    assert "trained for 2 classes, the data has 3 (sick, unclear, well)" in error


class Saboteur:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


@pytest.mark.parametrize("write", ["torch", "pickle"])
def test_a_checkpoint_with_code_in_it_is_refused_and_the_code_not_run(refused, study, write):
    marker = study / "the-code-ran"
    content = {"state_dict": {}, "epoch": Saboteur(marker)}
    if write == "torch":
        torch.save(content, study / "bad.pt")
    else:
        (study / "bad.pt").write_bytes(pickle.dumps(content))
    error, hint = refused(*run_of(study, models=[study_model(id="bad", weights="bad.pt")]))
    assert error.startswith(f"weights {study}/bad.pt: the checkpoint holds code (")
    assert "was not loaded" in error
    assert "safetensors" in hint
    assert not marker.exists()


def test_a_checkpoint_that_was_cut_off(refused, study):
    weights = study / "marks.safetensors"
    weights.write_bytes(weights.read_bytes()[:-20])
    error, hint = refused(*run_of(study))
    assert error.startswith(f"weights {weights}: damaged safetensors file")
    assert hint == "copy it again from its source"


def test_a_place_for_runs_that_cannot_be_written_to(answer, study):
    (study / "runs").write_text("a file in the way")
    code, out, err = answer(*run_of(study))
    assert (code, out) == (2, "")
    first, second = err.splitlines()
    assert first.startswith("error: runs: ")
    assert second.startswith("hint:  ")
    assert (study / "runs").read_text() == "a file in the way"


def test_a_limit_that_is_no_number(refused, study):
    error, _ = refused(*run_of(study), "--limit", "few")
    assert error == "xaudit run: invalid value for '--limit': 'few' is not a whole number"


@pytest.mark.parametrize("command", ["report", "gate", "compare"])
def test_a_run_that_is_not_there(answer, study, command):
    code, out, err = answer(command, "runs/none")
    assert (code, out) == (2, "")
    assert err.splitlines()[0] == "error: runs/none: no such run folder"
    code, out, err = answer(command)
    assert (code, out) == (2, "")
    assert err.splitlines()[0] == "error: runs: no run folder there"


def test_a_run_that_stopped_at_bad_data_is_not_reported_as_finished(answer, refused, study):
    marks_with(study, annotations={"bbox": [30, 5, 20, 10]})
    refused(*run_of(study))
    for command in ("report", "gate", "compare"):
        code, out, err = answer(command)
        assert (code, out) == (2, "")
        assert len(err.splitlines()) == 2


def test_one_unreadable_image_among_many_is_counted_and_shown_and_the_run_goes_on(answer, study):
    image = study / "images/p3-1.png"
    image.write_bytes(image.read_bytes()[:300])
    code, out, err = answer(*run_of(study), "--format", "json")
    assert code == 0, err
    outcome = json.loads(out)
    [problem] = outcome["problems"]
    assert problem["case_id"] == "p3-1"
    assert problem["stage"] == "load"
    assert "XA403" in {verdict["code"] for verdict in outcome["verdicts"]}
    assert outcome["n_explained"] == {"marks": 15}
    code, out, _ = answer("report")
    assert code == 0
    assert "p3-1" in out


def test_more_bad_images_than_allowed_end_with_4_and_keep_what_there_is(answer, study):
    for name in ("p3-1", "p4-1", "p5-2"):
        (study / f"images/{name}.png").write_bytes(b"not an image")
    code, out, err = answer(*run_of(study))
    assert (code, out) == (4, "")
    assert err.splitlines()[0] == "error: 3 of 24 cases failed, more than the allowed 5%"
    [run] = list_runs(study / "runs")
    assert run.state == "incomplete"
    code, out, _ = answer("report")
    assert code == 0
    assert "p3-1" in out
    code, _, _ = answer(*run_of(study), "--max-error-rate", "0.13")
    assert code == 0


def test_where_nothing_can_be_scored_the_exit_code_is_5(answer, study):
    # Without marks nothing says which class the map is asked about: `positive` does.
    data = study_audit()["data"] | {"annotations": None, "positive": "sick"}
    arguments = run_of(
        study, data=data, metrics=["iou"], reliance={"enabled": False}, gates=[], controls=["centre"]
    )
    code, out, err = answer(*arguments)
    assert (code, out) == (5, "")
    assert err.splitlines()[0] == "error: nothing could be scored: no reader has annotated this case"
    assert len(err.splitlines()) == 2


def test_no_case_to_explain_ends_with_5(answer, study):
    code, _, err = answer(*run_of(study, run={"cases": "misclassified", "figures": 0}))
    assert code == 5
    assert err.splitlines()[0] == "error: nothing could be scored: no case was explained"


def errors_of(junit):
    root = ElementTree.parse(junit).getroot()
    return {
        case.get("name"): case[0].get("message")
        for suite in root
        for case in suite.iter("testcase")
        if [child.tag for child in case] == ["error"]
    }


def test_a_process_that_scored_nothing_tells_its_ci_server(study):
    audit = write_audit(study, run={"cases": "misclassified", "figures": 0}, explainers=["gradcam"])
    done = xaudit_process("run", audit, "-q", "--junit", "gates.xml", cwd=study)
    assert (done.returncode, done.stdout) == (5, "")
    told = errors_of(study / "gates.xml")
    assert told == {
        "the run has an answer": "nothing could be scored: no case was explained",
        "scores": "no case was explained",
    }
    assert errors_of(only_run(study / "runs") / "junit.xml") == told


def test_a_process_in_which_too_many_cases_failed_tells_which(study):
    for name in ("p3-1.png", "p4-0.png"):
        (study / "images" / name).write_bytes(b"no image")
    audit = write_audit(
        study,
        explainers=["gradcam"],
        controls=["centre"],
        metrics=["pointing-game"],
        gates=["pointing-game >= 0.01"],
        reliance={"enabled": False},
    )
    done = xaudit_process("run", audit, "-q", "--junit", "gates.xml", cwd=study)
    assert (done.returncode, done.stdout) == (4, "")
    told = errors_of(study / "gates.xml")
    assert list(told) == ["the run has an answer", "p3-1", "p4-0"]
    assert told["the run has an answer"] == "2 of 24 cases failed, more than the allowed 5%"
    assert told["p3-1"].startswith("load: ")
    gates = [case.get("name") for case in ElementTree.parse(study / "gates.xml").iter("testcase")]
    assert "pointing-game >= 0.01" in gates, "what was measured is told too"
    assert errors_of(only_run(study / "runs") / "junit.xml") == told


def test_a_process_says_what_it_does_first_and_then_what_is_wrong(study):
    marks_with(study, annotations={"bbox": [30, 5, 20, 10]})
    done = xaudit_process("run", write_audit(study), cwd=study)
    assert (done.returncode, done.stdout) == (2, "")
    banner, *news, error, hint = done.stderr.splitlines()
    assert banner == f"xaudit {__version__}: audit.yaml, runs in runs"
    # What the measurements cost comes before any data is read.
    assert [line.partition(": ")[0] for line in news[:3]] == [
        "reliance map",
        "whole image",
        "misclassified images",
    ]
    assert all(line.startswith("load: ") for line in news[3:])
    assert error.startswith("error: marks.json: annotations[0].bbox: ")
    assert hint.startswith("hint:  ")


def test_a_process_refuses_a_checkpoint_with_code_in_it(study):
    torch.save({"weights": Saboteur(study / "the-code-ran")}, study / "bad.pt")
    audit = write_audit(study, models=[study_model(id="bad", weights="bad.pt")])
    done = xaudit_process("run", audit, "-q", cwd=study)
    checked_refusal(done.returncode, done.stdout, done.stderr, study / "runs")
    assert not (study / "the-code-ran").exists()


def test_a_process_refuses_an_audit_file_that_grows_without_end(study):
    laughs = "a0: &a0 [x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10)
    )
    (study / "bomb.yaml").write_text(laughs)
    done = xaudit_process("run", "bomb.yaml", "-q", cwd=study)
    error, hint = checked_refusal(done.returncode, done.stdout, done.stderr, study / "runs")
    assert error == "bomb.yaml: line 6: not YAML: more than 100000 values with every anchor written out"
    assert hint == "check the indentation and quotes"
