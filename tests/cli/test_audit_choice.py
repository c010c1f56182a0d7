from pathlib import Path

import pytest

from xaudit.cli.audit_choice import audit_source, chosen_audit, existing_run
from xaudit.cli.options import Choices
from xaudit.errors import UsageError, XauditError

AUDIT = """\
name: small
data: {format: phantom}
models: [{id: net, source: phantom, variant: honest}]
explainers: [gradcam, {name: lime, samples: 40}, {name: lime, id: lime-fine, segments: 120}]
metrics: [iou, pointing-game]
gates: [reliance-mark >= 0.1, "iou@lime >= 0.2", "pointing-game >= 0.1"]
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(AUDIT)
    return path


def refused(file, **choices):
    with pytest.raises(UsageError) as caught:
        chosen_audit(file, Choices(**choices))
    return str(caught.value), caught.value.hint


def test_without_options_the_file_counts(file):
    audit, notes = chosen_audit(file, Choices())
    assert [spec.id for spec in audit.explainers] == ["gradcam", "lime", "lime-fine"]
    assert (audit.name, audit.seed, audit.run.limit, notes) == ("small", 0, None, ())


def test_options_stand_above_overrides_and_overrides_above_the_file(file):
    choices = Choices(overrides=("seed=3", "run.limit=9", "train.epochs=2"), seed=5, max_error_rate=0.5)
    audit, _ = chosen_audit(file, choices)
    assert (audit.seed, audit.run.limit, audit.train.epochs, audit.run.max_error_rate) == (5, 9, 2, 0.5)


def test_a_chosen_explainer_keeps_the_settings_of_the_file(file):
    audit, _ = chosen_audit(file, Choices(explainers=("lime-fine", "lime")))
    assert [spec.id for spec in audit.explainers] == ["lime-fine", "lime"]
    assert [spec.options["segments"] for spec in audit.explainers] == [120, 60]
    assert audit.explainers[1].options["samples"] == 40


def test_an_explainer_that_the_file_does_not_name_runs_with_its_defaults(file):
    audit, _ = chosen_audit(file, Choices(explainers=("occlusion",)))
    assert audit.explainers[0].options["window"] == 0.125


def test_a_gate_that_is_not_asked_is_said_to_be(file):
    audit, notes = chosen_audit(file, Choices(explainers=("gradcam",), metrics=("iou",)))
    assert [str(gate) for gate in audit.gates] == ["reliance-mark >= 0.1"]
    assert notes == (
        "note:  gate 'iou@lime >= 0.2' is not asked, because the options leave out what it is about",
        "note:  gate 'pointing-game >= 0.1' is not asked, because the options leave out what it is about",
    )


def test_limits_of_the_command_line_stand_instead_of_the_files_and_are_checked_like_them(file):
    audit, notes = chosen_audit(file, Choices(gates=("iou@gradcam=0.4", "reliance-border<=0.2")))
    assert [str(gate) for gate in audit.gates] == ["iou@gradcam >= 0.4", "reliance-border <= 0.2"]
    assert notes == ()
    for gate, message, hint in (
        ("dice=0.3", "the audit does not measure 'dice'", "add it to `metrics`"),
        ("iou@limes=0.3", "the audit has no explainer 'limes'; did you mean 'lime'?", ""),
        ("iuo=0.3", "no metric is called 'iuo'", "did you mean 'iou'?"),
    ):
        with pytest.raises(XauditError) as caught:
            chosen_audit(file, Choices(gates=(gate,)))
        assert str(caught.value) == f"command line: gates[0]: {message}"
        assert caught.value.hint.startswith(hint)
        assert caught.value.exit_code == 2


def test_a_ceiling_goes_with_its_metric(file, tmp_path):
    gated = tmp_path / "gated.yaml"
    gated.write_text(AUDIT.replace("gates: [", "gates: [pointing-game-ceiling >= 0.5, "))
    audit, notes = chosen_audit(gated, Choices(metrics=("iou",)))
    assert [str(gate) for gate in audit.gates] == ["reliance-mark >= 0.1", "iou@lime >= 0.2"]
    assert len(notes) == 2


def test_choosing_everything_leaves_the_audit_as_it_was(file):
    whole, _ = chosen_audit(file, Choices())
    chosen, notes = chosen_audit(
        file, Choices(explainers=("gradcam", "lime", "lime-fine"), metrics=("iou", "pointing-game"))
    )
    assert (chosen.fingerprint(), notes) == (whole.fingerprint(), ())


def test_an_unknown_explainer_names_the_nearest(file):
    assert refused(file, explainers=("gradcamm",)) == (
        "--explainer: no explainer is called 'gradcamm'",
        "did you mean 'gradcam'? `xaudit list explainers` shows all",
    )


def test_an_unknown_metric_names_the_nearest(file):
    assert refused(file, metrics=("iuo",)) == (
        "--metric: no metric is called 'iuo'",
        "did you mean 'iou'? `xaudit list metrics` shows all",
    )


def test_an_audit_file_taken_for_a_name_is_told_its_place(file):
    assert (
        refused(file, explainers=("lime", "audit.yaml"))[1]
        == "put audit.yaml before the options, or after `--`"
    )
    assert (
        refused(file, overrides=("seed=1", "audit.yaml"))[1]
        == "put audit.yaml before the options, or after `--`"
    )


def test_a_control_cannot_be_chosen(file):
    assert (
        refused(file, explainers=("random",))[0]
        == "--explainer: 'random' is a control, and controls always run"
    )


def test_reliance_is_no_metric_to_choose(file):
    error, _ = refused(file, metrics=("reliance-mark",))
    assert error == "--metric: 'reliance-mark' comes with region reliance and cannot be chosen alone"


def test_a_folder_is_no_audit_file(tmp_path):
    assert refused(tmp_path)[0] == f"{tmp_path}: is a folder, not an audit file"


def test_without_a_file_the_phantom_study_is_audited(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert audit_source(None) == (None, "the built-in phantom study")
    audit, _ = chosen_audit(None, Choices(overrides=("data.phantom.patients=7",)))
    assert [model.id for model in audit.models] == ["honest", "shortcut"]
    assert audit.data.phantom.patients == 7


def test_without_a_file_the_one_in_this_folder_is_audited(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    Path("xaudit.yaml").write_text(AUDIT)
    assert audit_source(None) == (Path("xaudit.yaml"), "xaudit.yaml")


def test_a_run_is_found_by_its_path_or_its_name(tmp_path):
    (tmp_path / "runs" / "one").mkdir(parents=True)
    assert existing_run(tmp_path / "runs" / "one", Path("runs")) == tmp_path / "runs" / "one"
    assert existing_run(Path("one"), tmp_path / "runs") == tmp_path / "runs" / "one"


def test_a_run_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(XauditError) as caught:
        existing_run(Path("two"), tmp_path)
    assert (str(caught.value), caught.value.hint) == (
        "two: no such run folder",
        f"`xaudit list runs -o {tmp_path}` shows what there is",
    )
