"""Layer-wise relevance: worked by hand, conserved without biases, zennit's own on a ResNet, refusals by name."""

import sys

import numpy as np
import pytest
import timm
import torch
from evidence_models import SIDE, TOP_LEFT, Plain, classifier_of, mass_share, small_vit
from torch import nn
from torchvision.models import densenet121, efficientnet_b0, resnet18, resnet50
from zennit.attribution import Gradient
from zennit.composites import EpsilonPlusFlat
from zennit.torchvision import ResNetCanonizer

from xaudit.config import ExplainerSpec
from xaudit.errors import ModelError
from xaudit.explainers import make_explainer
from xaudit.models.sources.small_resnet import SmallResNet

BOTH = ("epsilon-plus-flat", "epsilon-gamma-box")


def lrp(network, images, targets, **options):
    model = classifier_of(network)
    maps = make_explainer(ExplainerSpec(name="lrp", **options), model).explain(
        images, targets, [0] * len(images)
    )
    return maps, model.logits(images).numpy()[np.arange(len(images)), targets]


def unbiased(network):
    """Batch norms that multiply only, each channel by its own factor, and no biases."""
    torch.manual_seed(1)
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.running_var, 0.5, 2)
            nn.init.uniform_(part.weight, 0.5, 1.5)
        if getattr(part, "bias", None) is not None:
            nn.init.zeros_(part.bias)
    return network


SMALL = {"plain": Plain, "xaudit's own": lambda: SmallResNet(2)}
LARGE = {
    "ResNet-18": lambda: resnet18(num_classes=2),
    "timm's ResNet-18": lambda: timm.create_model("resnet18", num_classes=2),
    "ResNet-50": lambda: resnet50(num_classes=2),
}
NETWORKS = [*SMALL, *(pytest.param(name, marks=pytest.mark.slow) for name in LARGE)]


@pytest.mark.parametrize("composite", BOTH)
@pytest.mark.parametrize("name", NETWORKS)
def test_without_biases_the_map_sums_to_the_logit_within_a_thousandth(name, composite, images):
    inside = images.clamp(-1.7, 1.7)  # within black to white, for the box rule
    maps, logits = lrp(unbiased((SMALL | LARGE)[name]()), inside, [1, 0, 1], composite=composite)
    np.testing.assert_allclose(maps.sum(axis=(1, 2)), logits, rtol=1e-3)


@pytest.mark.slow
def test_the_map_of_a_resnet_is_zennits_with_its_own_canonizers(images):
    torch.manual_seed(2)
    network = resnet18(num_classes=2)
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.running_mean, std=0.1)
            nn.init.uniform_(part.running_var, 0.5, 2)
            nn.init.normal_(part.bias, std=0.1)
    maps, _ = lrp(network, images, [1, 1, 1])
    network.eval()
    with Gradient(model=network, composite=EpsilonPlusFlat(canonizers=[ResNetCanonizer()])) as attributor:
        _, relevance = attributor(images.clone(), lambda logits: logits.detach() * torch.tensor([0.0, 1.0]))
    wanted = relevance.sum(dim=1).numpy()
    np.testing.assert_allclose(maps, wanted, atol=1e-4 * np.abs(wanted).max())


class TwoPixels(nn.Sequential):
    """A convolution of side 16 on the mean channel, then a dense layer on its four places."""

    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 1, 16, stride=16, bias=False), nn.Flatten(), nn.Linear(4, 2, bias=False)
        )
        with torch.no_grad():
            self[0].weight.fill_(1 / (3 * 16 * 16))
            self[2].weight.copy_(torch.tensor([[0.0, 0.0, 0.0, 0.0], [2.0, -1.0, 0.0, 3.0]]))


def test_a_network_of_two_layers_worked_by_hand():
    """Places of values 1, 2, 5 and -1 give the dense layer 2, -2, 0 and -3; the flat rule spreads each over its 256 pixels."""
    image = torch.empty(1, 3, SIDE, SIDE)
    for (row, column), value in {(0, 0): 1.0, (0, 1): 2.0, (1, 0): 5.0, (1, 1): -1.0}.items():
        image[:, :, 16 * row : 16 * row + 16, 16 * column : 16 * column + 16] = value
    [saliency], [logit] = lrp(TwoPixels(), image, [1])
    assert logit == pytest.approx(-3, rel=1e-4)
    wanted = np.repeat(np.repeat(np.array([[2.0, -2.0], [0.0, -3.0]]) / 256, 16, axis=0), 16, axis=1)
    np.testing.assert_allclose(saliency, wanted, atol=1e-6)


class Summed(nn.Module):
    """Two convolutions of one pixel side by side; their sum or mean is what the head reads."""

    def __init__(self, join):
        super().__init__()
        self.first = nn.Conv2d(3, 2, 1, bias=False)
        self.left, self.right = nn.Conv2d(2, 2, 1, bias=False), nn.Conv2d(2, 2, 1, bias=False)
        self.head = nn.Linear(2, 2, bias=False)
        self.join = join

    def forward(self, images):
        features = self.first(images).relu()
        return self.head(self.join(self.left(features), self.right(features)).mean(dim=(2, 3)))


