"""Checkpoints of every kind that loads, and the ones that are refused: code, damage, other networks, other classes."""

import errno
import os
import pickle
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tiny_networks import Tiny

from xaudit.config import ModelSection
from xaudit.errors import ModelError, OutputError
from xaudit.models.sources.build import build_module
from xaudit.models.weights.checkpoint import load_weights, read_state
from xaudit.models.weights.saving import save_safetensors, write_whole

CLASSES = ("cancer", "normal")
RE_SAVE = "save the weights alone, `torch.save(model.state_dict(), path)`, or as safetensors"


def seeded_tiny(n_classes=2, seed=1):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Tiny(n_classes)


def refusal(path, module=None, class_names=CLASSES):
    with pytest.raises(ModelError) as caught:
        load_weights(module or Tiny(2), path, class_names=class_names, model_id="net")
    return str(caught.value), caught.value.hint


class RunsACommand:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch '{self.marker}'",)


def prefixed(state, prefix):
    return {prefix + name: tensor for name, tensor in state.items()}


WRITERS = {
    "state dict": lambda state, path: torch.save(state, path),
    "older format": lambda state, path: torch.save(state, path, _use_new_zipfile_serialization=False),
    "under state_dict": lambda state, path: torch.save({"epoch": 3, "state_dict": state}, path),
    "under model": lambda state, path: torch.save({"model": state, "optimizer": {"lr": 0.1}}, path),
    "of DataParallel": lambda state, path: torch.save(prefixed(state, "module."), path),
    "of Lightning": lambda state, path: torch.save({"state_dict": prefixed(state, "model.")}, path),
    "of a compiled DataParallel": lambda state, path: torch.save(prefixed(state, "module._orig_mod."), path),
    "in half precision": lambda state, path: torch.save(
        {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in state.items()},
        path,
    ),
    "without batch counts": lambda state, path: torch.save(
        OrderedDict((name, tensor) for name, tensor in state.items() if "num_batches" not in name), path
    ),
    "safetensors": lambda state, path: save_file(state, path),
    "safetensors of a wrapper": lambda state, path: save_file(prefixed(state, "module."), path),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_checkpoint_gives_its_weights_whatever_it_is_called(kind, tmp_path):
    source, module = seeded_tiny(), seeded_tiny(seed=2)
    WRITERS[kind](source.state_dict(), tmp_path / "weights.bin")
    load_weights(module, tmp_path / "weights.bin", class_names=CLASSES, model_id="net")
    tolerance = 1e-3 if kind == "in half precision" else 0
    for name, tensor in source.state_dict().items():
        torch.testing.assert_close(module.state_dict()[name], tensor, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("written_as", ["zip", "older zip-less", "plain pickle", "plain pickle 2"])
def test_checkpoint_with_code_in_it_is_refused_by_name_and_never_run(written_as, tmp_path):
    marker, path = tmp_path / "was-run", tmp_path / "weights.pt"
    content = {"fc.weight": torch.zeros(2), "extra": RunsACommand(marker)}
    match written_as:
        case "zip":
            torch.save(content, path)
        case "older zip-less":
            torch.save(content, path, _use_new_zipfile_serialization=False)
        case "plain pickle":
            path.write_bytes(pickle.dumps(RunsACommand(marker)))
        case "plain pickle 2":
            path.write_bytes(pickle.dumps(RunsACommand(marker), protocol=2))
    assert refusal(path) == (
        f"weights {path}: the checkpoint holds code ('posix.system') and was not loaded",
        RE_SAVE,
    )
    assert not marker.exists()


def test_the_hostile_checkpoint_of_these_tests_would_do_harm_if_it_were_run(tmp_path):
    marker, path = tmp_path / "was-run", tmp_path / "weights.pt"
    torch.save(RunsACommand(marker), path)
    torch.load(path, weights_only=False)
    assert marker.exists()


def test_checkpoint_named_safetensors_with_code_in_it_is_refused_too(tmp_path):
    marker, path = tmp_path / "was-run", tmp_path / "weights.safetensors"
    torch.save(RunsACommand(marker), path)
    assert "holds code ('posix.system')" in refusal(path)[0]
    assert not marker.exists()


def test_a_whole_saved_network_is_refused(tmp_path):
    path = tmp_path / "net.pt"
    torch.save(torch.nn.Linear(2, 2), path)
    assert refusal(path) == (
        f"weights {path}: the checkpoint holds code ('torch.nn.modules.linear.Linear') and was not loaded",
        RE_SAVE,
    )


@pytest.mark.filterwarnings("ignore:`torch.jit:FutureWarning", "ignore:`torch.jit:DeprecationWarning")
def test_torchscript_is_refused(tmp_path):
    path = tmp_path / "net.pt"
    torch.jit.script(torch.nn.Linear(2, 2)).save(str(path))
    assert "holds code" in refusal(path)[0]


def test_missing_file(tmp_path):
    path = tmp_path / "absent.pt"
    assert refusal(path) == (
        f"weights {path}: No such file or directory",
        "give the path of a checkpoint, or leave `weights` out to train",
    )


def test_folder_in_place_of_a_file(tmp_path):
    assert refusal(tmp_path)[0] == f"weights {tmp_path}: Is a directory"


@pytest.mark.parametrize("content", [b"", b"not a checkpoint at all", b"\x80\x02}q\x00(X\x01"])
def test_file_that_is_no_checkpoint(content, tmp_path):
    path = tmp_path / "weights.pt"
    path.write_bytes(content)
    assert refusal(path)[0] == f"weights {path}: neither safetensors nor a checkpoint of torch, or damaged"


@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_truncated_checkpoint_of_torch(share, tmp_path):
    path = tmp_path / "weights.pt"
    torch.save(Tiny(2).state_dict(), path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert refusal(path)[0] == f"weights {path}: neither safetensors nor a checkpoint of torch, or damaged"


def test_truncated_safetensors(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_file(Tiny(2).state_dict(), path)
    path.write_bytes(path.read_bytes()[:-7])
    message, hint = refusal(path)
    assert message.startswith(f"weights {path}: damaged safetensors file: ")
    assert hint == "copy it again from its source"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ({"weight": torch.zeros(2), "epoch": 3}, "expected a state dict, but its entry 'epoch' is a int"),
        ([torch.zeros(2)], "expected a state dict, found a list"),
        ({}, "expected a state dict, found nothing"),
        (torch.zeros(3), "expected a state dict, found a Tensor"),
    ],
)
def test_torch_file_that_holds_something_else(content, found, tmp_path):
    path = tmp_path / "weights.pt"
    torch.save(content, path)
    assert refusal(path) == (f"weights {path}: {found}", RE_SAVE)


def test_checkpoint_of_another_architecture_names_the_first_of_each_fault(tmp_path):
    path, state = tmp_path / "weights.pt", Tiny(2).state_dict()
    state["extra.weight"] = torch.zeros(1)
    state["last.weight"] = torch.zeros((7, 4, 3, 3))
    del state["last.bias"]
    torch.save(state, path)
    assert refusal(path) == (
        f"model 'net': {path} is no checkpoint of this architecture: 1 entry is missing, the first 'last.bias'; "
        "1 is unexpected, the first 'extra.weight'; 1 has another shape, the first 'last.weight': "
        "(7, 4, 3, 3) where (6, 4, 3, 3) is expected",
        "name the architecture that it was trained with",
    )


def test_where_only_shapes_differ_another_frame_may_be_why(tmp_path):
    path, state = tmp_path / "weights.pt", Tiny(2).state_dict()
    state["last.weight"] = torch.zeros((6, 4, 5, 5))
    torch.save(state, path)
    assert refusal(path)[1] == "name the architecture, `input_size` and `channels` that it was trained with"


def test_network_is_untouched_by_a_checkpoint_that_does_not_fit(tmp_path):
    path, state, module = tmp_path / "weights.pt", seeded_tiny(seed=2).state_dict(), seeded_tiny()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    del state["last.bias"]
    torch.save(state, path)
    refusal(path, module)
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())


def test_checkpoint_for_another_number_of_classes_is_told_apart_from_another_architecture(tmp_path):
    path = tmp_path / "weights.pt"
    torch.save(Tiny(3).state_dict(), path)
    assert refusal(path) == (
        f"model 'net': {path}: trained for 3 classes, the data has 2 (cancer, normal)",
        "use `merge` to bring the data's classes to those of the training, or train again",
    )


def test_checkpoint_of_the_same_classes_under_other_names_is_refused(tmp_path):
    # Sorted, benign/malignant and cancer/normal are the wrong way round: the audit would explain the other class.
    path = tmp_path / "weights.safetensors"
    save_safetensors(Tiny(2).state_dict(), path, notes={"class_names": ["benign", "malignant"]})
    assert refusal(path) == (
        f"model 'net': {path}: trained on the classes benign, malignant, the data has cancer, normal",
        "give the classes the names of the training with `merge`, or train again",
    )


def test_auxiliary_heads_in_a_checkpoint_are_left_out_where_they_are_not_used(tmp_path):
    section = ModelSection(id="net", architecture="googlenet", input_size=64)
    trained, asked = build_module(section, 2, auxiliary=True), build_module(section, 2)
    torch.save(trained.state_dict(), tmp_path / "weights.pt")
    load_weights(asked, tmp_path / "weights.pt", class_names=CLASSES, model_id="net")
    torch.testing.assert_close(asked.fc.weight, trained.fc.weight, rtol=0, atol=0)


def test_saved_tensors_and_notes_come_back(tmp_path):
    state = Tiny(2).to(memory_format=torch.channels_last).state_dict()
    save_safetensors(state, tmp_path / "new" / "w.safetensors", notes={"class_names": ["a", "b"], "seed": 3})
    read, notes = read_state(tmp_path / "new" / "w.safetensors")
    assert notes == {"class_names": ["a", "b"], "seed": 3}
    assert read.keys() == state.keys()
    assert all(torch.equal(read[name], state[name]) for name in state)


def test_same_weights_are_saved_as_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        save_safetensors(seeded_tiny().state_dict(), tmp_path / name, notes={"x": 1, "y": 2})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "weights"
    path.write_bytes(b"old")

    def interrupt(_handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, b"new")
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("weights", b"old")]


def test_full_disk_is_an_error_a_user_can_mend(tmp_path, monkeypatch):
    def full(_handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError) as caught:
        write_whole(tmp_path / "weights", b"new")
    assert str(caught.value) == f"{tmp_path / 'weights'}: cannot be written: No space left on device"
    assert caught.value.hint == "choose a folder with space and permission to write"
    assert list(tmp_path.iterdir()) == []


def test_folder_that_is_a_file_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError) as caught:
        write_whole(Path(tmp_path / "file" / "weights"), b"new")
    assert "cannot be written" in str(caught.value)
