"""What holds of a model wherever it comes from, and what each source checks of its file."""

import json
import pickle
import sys
import zipfile

import model_files
import numpy as np
import pytest
import torch
from model_files import SIDE, tiny, with_entry, write_exported, write_onnx, write_torchscript
from safetensors.torch import save_file
from torch.export import Dim

from xaudit.config import ExplainerSpec, ModelSection
from xaudit.errors import ModelError
from xaudit.explainers import make_explainer
from xaudit.models import load_classifier
from xaudit.models.classifier import Classifier
from xaudit.models.gradients import check_gradients
from xaudit.models.network.sealed import BatchSizes, Sealed

CLASSES = ("cancer", "normal")
MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def load(source, weights, *, batch_size=32, device="cpu", class_names=CLASSES, **settings):
    defaults = {"input_size": SIDE, "mean": MEAN, "std": STD}
    if source in ("torchscript", "exported"):
        defaults["trusted"] = True
    section = ModelSection(id="net", source=source, weights=weights, **{**defaults, **settings})
    return load_classifier(
        section, class_names=class_names, weights=weights, device=device, batch_size=batch_size
    )


def refusal(source, weights, **settings):
    with pytest.raises(ModelError) as caught:
        load(source, weights, **settings)
    return str(caught.value), caught.value.hint


def images(n=7, side=SIDE):
    return torch.randn((n, 3, side, side), generator=torch.Generator().manual_seed(0))


def from_python(folder):
    path = folder / "tiny.safetensors"
    save_file({name: value.contiguous() for name, value in tiny().state_dict().items()}, path)
    return lambda **more: load("python", path, factory="tiny_networks:tiny", **more)


def from_torchscript(folder):
    path = write_torchscript(tiny(), folder / "tiny.pt")
    return lambda **more: load("torchscript", path, **more)


def from_exported(folder, name, **settings):
    path = write_exported(tiny(), folder / f"{name}.pt2", **settings)
    return lambda **more: load("exported", path, **more)


def from_onnx(folder, name, **settings):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    path = write_onnx(tiny(), folder / f"{name}.onnx", **settings)
    return lambda **more: load("onnx", path, **more)


SOURCES = {
    "python": from_python,
    "torchscript": from_torchscript,
    "exported, any batch": lambda folder: from_exported(folder, "any", batch=Dim("n")),
    "exported, one image": lambda folder: from_exported(folder, "one", n_images=1),
    "exported, batches of three": lambda folder: from_exported(folder, "three", n_images=3),
    "exported, two to four": lambda folder: from_exported(folder, "few", batch=Dim("n", min=2, max=4)),
    "onnx, any batch": lambda folder: from_onnx(folder, "any"),
    "onnx, one image": lambda folder: from_onnx(folder, "one", n_images=1),
    "onnx, batches of three": lambda folder: from_onnx(folder, "three", n_images=3),
    "onnx, channels last": lambda folder: from_onnx(folder, "last", channels_last=True),
    "onnx, doubles": lambda folder: from_onnx(folder, "double", kind="DOUBLE"),
}
PROGRAMS = [name for name in SOURCES if not name.startswith(("python", "onnx"))]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """How to load the tiny network from a source, its file written once."""
    folder = tmp_path_factory.mktemp("files")
    ready = {}

    def made(name):
        if name not in ready:
            ready[name] = SOURCES[name](folder)
        return ready[name]

    return made


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_gives_the_logits_of_the_bare_network(made, name):
    with torch.no_grad():
        expected = tiny()(images())
    asked = made(name)()
    torch.testing.assert_close(asked.logits(images()), expected, rtol=0, atol=1e-5)
    with torch.no_grad():
        torch.testing.assert_close(asked.module(images()), expected, rtol=0, atol=1e-5)
    assert asked.meter.n_evals >= 14


