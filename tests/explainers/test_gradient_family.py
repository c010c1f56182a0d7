"""Saliency, input × gradient, SmoothGrad, gradient SHAP, DeepLift and guided backprop against captum and by hand."""

import warnings

import captum.attr
import numpy as np
import pytest
import torch
from evidence_models import GatedConv, Kinked, Linear, Smooth, classifier_of, top_left_gate
from torch import nn

from xaudit.config import ExplainerSpec
from xaudit.errors import ModelError
from xaudit.explainers import make_explainer
from xaudit.explainers.baselines import blank_image
from xaudit.explainers.gradients import points_on_the_way

TARGETS, SEEDS = [1, 0, 1], [11, 12, 13]


def explain(name, model, images, targets=TARGETS, seeds=SEEDS, **options):
    return make_explainer(ExplainerSpec(name=name, **options), model).explain(
        images, targets[: len(images)], seeds[: len(images)]
    )


def asked_plainly(method, module, images, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(captum.attr, method)(module).attribute(images.clone(), **settings).detach()


def test_saliency_is_captums_and_takes_the_strongest_channel(images):
    module = Smooth().eval()
    expected = asked_plainly("Saliency", module, images, target=TARGETS).amax(dim=1)
    np.testing.assert_allclose(explain("saliency", classifier_of(module), images), expected, atol=1e-6)


def test_saliency_of_a_linear_model_is_its_weight(images):
    weight = torch.linspace(-1, 1, 3 * 32 * 32).reshape(3, 32, 32)
    maps = explain("saliency", classifier_of(Linear(weight)), images, [1, 1, 1])
    np.testing.assert_allclose(maps, weight.abs().amax(dim=0).expand(3, -1, -1).numpy(), atol=1e-6)


def test_input_x_gradient_of_a_linear_model_sums_to_its_logit(images):
    weight = torch.linspace(-1, 1, 3 * 32 * 32).reshape(3, 32, 32)
    model = classifier_of(Linear(weight))
    maps = explain("input-x-gradient", model, images, [1, 1, 1])
    np.testing.assert_allclose(maps, (weight * images).sum(dim=1), atol=1e-5)
    np.testing.assert_allclose(maps.sum(axis=(1, 2)), model.logits(images)[:, 1], rtol=1e-4)


def test_smoothgrad_is_captums_noise_tunnel_with_the_same_draws(images):
    module, seed = Smooth().eval(), 11
    spread = 0.15 * float(images[0].max() - images[0].min())
    with torch.random.fork_rng(devices=[]):
        noise = torch.randn((24, 3, 32, 32), generator=torch.Generator().manual_seed(seed)) * spread
    drawn = pytest.MonkeyPatch()
    drawn.setattr(torch, "normal", lambda *_args, **_options: noise)
    try:
        tunnel = captum.attr.NoiseTunnel(captum.attr.Saliency(module))
        expected = tunnel.attribute(
            images[:1].clone().requires_grad_(),
            nt_type="smoothgrad",
            nt_samples=24,
            stdevs=spread,
            target=1,
            abs=False,
        )
    finally:
        drawn.undo()
    [saliency] = explain("smoothgrad", classifier_of(module, batch_size=5), images[:1])
    np.testing.assert_allclose(saliency, expected[0].abs().amax(dim=0).detach(), rtol=0, atol=1e-6)


def test_smoothgrad_without_noise_is_saliency(images):
    model = classifier_of(Smooth())
    np.testing.assert_allclose(
        explain("smoothgrad", model, images, noise=0.0), explain("saliency", model, images), rtol=0, atol=1e-6
    )


def test_gradient_shap_is_captums_with_the_same_draws(images, monkeypatch):
    module, model = Smooth().eval(), classifier_of(Smooth(), batch_size=5)
    blank = blank_image(model, images[0], "black")[None]
    share = points_on_the_way(24, 11)
    monkeypatch.setattr(np.random, "uniform", lambda *_args: share.astype(np.float64))
    expected = captum.attr.GradientShap(module).attribute(
        images[:1].clone().requires_grad_(), baselines=blank, n_samples=24, stdevs=0.0, target=1
    )
    [saliency] = explain("gradient-shap", model, images[:1], noise=0.0, baseline="black")
    np.testing.assert_allclose(saliency, expected[0].sum(dim=0).detach(), rtol=0, atol=1e-5)


def test_gradient_shap_comes_to_integrated_gradients(images):
    """Points drawn evenly instead of placed: 1500 of them err by less than a tenth of the map's spread."""
    model = classifier_of(Smooth())
    [drawn] = explain("gradient-shap", model, images[:1], samples=1500, noise=0.0, baseline="black")
    [placed] = explain("integrated-gradients", model, images[:1], baseline="black")
    assert np.abs(drawn - placed).max() < 0.1 * placed.std()


@pytest.mark.parametrize("baseline", ["mean", "black"])
def test_deeplift_is_captums_and_sums_to_the_difference(baseline, images):
    module = Kinked().eval()
    model = classifier_of(Kinked())
    blanks = torch.stack([blank_image(model, image, baseline) for image in images])
    expected = asked_plainly("DeepLift", module, images, baselines=blanks, target=TARGETS)
    maps = explain("deeplift", model, images, baseline=baseline)
    np.testing.assert_allclose(maps, expected.sum(dim=1), rtol=0, atol=1e-5)
    gained = (model.logits(images) - model.logits(blanks))[range(3), TARGETS]
    np.testing.assert_allclose(maps.sum(axis=(1, 2)), gained, rtol=1e-3, atol=1e-4)


def test_deeplift_leaves_nothing_on_the_modules(images):
    model = classifier_of(Kinked())
    before = [set(vars(part)) for part in model.module.modules()]
    explain("deeplift", model, images)
    assert [set(vars(part)) for part in model.module.modules()] == before


def test_guided_backprop_is_captums(images):
    module = Kinked().eval()
    expected = asked_plainly("GuidedBackprop", module, images, target=TARGETS).abs().amax(dim=1)
    np.testing.assert_allclose(
        explain("guided-backprop", classifier_of(Kinked()), images), expected, atol=1e-6
    )


def test_guided_backprop_lets_nothing_negative_through_a_relu(images):
    """A head of −1 on every feature: each gradient that comes to the ReLU is negative, and none passes."""
    model = classifier_of(GatedConv(top_left_gate(), gain=-0.05))
    assert not explain("guided-backprop", model, images, [1, 1, 1]).any()
    assert explain("saliency", model, images, [1, 1, 1]).any()


class Functional(Kinked):
    def forward(self, images):
        features = torch.relu(self.conv2(self.relu1(self.conv1(images))))
        return self.head(features.mean(dim=(2, 3)) * 10)


class Reused(Kinked):
    def forward(self, images):
        features = self.relu1(self.conv2(self.relu1(self.conv1(images))))
        return self.head(features.mean(dim=(2, 3)) * 10)


class Products(Kinked):
    """A product of features has no rule, and nothing in the modules tells of it."""

    def forward(self, images):
        features = self.relu2(self.conv2(self.relu1(self.conv1(images))))
        return self.head((features * features).mean(dim=(2, 3)) * 10)


@pytest.mark.parametrize(
    ("name", "kind", "problem"),
    [
        (
            "deeplift",
            Functional,
            "deeplift needs every ReLU as a module; Functional calls one as a function (1 such calls per image)",
        ),
        (
            "guided-backprop",
            Functional,
            "guided-backprop needs every ReLU as a module; Functional calls one as a function (1 such calls per image)",
        ),
        (
            "deeplift",
            Reused,
            "deeplift needs a module of its own for every activation; 'relu1' runs 2 times per image",
        ),
        ("guided-backprop", Smooth, "guided-backprop changes ReLUs, and Smooth has none"),
    ],
)
def test_a_network_that_the_rule_does_not_reach_is_refused_when_the_explainer_is_made(name, kind, problem):
    with pytest.raises(ModelError) as refusal:
        make_explainer(ExplainerSpec(name=name), classifier_of(kind()))
    assert str(refusal.value) == f"model 'known': {problem}"


def test_an_operation_without_a_rule_is_noticed_by_the_sum():
    model = classifier_of(Products())
    with pytest.raises(ModelError, match="deeplift's parts miss the difference of the logits by"):
        make_explainer(ExplainerSpec(name="deeplift"), model)
    assert model.meter.n_evals == 0


def test_guided_backprop_bears_a_relu_that_runs_twice(images):
    """Each pass has its own hook; the same network with a ReLU for each gives the same map."""
    np.testing.assert_allclose(
        explain("guided-backprop", classifier_of(Reused()), images),
        explain("guided-backprop", classifier_of(Kinked()), images),
        rtol=0,
        atol=1e-6,
    )


def test_a_relu_inside_a_relu_module_is_no_function_of_its_own():
    """`nn.ReLU` itself calls the function; counted is only who calls it beside the module."""
    model = classifier_of(nn.Sequential(Kinked()))
    make_explainer(ExplainerSpec(name="deeplift"), model)
