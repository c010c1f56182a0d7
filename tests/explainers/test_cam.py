"""Grad-CAM against the library called plainly, against a re-derivation in loops, and what it refuses."""

import numpy as np
import pytest
import torch
from evidence_models import GatedConv, Smooth, classifier_of, top_left_gate
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

from references.gradcam import gradcam
from xaudit.config import ExplainerSpec
from xaudit.errors import ModelError
from xaudit.explainers import make_explainer

TARGETS = [1, 0, 1]


def explain(model, images, targets=TARGETS, **options):
    explainer = make_explainer(ExplainerSpec(name="gradcam", **options), model)
    return explainer.explain(images, targets, [0] * len(images))


@pytest.mark.parametrize("layer", ["conv1", "conv2"])
def test_the_map_is_the_librarys_own(layer, images):
    module = Smooth().eval()
    with GradCAM(module, [getattr(module, layer)]) as cam:
        expected = cam(images, [ClassifierOutputTarget(target) for target in TARGETS])
    np.testing.assert_allclose(
        explain(classifier_of(module, layer=layer), images), expected, rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("layer", ["conv1", "conv2"])
def test_the_map_is_the_papers(layer, images):
    model = classifier_of(Smooth(), layer=layer)
    maps = explain(model, images)
    for saliency, image, target in zip(maps, images, TARGETS, strict=True):
        expected = gradcam(model.module, getattr(model.module, layer), image, target)
        np.testing.assert_allclose(saliency, expected, rtol=0, atol=1e-5)


def test_the_option_layer_comes_before_the_models_own(images):
    configured = classifier_of(Smooth(), layer="conv1")
    np.testing.assert_array_equal(
        explain(configured, images, layer="conv2"), explain(classifier_of(Smooth(), layer="conv2"), images)
    )
    assert not np.allclose(explain(configured, images), explain(configured, images, layer="conv2"), atol=0.01)


def test_an_in_place_relu_behind_the_layer_does_not_overwrite_its_features(images):
    """The library keeps the features without a copy on the CPU; their negative values would be lost."""
    in_place, apart = GatedConv(top_left_gate()).eval(), GatedConv(top_left_gate()).eval()
    apart.relu = nn.ReLU(inplace=False)
    maps = explain(classifier_of(in_place, layer="conv"), images, [1, 1, 1])
    np.testing.assert_array_equal(maps, explain(classifier_of(apart, layer="conv"), images, [1, 1, 1]))
    by_library = []
    for module in (in_place, apart):
        with GradCAM(module, [module.conv]) as cam:
            by_library.append(cam(images, [ClassifierOutputTarget(1)] * 3))
    np.testing.assert_allclose(maps, by_library[1], rtol=0, atol=1e-6)
    assert np.abs(maps - by_library[0]).max() > 0.5


def test_frozen_parameters_can_be_explained_and_stay_frozen(images):
    module = Smooth().requires_grad_(False)
    np.testing.assert_array_equal(
        explain(classifier_of(module, layer="conv2"), images),
        explain(classifier_of(Smooth(), layer="conv2"), images),
    )
    assert not any(weight.requires_grad for weight in module.parameters())


def test_every_image_of_a_batch_has_its_own_map(images):
    """The library leaves maps at zero, without a word, where it is given fewer targets than images."""
    maps = explain(classifier_of(Smooth(), layer="conv2", batch_size=2), images)
    assert maps.max(axis=(1, 2)) == pytest.approx([1, 1, 1], abs=1e-2)


def test_a_map_costs_one_evaluation(images):
    model = classifier_of(Smooth(), layer="conv2")
    explain(model, images)
    assert model.meter.n_evals == 3


class Detour(nn.Module):
    """One layer that runs twice, one that no image reaches, one without places, two that give no tensor."""

    def __init__(self):
        super().__init__()
        self.twice = nn.Conv2d(3, 3, 3, padding=1)
        self.never = nn.Conv2d(3, 3, 3)
        self.pair, self.texts = Pair(), Texts()
        self.flat = nn.Linear(3, 2)

    def forward(self, images):
        self.texts(images)
        return self.flat(self.pair(self.twice(self.twice(images)))[0].mean(dim=(2, 3)))


class Pair(nn.Module):
    def forward(self, features):
        return features, features


class Texts(nn.Module):
    def forward(self, _features):
        return "no", "tensor"


@pytest.mark.parametrize("name", ["gradcam", "ablationcam", "eigencam"])
def test_the_first_of_several_outputs_is_explained(name, images):
    """A layer that gives a pair, such as (features, attention), has the map of its features."""

    class Plain(Detour):
        def __init__(self):
            super().__init__()
            self.pair = nn.Identity()

        def forward(self, images):
            return self.flat(self.pair(self.twice(images)).mean(dim=(2, 3)))

    class Paired(Plain):
        def __init__(self):
            super().__init__()
            self.pair = Pair()

        def forward(self, images):
            return self.flat(self.pair(self.twice(images))[0].mean(dim=(2, 3)))

    maps = []
    for kind in (Plain, Paired):
        torch.manual_seed(0)
        model = classifier_of(kind(), layer="pair")
        explainer = make_explainer(ExplainerSpec(name=name), model)
        maps.append(explainer.explain(images, TARGETS, [0] * 3))
    assert np.ptp(maps[0]) > 0.5
    np.testing.assert_array_equal(*maps)


@pytest.mark.parametrize(
    ("layer", "problem"),
    [
        ("twice", "runs more than once per image"),
        ("never", "is not reached by an image"),
        ("flat", "gives (N, 2), not features on a grid of rows and columns"),
        ("texts", "gives tuple, not features on a grid of rows and columns"),
    ],
)
def test_a_layer_without_one_grid_of_features_is_refused_and_its_hooks_are_removed(layer, problem, images):
    model = classifier_of(Detour(), layer=layer)
    hooks_before = [len(part._forward_hooks) for part in model.module.modules()]
    with pytest.raises(ModelError) as refusal:
        explain(model, images)
    assert str(refusal.value) == f"model 'known': layer '{layer}' {problem}"
    assert refusal.value.hint == "give the option `layer` a convolutional block near the end of the network"
    assert [len(part._forward_hooks) for part in model.module.modules()] == hooks_before
    assert all(weight.requires_grad for weight in model.module.parameters())


def test_a_layer_that_does_not_exist_is_refused_when_the_explainer_is_made():
    with pytest.raises(ModelError, match="conv3"):
        make_explainer(ExplainerSpec(name="gradcam", layer="conv3"), classifier_of(Smooth()))


def test_a_model_without_a_known_layer_is_refused_when_the_explainer_is_made():
    with pytest.raises(ModelError, match="'known'"):
        make_explainer(ExplainerSpec(name="gradcam"), classifier_of(Smooth()))


def test_explaining_under_no_grad_works(images):
    model = classifier_of(Smooth(), layer="conv2")
    expected = explain(model, images)
    with torch.no_grad():
        np.testing.assert_array_equal(explain(model, images), expected)