@pytest.mark.parametrize(
    ("join", "function"),
    [
        (lambda a, b: a * b, "mul"),
        (lambda a, b: a - b, "sub"),
        (lambda a, b: a + torch.sigmoid(b), "sigmoid"),
        (lambda a, b: a + nn.functional.silu(b), "silu"),
        (lambda a, b: a + b.detach(), "detach"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_function_without_a_rule_is_refused_by_name(join, function):
    with pytest.raises(ModelError) as raised:
        make_explainer(ExplainerSpec(name="lrp"), classifier_of(Summed(join)))
    assert str(raised.value).splitlines()[0] == (
        f"model 'known': lrp has no rule for the function '{function}' in Summed"
    )


def test_a_sum_is_shared_out_by_the_parts_of_its_terms(images):
    """In-place or not, twice the same branch is one branch of twice the weight."""

    def in_place(left, right):
        left += right
        return left

    networks = [Summed(join) for join in (lambda a, b: a + b, in_place, lambda a, _b: a + a, torch.add)]
    for network in networks:
        torch.manual_seed(0)
        for weight in network.parameters():
            nn.init.uniform_(weight, 0.1, 1)
        with torch.no_grad():
            network.right.weight.copy_(network.left.weight)
    first, *others = (lrp(network, images, [1, 0, 1])[0] for network in networks)
    for other in others:
        np.testing.assert_allclose(other, first, rtol=1e-5, atol=1e-8)


def test_a_sum_in_place_whose_first_term_is_used_again_is_refused():
    def used_again(left, right):
        same = left
        left += right
        return left + same

    with pytest.raises(ModelError, match=r"^model 'known': with lrp's rules in place it gives other logits;"):
        make_explainer(ExplainerSpec(name="lrp"), classifier_of(Summed(used_again)))


class Twice(nn.Sequential):
    """One convolution that runs twice."""

    def __init__(self):
        again = nn.Conv2d(3, 3, 3, padding=1)
        super().__init__(again, nn.ReLU(), again, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))


class OtherOrder(Plain):
    """The convolution that is registered first runs second."""

    def __init__(self):
        super().__init__()
        self._modules["head"] = self._modules.pop("head")
        self._modules = {"later": nn.Linear(2, 2), **self._modules}

    def forward(self, images):
        parts = list(self._modules.values())
        for part in (*parts[1:], parts[0]):
            images = part(images)
        return images


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (small_vit, "has no rule for 'encoder.layers.encoder_layer_0.ln_1' (LayerNorm)"),
        pytest.param(
            lambda: densenet121(num_classes=2),
            "needs batch norms that can be folded into a convolution before them; 'features.denseblock1.denselayer1.norm1' "
            "(BatchNorm2d) cannot",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            lambda: efficientnet_b0(num_classes=2),
            "has no rule for 'features.1.0.block.1.scale_activation' (Sigmoid)",
            marks=pytest.mark.slow,
        ),
        (Twice, "needs a module for each use; '0' (Conv2d) runs 2 times per image"),
        (OtherOrder, "needs the first layer with weights to be the first that runs"),
    ],
    ids=["transformer", "norm first", "squeeze and excitation", "shared", "order"],
)
def test_a_module_without_a_rule_is_refused_by_name(network, reason):
    with pytest.raises(ModelError) as raised:
        make_explainer(ExplainerSpec(name="lrp"), classifier_of(network()))
    assert str(raised.value).splitlines()[0] == f"model 'known': lrp {reason}"


def test_evidence_in_one_quadrant_is_found_there_and_evidence_against_is_negative(images):
    network = TwoPixels()
    bright = images.abs() + 0.1
    for sign in (1, -1):
        with torch.no_grad():
            network[2].weight.copy_(torch.tensor([[0.0] * 4, [sign, 0.0, 0.0, 0.0]]))
        maps, _ = lrp(network, bright, [1, 1, 1])
        assert all(mass_share(sign * saliency, TOP_LEFT) > 0.999 for saliency in maps)
        assert all((sign * saliency[TOP_LEFT] > 0).all() for saliency in maps)


def test_the_network_with_its_batch_norms_is_as_it_was_also_after_a_failure(images):
    network = SmallResNet(2)
    model = classifier_of(network)
    made = make_explainer(ExplainerSpec(name="lrp"), model)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    parts, attributes = list(network.modules()), [sorted(vars(part)) for part in network.modules()]
    made.explain(images, [0, 1, 0], [0, 0, 0])

    def fail(_module, _inputs):
        raise RuntimeError("the hook failed")

    handle = network.layer3.register_forward_pre_hook(fail)
    with pytest.raises(RuntimeError, match=r"^the hook failed$"):
        made.explain(images, [0, 1, 0], [0, 0, 0])
    handle.remove()
    assert list(network.modules()) == parts
    assert [sorted(vars(part)) for part in network.modules()] == attributes
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert not any(
        part._forward_pre_hooks or part._backward_hooks or part._forward_hooks
        for part in network.modules()
        if part is not network
    )


def test_without_zennit_the_hint_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "zennit.composites", None)
    with pytest.raises(ModelError) as raised:
        make_explainer(ExplainerSpec(name="lrp"), classifier_of(Plain()))
    assert str(raised.value) == "explainer 'lrp' needs the package zennit, which is not installed"
    assert raised.value.hint == "pip install 'xaudit[lrp]'"
