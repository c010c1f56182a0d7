"""Models that come as files: what cannot be asked of them is refused when the audit file is read, the rest is answered."""

import sys
import warnings

import numpy as np
import pytest
import torch
import yaml
from known_network import ColourReader
from known_study import only_run, study_audit, study_model, table, write_audit, xaudit_process
from safetensors.torch import load_file, save_file

from xaudit.cli.boundary import run_command_line

pytestmark = pytest.mark.usefixtures("one_thread")

LIME = {"name": "lime", "samples": 40, "segments": 12, "hide": "black"}


def network(study):
    module = ColourReader(2)
    module.load_state_dict(load_file(study / "marks.safetensors"))
    module.forward = lambda images: module.head(module.features(images).mean(dim=(2, 3)))
    return module.eval()


def write_torchscript(study):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(network(study), torch.zeros((2, 3, 32, 32))), study / "net.pt")


def write_exported(study):
    class Plain(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = network(study)

        def forward(self, images):
            return self.inner.head(self.inner.features(images).mean(dim=(2, 3)))

    program = torch.export.export(Plain().eval(), (torch.zeros((1, 3, 32, 32)),))
    torch.export.save(program, study / "net.pt2")


def write_onnx(study):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    helper = onnx.helper
    state = {name: value.numpy() for name, value in network(study).state_dict().items()}
    weights = [onnx.numpy_helper.from_array(value, name) for name, value in state.items()]
    weights.append(onnx.numpy_helper.from_array(np.array([2, 3]), "axes"))
    nodes = [
        helper.make_node("Conv", ["images", "features.0.weight", "features.0.bias"], ["a"]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("AveragePool", ["b"], ["c"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("ReduceMean", ["c", "axes"], ["d"], keepdims=0),
        helper.make_node("Gemm", ["d", "head.weight", "head.bias"], ["logits"], transB=1),
    ]
    numbers = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("images", numbers, ["n", 3, 32, 32])],
        [helper.make_tensor_value_info("logits", numbers, ["n", 2])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save_model(model, study / "net.onnx")


WRITERS = {"torchscript": write_torchscript, "exported": write_exported, "onnx": write_onnx}
FILES = {"torchscript": "net.pt", "exported": "net.pt2", "onnx": "net.onnx"}


def whole_model(source, **changes):
    model = study_model(source=source, weights=FILES[source], **changes)
    if source != "onnx":
        model.setdefault("trusted", True)
    return {key: value for key, value in model.items() if key not in ("factory", "layer")}


@pytest.mark.parametrize("source", WRITERS)
def test_a_model_from_a_file_is_audited_like_the_network_in_it(study, source):
    WRITERS[source](study)
    audit = write_audit(study, models=[whole_model(source)], explainers=[LIME, "rise"], gates=[])
    plain = write_audit(study, "plain.yaml", models=[study_model()], explainers=[LIME, "rise"], gates=[])
    for path, out in ((audit, "runs"), (plain, "plain")):
        assert run_command_line(["run", str(path), "-q", "--limit", "3", "-o", str(study / out)]) == 0
    found, expected = (table(only_run(study / out), "scores") for out in ("runs", "plain"))
    assert list(found["status"]) == list(expected["status"])
    np.testing.assert_allclose(found["value"], expected["value"], rtol=0, atol=1e-3)


def test_a_multilabel_network_is_audited_for_its_finding_like_one_of_two_classes(study):
    """Of two logits a and b, softmax is the sigmoid of a - b: a third network answers that beside two other findings."""
    state = load_file(study / "marks.safetensors")
    weight, bias = state["head.weight"], state["head.bias"]
    other = torch.ones(2)
    state["head.weight"] = torch.stack([other, weight[0] - weight[1], -other])
    state["head.bias"] = torch.stack([torch.tensor(3.0), bias[0] - bias[1], torch.tensor(-3.0)])
    save_file(state, study / "findings.safetensors")
    findings = {"outputs": "multilabel", "findings": ["effusion", "sick", "mass"]}
    asked = {"explainers": [LIME, "rise", "gradcam"], "gates": []}
    audit = write_audit(study, models=[study_model(weights="findings.safetensors", **findings)], **asked)
    plain = write_audit(study, "plain.yaml", **asked)
    for path, out in ((audit, "runs"), (plain, "plain")):
        assert run_command_line(["run", str(path), "-q", "--limit", "3", "-o", str(study / out)]) == 0
    found, expected = (table(only_run(study / out), "predictions") for out in ("runs", "plain"))
    by_case = [{row.case_id: row.probabilities for row in one.itertuples()} for one in (found, expected)]
    for case, probabilities in by_case[1].items():
        np.testing.assert_allclose(by_case[0][case], probabilities, rtol=0, atol=1e-5)
    found, expected = (comparable(only_run(study / out)) for out in ("runs", "plain"))
    assert len(found) > 100
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-3)


def comparable(run):
    """Every score but those in logits, which are a in one network and a - b in the other, by what it is of."""
    scores = table(run, "scores")
    scores = scores[~scores["metric"].str.contains("logit")]
    keys = ["case_id", "explainer", "metric", "reader"]
    return scores.sort_values(keys)["value"].to_numpy()


REFUSED = {
    "gradcam on a graph": (
        "onnx",
        {"explainers": ["lime", "gradcam"]},
        "explainers[1]: gradcam needs gradients, and models[0] 'marks' comes from onnx, which has none",
        "those that work: lime, occlusion, feature-ablation, kernel-shap, rise",
    ),
    "gradients of a graph": (
        "onnx",
        {"explainers": ["integrated-gradients"]},
        "explainers[0]: integrated-gradients needs gradients, and models[0] 'marks' comes from onnx, which has none",
        "those that work: lime, occlusion, feature-ablation, kernel-shap, rise",
    ),
    "scorecam on an archive": (
        "torchscript",
        {"explainers": ["scorecam"]},
        "explainers[0]: scorecam looks inside the network, and models[0] 'marks' comes from torchscript, whose layers "
        "cannot be reached",
        "those that work: lime, occlusion, integrated-gradients, saliency, input-x-gradient, smoothgrad, gradient-shap, "
        "feature-ablation, kernel-shap, rise",
    ),
    "deeplift on a program": (
        "exported",
        {"explainers": ["deeplift"]},
        "explainers[0]: deeplift looks inside the network, and models[0] 'marks' comes from exported, whose layers cannot be "
        "reached",
        "those that work: lime, occlusion, integrated-gradients",
    ),
    "random layers": (
        "exported",
        {"explainers": ["lime"], "sanity": True},
        "sanity.tests: mprt draws the network's layers anew, and models[0] 'marks' comes from exported, whose layers cannot "
        "be reached",
        "set `sanity.tests` to [random-logit, class-contrast, location-collapse]",
    ),
    "another class of a finding": (
        "exported",
        {
            "explainers": ["lime"],
            "sanity": {"tests": ["class-contrast", "location-collapse"]},
            "models": "findings",
        },
        "sanity.tests: class-contrast explains another class, and models[0] 'marks' answers for its finding alone",
        "set `sanity.tests` to [location-collapse]",
    ),
    "compiling": (
        "onnx",
        {"explainers": ["lime"], "run": {"compile": True}},
        "run.compile: models[0] 'marks' comes from onnx, which cannot be compiled",
        "set `run.compile` to false",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_a_file_cannot_do_is_refused_when_the_audit_file_is_read(study, capsys, what):
    source, changes, complaint, advice = REFUSED[what]
    findings = {"outputs": "multilabel", "findings": ["sick"]} if changes.get("models") else {}
    changes = {"gates": [], **changes, "models": [whole_model(source, **findings)]}
    audit = write_audit(study, **changes)
    for command in (["config", "validate", str(audit)], ["run", str(audit), "-q", "-o", str(study / "runs")]):
        assert run_command_line(command) == 2
        out, err = capsys.readouterr()
        assert out == ""
        error, hint = err.splitlines()
        assert error == f"error: audit.yaml: {complaint}"
        assert hint.startswith(f"hint:  {advice}")
    assert not (study / "runs").exists()


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"trusted": False}, "models[0]: trusted: a file of torchscript is a program"),
        (
            {"layer": "features"},
            "models[0]: layer: a model from torchscript has no layers that can be reached",
        ),
        ({"weights": None}, "models[0]: weights: a model from torchscript needs it"),
        (
            {"source": "onnx", "trusted": True},
            "models[0]: trusted: nothing in the weights of a model from onnx is run",
        ),
        ({"source": "timm"}, "models[0]: architecture: a model from timm needs it"),
        ({"source": "phantom", "channels": 1}, "channels: a model from phantom takes 3"),
    ],
)
def test_what_a_model_must_say_of_itself(study, capsys, changes, complaint):
    model = {**whole_model("torchscript"), **changes}
    audit = write_audit(study, models=[model], explainers=["lime"], gates=[])
    assert run_command_line(["config", "validate", str(audit)]) == 2
    assert complaint in capsys.readouterr().err


def test_a_process_refuses_gradcam_on_a_graph_with_exit_code_2(study):
    audit = study_audit(models=[whole_model("onnx")], gates=[])
    (study / "audit.yaml").write_text(yaml.safe_dump(audit))
    done = xaudit_process("run", "audit.yaml", cwd=study)
    assert (done.returncode, done.stdout) == (2, "")
    assert "gradcam needs gradients" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (study / "runs").exists()


def test_a_file_that_is_no_archive_ends_with_exit_code_2(study, capsys):
    (study / "net.pt").write_bytes(b"not a model")
    audit = write_audit(study, models=[whole_model("torchscript")], explainers=["lime"], gates=[])
    assert run_command_line(["run", str(audit), "-q", "-o", str(study / "runs")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"error: model 'marks': {study}/net.pt is no TorchScript archive, or was cut off" in err


def test_a_missing_library_is_told_before_the_model_in_front_of_it_is_trained(study, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    models = [study_model(weights=None), {**whole_model("onnx"), "id": "graph"}]
    audit = write_audit(study, models=models, explainers=["lime"], gates=[])
    assert run_command_line(["run", str(audit), "-q", "-o", str(study / "runs")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "error: model 'graph': a model from onnx needs onnxruntime, which is not installed" in err
    assert "hint:  pip install 'xaudit[onnx]'" in err
    assert not (study / "runs").exists()


def test_the_lists_and_the_doctor_name_sources_and_their_libraries(capsys):
    assert run_command_line(["list", "models", "--format", "markdown"]) == 0
    out = capsys.readouterr().out
    for name in ("timm", "huggingface", "torchscript", "exported", "onnx"):
        assert f"| {name} |" in out
    assert "xaudit[onnx]" in out
    run_command_line(["doctor", "--format", "markdown"])
    assert all(name in capsys.readouterr().out for name in ("onnxruntime",))
