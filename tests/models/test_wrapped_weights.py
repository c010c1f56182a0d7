"""The network's own weights in training checkpoints: wrappers come off, what is extra is named, and no copy is chosen silently."""

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from tiny_networks import Tiny

from xaudit.config import ModelSection
from xaudit.errors import ModelError
from xaudit.models.weights.checkpoint import load_weights

CLASSES = ("cancer", "normal")


def under(prefix, state):
    return {prefix + name: tensor.clone() for name, tensor in state.items()}


def shifted(state, by):
    return {name: tensor + by if tensor.is_floating_point() else tensor for name, tensor in state.items()}


@pytest.fixture
def trained():
    torch.manual_seed(3)
    return Tiny(2).state_dict()


def loaded(content, path, prefix=None, module=None):
    """The network's state after loading, and the remarks."""
    if path.suffix == ".safetensors":
        save_file({name: tensor.contiguous() for name, tensor in content.items()}, path)
    else:
        torch.save(content, path)
    module = module or Tiny(2)
    remarks = load_weights(module, path, class_names=CLASSES, model_id="net", prefix=prefix).remarks
    return module.state_dict(), remarks


def refusal(content, path, prefix=None):
    with pytest.raises(ModelError) as caught:
        loaded(content, path, prefix)
    return str(caught.value), caught.value.hint


def assert_equal(state, expected):
    assert state.keys() == expected.keys()
    assert all(torch.equal(state[name], expected[name]) for name in expected)


POS_WEIGHT = {"criterion.pos_weight": torch.tensor([2.0])}
ONE_EXTRA = "model 'net': w.pt: 1 entry is not of the network and is not loaded: "


@pytest.mark.parametrize(
    ("wrap", "extra"),
    [
        (lambda s: {"epoch": 3, "state_dict": under("model.", s) | POS_WEIGHT}, "criterion.pos_weight"),
        (lambda s: {"state_dict": under("classifier.net.", s) | POS_WEIGHT}, "criterion.pos_weight"),
        (lambda s: under("module.", s) | {"n_averaged": torch.tensor(7)}, "n_averaged"),
        (lambda s: s | {"n_averaged": torch.tensor(7)}, "n_averaged"),
        (lambda s: s | POS_WEIGHT, "criterion.pos_weight"),
        (lambda s: {"state_dict": under("model._orig_mod.", s) | POS_WEIGHT}, "criterion.pos_weight"),
        (lambda s: {"state_dict": under("model.module._orig_mod.", s) | POS_WEIGHT}, "criterion.pos_weight"),
        (
            lambda s: under("model.", s) | {"val_acc.tp": torch.zeros(2)},
            "val_acc.tp",
        ),
    ],
)
def test_a_prefix_comes_off_and_what_stands_beside_is_named(wrap, extra, trained, tmp_path):
    state, remarks = loaded(wrap(trained), tmp_path / "w.pt")
    assert_equal(state, trained)
    assert remarks == (ONE_EXTRA + extra,)


def test_safetensors_are_unwrapped_in_the_same_way(trained, tmp_path):
    state, remarks = loaded(under("model.", trained) | POS_WEIGHT, tmp_path / "w.safetensors")
    assert_equal(state, trained)
    assert [remark.rpartition(": ")[2] for remark in remarks] == ["criterion.pos_weight"]


def test_many_extra_entries_are_counted_and_three_are_named(trained, tmp_path):
    extra = {f"loss.w{number}": torch.zeros(1) for number in range(5)}
    _, [remark] = loaded(under("model.", trained) | extra, tmp_path / "w.pt")
    assert remark.endswith(
        ": 5 entries are not of the network and are not loaded: loss.w0, loss.w1, loss.w2 and 2 more"
    )


def test_a_wrapper_in_the_middle_of_names_comes_off(tmp_path):
    """DataParallel around the features alone, as ImageNet's old script has it for VGG, and a compiled part."""
    network = torch.nn.ModuleDict({"features": torch.nn.Conv2d(3, 2, 1), "head": torch.nn.Linear(2, 2)})
    state = network.state_dict()
    for wrapper in ("module", "_orig_mod"):
        wrapped = {name.replace("features.", f"features.{wrapper}."): value for name, value in state.items()}
        fresh = torch.nn.ModuleDict({"features": torch.nn.Conv2d(3, 2, 1), "head": torch.nn.Linear(2, 2)})
        found, remarks = loaded(wrapped, tmp_path / "w.pt", module=fresh)
        assert_equal(found, state)
        assert remarks == ()


def test_densenets_old_names_are_todays(tmp_path):
    def build():
        return torchvision.models.DenseNet(4, (1, 1), 4, num_classes=2)

    state = build().state_dict()
    old = {
        name.replace("norm1.", "norm.1.").replace("conv2.", "conv.2.")
        if "denselayer" in name
        else name: value
        for name, value in state.items()
    }
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    found, _ = loaded(old, tmp_path / "w.pt", module=build())
    assert_equal(found, state)


