"""Which class each output of a network stands for: stated, stored with the weights, or the data's own order.

The tiny network gives logits (a, b). Under the order of its outputs (normal, cancer), a speaks for normal; so for data whose
classes are (cancer, normal) the classifier's logits are (b, a).
"""

import json
import warnings

import pytest
import torch
from model_files import SIDE, tiny, write_onnx, write_torchscript
from safetensors.torch import save_file

from xaudit.config import ModelSection
from xaudit.errors import ModelError
from xaudit.models import load_classifier
from xaudit.models.network.class_order import stored_orders

CLASSES = ("cancer", "normal")
SWAPPED = ("normal", "cancer")


def images(n=5):
    return torch.randn((n, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(0))


def load(path, class_names=CLASSES, **settings):
    section = ModelSection(id="net", weights=path, input_size=SIDE, **{"source": "python", **settings})
    return load_classifier(section, class_names=class_names, weights=path, device="cpu", batch_size=8)


def write_weights(path, content=None, metadata=None):
    state = {name: value.contiguous() for name, value in tiny().state_dict().items()}
    if metadata is not None:
        save_file(state, path, metadata=metadata)
    else:
        torch.save({"state_dict": state, **(content or {})}, path)
    return path


def python(path, **settings):
    return load(path, factory="tiny_networks:tiny", **settings)


def plain_logits():
    with torch.no_grad():
        return tiny()(images())


def assert_swapped(classifier, *, swapped=True):
    expected = plain_logits().flip(1) if swapped else plain_logits()
    torch.testing.assert_close(classifier.logits(images()), expected, rtol=0, atol=1e-5)
    with torch.no_grad():
        torch.testing.assert_close(classifier.module(images()), expected, rtol=0, atol=1e-5)


def refusal(make, *args, **settings):
    with pytest.raises(ModelError) as caught:
        make(*args, **settings)
    return str(caught.value), caught.value.hint


def test_the_stated_order_of_the_outputs_decides_which_class_a_logit_speaks_for(tmp_path):
    path = write_weights(tmp_path / "w.pt")
    assert_swapped(python(path), swapped=False)
    swapped = python(path, classes=SWAPPED)
    assert_swapped(swapped)
    assert (swapped.class_names, swapped.outputs) == (CLASSES, SWAPPED)
    assert_swapped(python(path, classes=SWAPPED, class_names=SWAPPED), swapped=False)


def test_another_order_is_another_fingerprint_and_the_same_order_is_the_same(tmp_path):
    path = write_weights(tmp_path / "w.pt")
    plain = python(path).fingerprint
    assert python(path, classes=CLASSES).fingerprint == plain
    assert python(path, classes=SWAPPED).fingerprint != plain
    assert python(path, class_names=SWAPPED).fingerprint != plain


def test_three_classes_are_put_in_order_one_by_one(tmp_path):
    # Outputs (b, c, a) for data (a, b, c): the data's first logit is the network's third.
    path = tmp_path / "w.pt"
    torch.save(tiny(n_classes=3).state_dict(), path)
    found = python(path, class_names=("a", "b", "c"), classes=("b", "c", "a")).logits(images())
    with torch.no_grad():
        expected = tiny(n_classes=3)(images())[:, [2, 0, 1]]
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("source", ["torchscript", "onnx"])
def test_the_stated_order_holds_for_programs_too(source, tmp_path):
    write = {"torchscript": write_torchscript, "onnx": write_onnx}[source]
    trusted = {"trusted": True} if source == "torchscript" else {}
    path = write(tiny(), tmp_path / "model")
    assert_swapped(load(path, source=source, classes=SWAPPED, **trusted))


@pytest.mark.parametrize(
    ("content", "metadata"),
    [
        ({"classes": ["normal", "cancer"]}, None),
        ({"class_to_idx": {"cancer": 1, "normal": 0}}, None),
        ({"hyper_parameters": {"lr": 0.1, "class_names": ("normal", "cancer")}}, None),
        ({"meta": {"CLASSES": ("normal", "cancer")}}, None),
        ({"names": {0: "normal", 1: "cancer"}}, None),
        (None, {"id2label": json.dumps({"0": "normal", "1": "cancer"})}),
        (None, {"xaudit": json.dumps({"class_names": ["normal", "cancer"]})}),
    ],
    ids=str,
)
def test_an_order_that_comes_with_the_weights_is_used(content, metadata, tmp_path):
    path = write_weights(tmp_path / "w", content, metadata)
    assert_swapped(python(path))
    assert_swapped(python(path, classes=SWAPPED))
    key = "class_names" if metadata and "xaudit" in metadata else ""
    said, hint = refusal(python, path, classes=CLASSES)
    assert said.startswith(f"model 'net': classes gives its outputs as cancer, normal, and {path} ({key}")
    assert said.endswith("as normal, cancer")
    assert hint == "correct `classes`, or take it out"


def test_an_order_in_the_metadata_of_an_onnx_graph_is_used(tmp_path):
    import onnx

    path = write_onnx(tiny(), tmp_path / "model.onnx")
    graph = onnx.load(path)
    onnx.helper.set_model_props(graph, {"names": "{0: 'normal', 1: 'cancer'}"})
    onnx.save(graph, path)
    assert_swapped(load(path, source="onnx"))
    assert refusal(load, path, source="onnx", classes=CLASSES)[0].endswith("(names) as normal, cancer")


def test_an_order_in_an_extra_file_of_a_torchscript_archive_is_used(tmp_path):
    path = tmp_path / "model.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(tiny()), path, _extra_files={"classes.txt": "normal\ncancer\n"})
    assert_swapped(load(path, source="torchscript", trusted=True))


def test_stored_classes_that_the_data_does_not_have_are_refused_unless_the_order_is_stated(tmp_path):
    path = write_weights(tmp_path / "w.pt", {"classes": ["benign", "malignant"]})
    said, hint = refusal(python, path)
    assert (
        said
        == f"model 'net': {path}: its classes (classes) are benign, malignant, the data has cancer, normal"
    )
    assert hint.startswith("list the data's classes in the order of its outputs as `classes` of the model")
    assert_swapped(python(path, classes=SWAPPED))


def test_two_orders_in_one_file_that_contradict_each_other_are_refused(tmp_path):
    content = {"classes": ["normal", "cancer"], "class_to_idx": {"cancer": 0, "normal": 1}}
    said, _ = refusal(python, write_weights(tmp_path / "w.pt", content))
    assert said.endswith("classes lists the classes as normal, cancer, and class_to_idx as cancer, normal")


@pytest.mark.parametrize(
    ("classes", "said", "hint"),
    [
        (("normal", "cancr"), "classes: the data has no class 'cancr'", "did you mean 'cancer'?"),
        (
            ("normal", "cancer", "unsure"),
            "classes: the data has no class 'unsure'",
            "its classes are cancer, normal",
        ),
    ],
)
def test_stated_classes_must_be_the_data_s(classes, said, hint, tmp_path):
    found, advice = refusal(python, write_weights(tmp_path / "w.pt"), classes=classes)
    assert found == f"model 'net': {said}"
    assert advice.startswith(hint)


def test_a_class_of_the_data_that_is_not_stated_is_named(tmp_path):
    path = write_weights(tmp_path / "w.pt")
    said, hint = refusal(python, path, class_names=("a", "b", "c"), classes=("a", "c"))
    assert said == "model 'net': classes: the class 'b' of the data is not listed"
    assert hint == "list all of a, b, c, in the order of the model's outputs"


def test_a_list_of_something_else_is_no_order():
    assert stored_orders({"classes": 2}) == ()
    assert stored_orders({"classes": ["a", "a"], "class_to_idx": {"a": 1, "b": 2}}) == ()
    assert stored_orders({"epoch": 3, "state_dict": {"names": ["a", "b"]}}) == ()
    assert [one.is_vague for one in stored_orders({"labels": ["a", "b"]})] == [True]
