"""What a model cannot do, as the command line says it: before training and before the first image is asked about."""

import json

import pytest
from known_study import only_run, study_audit, study_model, write_audit, xaudit_process

from xaudit.cli.boundary import run_command_line

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def refused(study, capsys):
    """Runs an audit that must be refused with 2, before anything is predicted; gives the error and the hint."""

    def refused(audit):
        capsys.readouterr()
        code = run_command_line(["run", str(audit), "-q", "-o", str(study / "runs")])
        out, err = capsys.readouterr()
        assert (code, out) == (2, "")
        assert not (study / "runs").exists(), "nothing was trained or predicted"
        error, hint = err.splitlines()[-2:]
        assert error.startswith("error: ")
        assert hint.startswith("hint:  ")
        return error.removeprefix("error: "), hint.removeprefix("hint:  ")

    return refused


def faulty(kind, **changes):
    return [study_model(factory=f"faulty_networks:{kind}", **changes)]


def test_a_model_without_gradients_asked_for_gradcam(refused, study):
    error, hint = refused(
        write_audit(study, models=faulty("WithoutGradients"), explainers=["gradcam"], gates=[])
    )
    assert error == (
        "model 'marks': gradcam needs gradients, and it gives none: its logits do not depend on its input for autograd"
    )
    assert "explain it with lime, occlusion" in hint


def test_an_unknown_layer_is_refused_before_a_network_is_trained(refused, study):
    error, hint = refused(write_audit(study, models=[study_model(weights=None, layer="nowhere")]))
    assert error == "model 'marks': ColourReader has no layer called 'nowhere'"
    assert "features" in hint


def test_random_numbers_in_evaluation_mode(refused, study):
    error, hint = refused(write_audit(study, models=faulty("Stochastic")))
    assert error.startswith("model 'marks': gives different logits for the same image: Stochastic.forward")
    assert "training=self.training" in hint


def test_a_segmentation_of_one_superpixel(refused, study):
    lime = {"name": "lime", "samples": 40, "segments": 2, "compactness": 0.001}
    error, hint = refused(write_audit(study, explainers=[{**lime, "segmentation": "slic"}, "gradcam"]))
    assert error.startswith(
        "explainer 'lime': segmentation 'slic' makes one superpixel of each of the 3 images tried"
    )
    assert hint.startswith("set `segmentation: grid`")


def test_a_network_that_deeplift_has_no_rule_for(refused, study):
    error, hint = refused(write_audit(study, models=faulty("Functional"), explainers=["deeplift"], gates=[]))
    assert error == (
        "model 'marks': deeplift needs every ReLU as a module; Functional calls one as a function "
        "(1 such calls per image)"
    )
    assert "integrated-gradients" in hint


def test_probabilities_in_place_of_logits_are_told_and_the_run_goes_on(study, capsys):
    audit = write_audit(study, models=faulty("Probabilities"), gates=[])
    assert run_command_line(["run", str(audit), "-o", str(study / "runs"), "--limit", "2"]) == 0
    out, err = capsys.readouterr()
    assert "its outputs are probabilities, not logits" in err
    notes = json.loads((only_run(study / "runs") / "outcome.json").read_text())["notes"]
    assert any("take the softmax out of the network" in note for note in notes)
    assert "probabilities, not logits" in " ".join(out.split())


def test_four_channels_are_refused_when_the_audit_file_is_read(study):
    done = xaudit_process("run", write_audit(study, models=[study_model(channels=4)]), cwd=study)
    assert done.returncode == 2
    assert "channels: images have 1 or 3, got 4" in done.stderr
    assert not (study / "runs").exists()


def test_a_process_refuses_a_layer_that_is_not_there_with_exit_code_2(study):
    audit = study_audit(explainers=[{"name": "layercam", "layer": "nowhere"}], gates=[])
    done = xaudit_process("run", write_audit(study, **audit), "-q", cwd=study)
    assert (done.returncode, done.stdout) == (2, "")
    assert "has no layer called 'nowhere'" in done.stderr.splitlines()[-2]


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_a_model_prints_goes_to_standard_error(study, workers):
    audit = write_audit(study, models=faulty("Prints"), gates=[])
    options = ["--limit", "2", "--format", "json", "--workers", workers, "--exit-zero"]
    ran = xaudit_process("run", str(audit), "-o", str(study / "runs"), *options, cwd=study)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)
    assert "does not appear to be normalised" in ran.stderr


def test_an_error_of_the_network_s_own_kind(refused, study):
    error, _ = refused(write_audit(study, models=faulty("RaisesItsOwn")))
    assert error == (
        "model 'marks': layer 'features' is not reached: the network fails on images of 32 × 32: height and width must be the same"
    )
    error, hint = refused(write_audit(study, models=faulty("fails_by_an_own_error")))
    assert error == (
        "model 'marks': factory 'faulty_networks:fails_by_an_own_error' failed: Exception: weights must be one of the following"
    )
    assert hint == "it is called with the number of classes, fails_by_an_own_error(2)"