def test_an_entry_inside_the_prefix_is_of_another_network(trained, tmp_path):
    content = under("model.", trained) | {"model.second_head.weight": torch.zeros(2)} | POS_WEIGHT
    said, _ = refusal(content, tmp_path / "w.pt")
    assert "1 is unexpected, the first 'second_head.weight'" in said


def test_a_missing_entry_is_named_without_the_prefix(trained, tmp_path):
    content = under("model.", trained) | POS_WEIGHT
    first = next(iter(trained))
    del content[f"model.{first}"]
    said, _ = refusal({"state_dict": content}, tmp_path / "w.pt")
    assert said.endswith(f"is no checkpoint of this architecture: 1 entry is missing, the first '{first}'")


@pytest.mark.parametrize(
    ("wrap", "labels"),
    [
        (
            lambda s, t: {"state_dict": under("model.", s) | under("ema_model.", t)},
            ["model.", "ema_model."],
        ),
        (lambda s, t: under("student.net.", s) | under("teacher.net.", t), ["student.net.", "teacher.net."]),
        (lambda s, t: {"state_dict": s, "state_dict_ema": t}, ["state_dict", "state_dict_ema"]),
        (lambda s, t: {"student": s, "teacher": t}, ["student", "teacher"]),
        (
            lambda s, t: {"state_dict": under("model.", s), "callbacks": {"EMA": {"weights": t}}},
            ["model.", "callbacks/EMA/weights"],
        ),
        (lambda s, t: {"folds": [s, t]}, ["folds/0", "folds/1"]),
        (lambda s, t: {"net": s, "ema": t}, ["net", "ema"]),
        (
            lambda s, t: {"model": {"state_dict": s}, "swa": {"state_dict": t}},
            ["model/state_dict", "swa/state_dict"],
        ),
    ],
)
def test_of_two_copies_of_the_network_none_is_chosen_silently(wrap, labels, trained, tmp_path):
    teacher = shifted(trained, 0.5)
    content = wrap(trained, teacher)
    said, hint = refusal(content, tmp_path / "w.pt")
    named = ", ".join(f"'{label}'" for label in labels)
    assert said.endswith(f"holds 2 different sets of weights of this network, under {named}")
    assert hint == f"name the one that is meant, for example `weights_prefix: {labels[0]}`"
    for label, expected in zip(labels, (trained, teacher), strict=True):
        state, [remark] = loaded(content, tmp_path / "w.pt", label)
        assert_equal(state, expected)
        other = next(one for one in labels if one != label)
        assert remark.endswith(f"those under '{label}' are loaded, not those under '{other}'")


def test_two_copies_with_the_same_values_are_no_choice(trained, tmp_path):
    state, remarks = loaded(under("model.", trained) | under("ema_model.", trained), tmp_path / "w.pt")
    assert_equal(state, trained)
    assert remarks == (
        "model 'net': w.pt: holds 2 sets of weights of this network; those under 'model.' are loaded, not those under 'ema_model.'",
    )


def test_a_prefix_that_is_not_there_names_those_that_are(trained, tmp_path):
    said, hint = refusal(under("model.", trained), tmp_path / "w.pt", "modle.")
    assert said.endswith("no weights of this network stand under weights_prefix 'modle.'")
    assert "did you mean 'model.'" in hint


def test_an_optimisers_state_is_no_copy(trained, tmp_path):
    network = Tiny(2)
    network.load_state_dict(trained)
    optimiser = torch.optim.AdamW(network.parameters())
    network(torch.zeros(1, 3, 32, 32)).sum().backward()
    optimiser.step()
    state, remarks = loaded(
        {"model": trained, "optimizer": optimiser.state_dict(), "epoch": 3}, tmp_path / "w.pt"
    )
    assert_equal(state, trained)
    assert remarks == ()


def test_averaged_weights_without_names_are_named_and_not_loaded(trained, tmp_path):
    """As torch_ema stores them, in the order of the parameters."""
    weights = [trained[name] + 1 for name, _ in Tiny(2).named_parameters()]
    content = {
        "state_dict": trained,
        "ema": {"decay": 0.99, "shadow_params": weights},
        "losses": [torch.zeros(1)],
    }
    state, [remark] = loaded(content, tmp_path / "w.pt")
    assert_equal(state, trained)
    assert remark == (
        f"model 'net': w.pt: holds {len(weights)} tensors without names under 'ema/shadow_params', of the shapes of the network's "
        "weights; they may be averaged weights, and they are not loaded"
    )


def test_the_only_network_of_a_list_is_loaded(trained, tmp_path):
    state, remarks = loaded({"epoch": 3, "folds": [under("module.", trained)]}, tmp_path / "w.pt")
    assert_equal(state, trained)
    assert remarks == ()


def test_weights_prefix_goes_with_a_checkpoint():
    with pytest.raises(ValueError, match="weights_prefix: goes with `weights`"):
        ModelSection(id="net", architecture="resnet18", weights_prefix="model.")