@pytest.mark.parametrize("name", SOURCES)
def test_no_source_lets_an_answer_depend_on_the_batch(made, name):
    expected = made(name)(batch_size=1).logits(images())
    for size in (2, 3, 5, 32):
        found = made(name)(batch_size=size).logits(images())
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", [name for name in SOURCES if name != "python"])
def test_every_source_has_the_lime_map_of_the_bare_network(made, name):
    spec = ExplainerSpec(name="lime", samples=60, segments=12)

    def explained(asked):
        return make_explainer(spec, asked).explain(images(2), [0, 1], [1, 2])

    np.testing.assert_allclose(explained(made(name)()), explained(made("python")()), rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", PROGRAMS)
def test_gradients_go_through_programs_and_are_those_of_the_bare_network(made, name):
    spec = ExplainerSpec(name="saliency")
    asked = made(name)()
    check_gradients(asked, asked_by="saliency")
    found = make_explainer(spec, asked).explain(images(4), [0, 1, 1, 0], [0] * 4)
    expected = make_explainer(spec, made("python")()).explain(images(4), [0, 1, 1, 0], [0] * 4)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_an_onnx_graph_has_no_gradients(made):
    with pytest.raises(ModelError, match="saliency needs gradients, and it gives none"):
        check_gradients(made("onnx, any batch")(), asked_by="saliency")


def test_a_program_for_a_fixed_batch_is_asked_for_whole_ones():
    asked_for = []

    def program(batch):
        asked_for.append(len(batch))
        return batch.mean(dim=(2, 3))[:, :2]

    asked = Classifier("net", Sealed(program, n_classes=2, sizes=BatchSizes(4, 4)), CLASSES, (512, 512))
    asked_for.clear()
    # Two such images are as much as the cache takes, so that an open batch would be asked two by two.
    assert asked.logits(images(6, side=512)).shape == (6, 2)
    assert asked_for == [4, 4]


def test_other_weights_make_another_fingerprint_and_a_second_look_the_same(tmp_path):
    one = write_torchscript(tiny(), tmp_path / "one.pt")
    other = write_torchscript(tiny(seed=2), tmp_path / "other.pt")
    prints = [load("torchscript", path).fingerprint for path in (one, one, other)]
    assert prints[0] == prints[1] != prints[2]


def test_an_onnx_graph_is_asked_on_the_cpu_only(made):
    assert made("onnx, any batch")(device="auto").device.type == "cpu"
    with pytest.raises(ModelError, match="a model from onnx is asked on the CPU, and the device is cuda"):
        made("onnx, any batch")(device="cuda")


def test_the_frame_of_a_graph_or_program_is_its_own(made):
    for name in ("exported, one image", "onnx, any batch"):
        assert made(name)(input_size=None).model_hw == (SIDE, SIDE)
        with pytest.raises(ModelError, match="takes images of 32 px, the audit file asks for 64") as caught:
            made(name)(input_size=64)
        assert caught.value.hint == "set `input_size` to 32, or leave it out"


def test_a_program_for_other_classes_is_told_at_once(made):
    for name in ("torchscript", "exported, any batch"):
        with pytest.raises(ModelError, match=r"output has shape \(2, 2\), expected \(images, 3\)"):
            made(name)(class_names=("a", "b", "c"))


def test_a_program_for_images_on_one_channel(tmp_path):
    grey = torch.nn.Sequential(
        torch.nn.Conv2d(1, 2, 3), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()
    ).eval()
    program = torch.export.export(grey, (torch.zeros((1, 1, SIDE, SIDE)),))
    torch.export.save(program, tmp_path / "grey.pt2")
    one = {"mean": (0.5,) * 3, "std": (0.2,) * 3}
    asked = load("exported", tmp_path / "grey.pt2", channels=1, **one)
    with torch.no_grad():
        expected = grey(images().mean(dim=1, keepdim=True))
    torch.testing.assert_close(asked.logits(images()), expected, rtol=0, atol=1e-5)
    assert refusal("exported", tmp_path / "grey.pt2", **one) == (
        "model 'net': takes 1 channels, the audit file says 3",
        "set `channels: 1`",
    )


class Dropping(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = tiny()

    def forward(self, images):
        return self.inner(torch.nn.functional.dropout(images, 0.5, True))


def test_a_program_written_as_for_training_is_refused(tmp_path):
    said, hint = refusal("torchscript", write_torchscript(Dropping(), tmp_path / "drops.pt"))
    assert said.startswith("model 'net': gives different logits for the same image")
    assert hint == "write the file anew after `model.eval()`: it was written as for training"


class Saboteur:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return type(self.marker).touch, (self.marker,)


class Writer(torch.nn.Module):
    def __init__(self, path: str):
        super().__init__()
        self.path = path

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        torch.save(images, self.path)
        return images.mean(dim=(2, 3))[:, :2]


FILES = {"torchscript": "net.pt", "exported": "net.pt2", "onnx": "net.onnx"}
WRITERS = {"torchscript": write_torchscript, "exported": write_exported, "onnx": write_onnx}


def hostile(source, folder):
    if source == "onnx":
        pytest.importorskip("onnx")
        pytest.importorskip("onnxruntime")
    return folder / FILES[source]


@pytest.mark.parametrize("source", FILES)
def test_a_pickle_under_another_name_is_refused_and_not_run(source, tmp_path):
    path, marker = hostile(source, tmp_path), tmp_path / "the-code-ran"
    for write in (
        lambda: path.write_bytes(pickle.dumps(Saboteur(marker))),
        lambda: torch.save(Saboteur(marker), path),
    ):
        write()
        said, hint = refusal(source, path)
        assert said.startswith(f"model 'net': {path}")
        assert hint
        assert not marker.exists()


@pytest.mark.parametrize("source", FILES)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_file_that_was_cut_off_is_refused(source, share, tmp_path):
    path = WRITERS[source](tiny(), hostile(source, tmp_path))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    said, hint = refusal(source, path)
    assert said.startswith(f"model 'net': {path}")
    assert "again" in hint


def test_a_torchscript_archive_with_a_byte_changed_within_is_refused(tmp_path):
    path = write_torchscript(tiny(), tmp_path / "net.pt")
    with zipfile.ZipFile(path) as archive:
        entry = next(one for one in archive.infolist() if one.filename.endswith(".py"))
    content, at = path.read_bytes(), entry.header_offset + 200
    path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    said, hint = refusal("torchscript", path)
    assert said.startswith(f"model 'net': {path} is damaged: ")
    assert hint == "copy it again from its source"


@pytest.mark.parametrize("source", FILES)
def test_a_file_that_is_not_there_is_named(source, tmp_path):
    said, _ = refusal(source, hostile(source, tmp_path))
    assert said == f"model 'net': {tmp_path / FILES[source]}: No such file or directory"


def test_a_program_that_writes_files_is_refused_before_it_is_loaded(tmp_path):
    path = write_torchscript(Writer(str(tmp_path / "written")), tmp_path / "net.pt")
    said, _ = refusal("torchscript", path)
    assert "its program reads or writes files (torch.save in " in said
    assert not (tmp_path / "written").exists()


def test_a_program_of_export_that_carries_an_object_is_refused(tmp_path):
    marker = tmp_path / "the-code-ran"
    path = write_exported(tiny(), tmp_path / "net.pt2", n_images=1)
    whole = path.read_bytes()
    for name in ("data/constants/opaque_obj_0", "data/constants/custom_obj_0", "data/constants/model.pt"):
        path.write_bytes(whole)
        with_entry(path, name, pickle.dumps(Saboteur(marker)))
        said, _ = refusal("exported", path)
        assert f"holds more than a graph and its tensors ('{name}') and was not loaded" in said
        assert not marker.exists()


def test_a_program_of_export_whose_example_is_a_pickle_with_code_is_refused(tmp_path):
    marker = tmp_path / "the-code-ran"
    path = write_exported(tiny(), tmp_path / "net.pt2", n_images=1)
    with_entry(path, "data/sample_inputs/model.pt", pickle.dumps(Saboteur(marker)))
    said, _ = refusal("exported", path)
    assert "holds more than a graph and its tensors ('pathlib.Path.touch')" in said
    assert not marker.exists()


def test_a_program_of_export_whose_weights_are_a_pickle_is_refused(tmp_path):
    path = write_exported(tiny(), tmp_path / "net.pt2", n_images=1)
    about = {"config": {"head.bias": {"path_name": "weight_0", "is_param": True, "use_pickle": True}}}
    with_entry(path, "data/weights/model_weights_config.json", json.dumps(about).encode())
    said, _ = refusal("exported", path)
    assert "('head.bias') and was not loaded" in said


def test_one_kind_of_archive_under_the_other_source_is_told(tmp_path):
    script = write_torchscript(tiny(), tmp_path / "net.pt")
    program = write_exported(tiny(), tmp_path / "net.pt2")
    torch.save(tiny().state_dict(), tmp_path / "state.pt")
    assert refusal("exported", script)[1] == "set `source: torchscript`"
    assert refusal("torchscript", program)[1] == "set `source: exported`"
    said, hint = refusal("torchscript", tmp_path / "state.pt")
    assert said.endswith("is no TorchScript archive: it holds no program")
    assert "`source: torchvision`" in hint


def test_a_graph_of_whole_numbers_and_one_of_two_inputs_are_refused(tmp_path):
    path = hostile("onnx", tmp_path)
    write_onnx(tiny(), path, kind="UINT8")
    said, hint = refusal("onnx", path)
    assert said.startswith("model 'net': its graph takes tensor(uint8), expected normalised numbers")
    assert "`mean` and `std`" in hint


def test_a_graph_whose_weights_lie_in_another_file_is_refused(tmp_path):
    path = hostile("onnx", tmp_path)
    import onnx

    onnx.save_model(
        model_files.onnx_graph(tiny()), path, save_as_external_data=True, location="weights", size_threshold=0
    )
    said, hint = refusal("onnx", path)
    assert said == f"model 'net': {path}: its weights lie in other files"
    assert hint.startswith("write it as one file")


def test_probabilities_of_a_graph_are_told(tmp_path):
    path = write_onnx(tiny(), hostile("onnx", tmp_path), softmax=True)
    assert "its outputs are probabilities, not logits" in load("onnx", path).notes[0]


@pytest.mark.parametrize(
    ("source", "library"),
    [("timm", "timm"), ("onnx", "onnxruntime"), ("huggingface", "transformers")],
)
def test_a_library_that_is_missing_is_named_with_the_command_that_installs_it(
    source, library, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, library, None)
    said, hint = refusal(source, tmp_path, **({"architecture": "resnet18"} if source == "timm" else {}))
    assert said == f"model 'net': a model from {source} needs {library}, which is not installed"
    assert hint == f"pip install 'xaudit[{source}]'"
