"""Batch norms folded into convolutions: the same logits, and the original wherever they would not be."""

import pytest
import torch
import torchvision
from tiny_networks import Tiny
from torch import nn

from xaudit.models.classifier import Classifier
from xaudit.models.network.folding import Folding


def with_statistics(module, seed=0):
    """Running means and variances, gains and shifts as after a training, so that no norm is the identity."""
    generator = torch.Generator().manual_seed(seed)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            for tensor in (part.running_mean, part.bias, part.weight, part.running_var):
                if tensor is not None:
                    values = torch.rand(tensor.shape, generator=generator)
                    tensor.data = values + 0.5 if tensor is part.running_var else values - 0.3
    return module.eval()


def folding_of(module, side=32, n_classes=2):
    return Folding(module, n_classes=n_classes, model_hw=(side, side))


def norms(module):
    return sum(isinstance(part, nn.BatchNorm2d) for part in module.modules())


def noise(n, side=32):
    return torch.randn((n, 3, side, side), generator=torch.Generator().manual_seed(1))


def test_a_folded_convolution_multiplies_and_adds_what_its_norm_did():
    """w = 2, gain 3 / √4 = 1.5: 2 · 1.5 = 3. The bias of 5: (5 − 1) · 1.5 + 0.25 = 6.25. For x = 1: 3 + 6.25."""
    convolution, norm = nn.Conv2d(3, 1, 1), nn.BatchNorm2d(1, eps=0.0)
    with torch.no_grad():
        convolution.weight[:] = torch.tensor([2.0, 0, 0]).view(1, 3, 1, 1)
        convolution.bias[:] = 5
        norm.weight[:], norm.bias[:], norm.running_mean[:], norm.running_var[:] = 3, 0.25, 1, 4
    module = nn.Sequential(convolution, norm, nn.Flatten(), nn.Linear(4, 2)).eval()
    folded = folding_of(module, side=2).module()
    assert folded is not module
    assert folded[0].weight.flatten().tolist() == [3, 0, 0]
    assert folded[0].bias.tolist() == [6.25]
    assert folded[0](torch.ones(1, 3, 2, 2)).flatten().tolist() == [9.25] * 4


@pytest.mark.parametrize(
    ("name", "left"),
    [("resnet18", 0), ("mobilenet_v3_small", 0), ("densenet121", 62), ("shufflenet_v2_x0_5", 0)],
)
def test_torchvisions_families_answer_alike(name, left):
    """DenseNet norms before its convolutions; only those that follow one directly can be folded."""
    torch.manual_seed(0)
    module = with_statistics(getattr(torchvision.models, name)(num_classes=2))
    folded = folding_of(module, side=64).module()
    assert norms(folded) == left < norms(module)
    with torch.no_grad():
        wanted = module(noise(3, 64))
        difference = (folded(noise(3, 64)) - wanted).abs().max()
    assert difference <= 1e-5 * max(1, wanted.abs().max())


def test_the_network_itself_stays_as_it_was():
    module = with_statistics(Tiny(2))
    before = {name: value.clone() for name, value in module.state_dict().items()}
    folded = folding_of(module).module()
    after = module.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())
    assert folded.head.weight is module.head.weight


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.features[0].reset_parameters(),
        lambda m: m.load_state_dict(with_statistics(Tiny(2), seed=5).state_dict()),
        lambda m: m.features[1].running_mean.add_(1),
        lambda m: m.head.weight.data.zero_(),
        lambda m: setattr(m, "last", nn.Conv2d(4, 6, 1)),
        lambda m: m.features.__setitem__(1, nn.BatchNorm2d(4).eval()),
    ],
    ids=[
        "weights drawn anew",
        "another state",
        "statistics",
        "a shared weight",
        "a part exchanged",
        "a norm",
    ],
)
def test_a_network_that_is_changed_is_folded_anew(change):
    module = with_statistics(Tiny(2))
    folding = folding_of(module)
    first = folding.module()
    assert folding.module() is first
    with torch.no_grad():
        before = first(noise(2))
        change(module)
        wanted, found = module(noise(2)), folding.module()(noise(2))
    assert (before - wanted).abs().max() > 1e-4
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)


def test_hooks_added_later_are_heard_of_both():
    module = with_statistics(Tiny(2))
    folding = folding_of(module)
    assert folding.module() is not module
    seen = []
    module.register_forward_hook(lambda *_: seen.append("whole"))
    module.head.register_forward_hook(lambda *_: seen.append("head"))
    folding.module()(noise(1))
    assert seen == ["head", "whole"]


def test_a_norm_that_somebody_watches_is_not_folded_away():
    module = with_statistics(Tiny(2))
    folding = folding_of(module)
    handle = module.features[1].register_forward_hook(lambda _m, _a, output: output * 0)
    assert folding.module() is module
    handle.remove()
    assert folding.module() is not module


class Mean(nn.Module):
    def forward(self, features):
        return features.mean(dim=(2, 3))


class Twice(nn.Module):
    """One convolution under two norms."""

    def __init__(self):
        super().__init__()
        self.convolution, self.one, self.two = nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2), nn.BatchNorm2d(2)

    def forward(self, images):
        return (self.one(self.convolution(images)) - self.two(self.convolution(images))).mean(dim=(2, 3))


class Peeking(nn.Module):
    """Uses what lies between convolution and norm."""

    def __init__(self, between):
        super().__init__()
        self.convolution, self.norm, self.between = nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2), between

    def forward(self, images):
        features = self.convolution(images)
        kept = self.between(features)
        return (self.norm(features) + kept).mean(dim=(2, 3))


@pytest.mark.parametrize(
    "module",
    [
        Twice(),
        Peeking(lambda features: features * 2),
        Peeking(lambda features: features.mul_(2)),
        nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2, track_running_stats=False), Mean()),
        nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 2, 3), Mean()),
    ],
    ids=["twice", "peeking", "in place", "batch statistics", "norm first"],
)
def test_what_cannot_be_folded_is_asked_as_it_is(module):
    module = with_statistics(module)
    assert folding_of(module).module() is module


def test_a_classifier_asks_the_folded_network_and_counts_it():
    module = with_statistics(Tiny(2))
    model = Classifier(id="m", module=module, class_names=("a", "b"), model_hw=(32, 32))
    with torch.no_grad():
        wanted = model.module(noise(5).contiguous(memory_format=torch.channels_last))
    assert model.meter.n_evals == 5
    found = model.logits(noise(5))
    assert model.meter.n_evals == 10
    assert not torch.equal(found, wanted)
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)


def test_inside_inference_mode_too():
    model = Classifier(id="m", module=with_statistics(Tiny(2)), class_names=("a", "b"), model_hw=(32, 32))
    with torch.inference_mode():
        first = model.logits(noise(2))
    torch.testing.assert_close(first, model.logits(noise(2)), rtol=0, atol=0)
    assert norms(model._folding.module()) == 0
