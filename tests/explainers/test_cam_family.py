"""Each relative of Grad-CAM against the library used plainly, and where we differ from it on purpose."""

import numpy as np
import pytest
import pytorch_grad_cam
import torch
from evidence_models import GatedConv, Kinked, Smooth, classifier_of, top_left_gate
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

from xaudit.catalog import EXPLAINERS
from xaudit.config import ExplainerSpec
from xaudit.errors import ModelError
from xaudit.explainers import make_explainer

TARGETS = [1, 0, 1]
FAMILY = [row.id for row in EXPLAINERS if row.family == "cam"]
LIBRARY = {
    "gradcam-plus-plus": "GradCAMPlusPlus",
    "hirescam": "HiResCAM",
    "layercam": "LayerCAM",
    "xgradcam": "XGradCAM",
    "eigengradcam": "EigenGradCAM",
    "eigencam": "EigenCAM",
    "scorecam": "ScoreCAM",
    "ablationcam": "AblationCAM",
}


def explain(name, model, images, targets=TARGETS, **options):
    explainer = make_explainer(ExplainerSpec(name=name, **options), model)
    return explainer.explain(images, targets, [0] * len(images))


def by_library(name, module, layer, images, targets=TARGETS):
    with getattr(pytorch_grad_cam, LIBRARY[name])(module, [layer]) as cam:
        return cam(images, [ClassifierOutputTarget(target) for target in targets])


@pytest.mark.parametrize("name", sorted(LIBRARY.keys() - {"eigencam", "eigengradcam", "ablationcam"}))
def test_the_map_is_the_librarys_own(name, images):
    module = Kinked().eval()
    expected = by_library(name, module, module.relu2, images)
    maps = explain(name, classifier_of(module, layer="relu2", batch_size=2), images)
    np.testing.assert_allclose(maps, expected, rtol=0, atol=2e-5)


def test_an_ablated_feature_is_worth_the_fall_of_the_logit(images):
    """The library divides by the logit, which changes nothing where it is positive: the map is scaled anyway."""
    module = Kinked().eval()
    with torch.no_grad():
        module.head.bias += 20
    expected = by_library("ablationcam", module, module.relu2, images)
    maps = explain("ablationcam", classifier_of(module, layer="relu2", batch_size=3), images)
    np.testing.assert_allclose(maps, expected, rtol=0, atol=1e-3)


def test_a_negative_logit_does_not_turn_ablationcam_round(images):
    """The same evidence under a bias of −20: the library's quotient changes its sign, and so does its map."""
    module = Kinked().eval()
    before = explain("ablationcam", classifier_of(module, layer="relu2"), images)
    with torch.no_grad():
        module.head.bias -= 20
    np.testing.assert_allclose(
        explain("ablationcam", classifier_of(module, layer="relu2"), images), before, rtol=0, atol=1e-3
    )
    assert (
        np.abs(by_library("ablationcam", module, module.relu2, images) - before).max(axis=(1, 2)) > 0.5
    ).all()


@pytest.mark.parametrize("name", ["eigencam", "eigengradcam"])
def test_a_principal_components_sign_is_the_one_that_goes_along_with_the_features(name, images, monkeypatch):
    """LAPACK may give either sign; turning it round changes the library's map and not ours."""
    module = Kinked().eval()
    model = classifier_of(module, layer="relu2")
    one = by_library(name, module, module.relu2, images)
    ours = explain(name, model, images)
    svd = np.linalg.svd

    def turned(matrix, **options):
        u, s, vt = svd(matrix, **options)
        return -u, s, -vt

    monkeypatch.setattr(np.linalg, "svd", turned)
    other = by_library(name, module, module.relu2, images)
    np.testing.assert_allclose(explain(name, model, images), ours, rtol=0, atol=1e-5)
    for mine, first, second in zip(ours, one, other, strict=True):
        assert min(np.abs(mine - first).max(), np.abs(mine - second).max()) < 1e-3
        assert np.abs(first - second).max() > 0.1


@pytest.mark.parametrize("name", FAMILY)
def test_an_in_place_relu_behind_the_layer_changes_no_map(name, images):
    in_place, apart = GatedConv(top_left_gate()).eval(), GatedConv(top_left_gate()).eval()
    apart.relu = nn.ReLU(inplace=False)
    with torch.no_grad():  # its two filters would cancel in every place, and eigencam has no sign then
        in_place.conv.weight[1] *= 0.5
        apart.conv.weight[1] *= 0.5
    maps = explain(name, classifier_of(in_place, layer="conv"), images, [1, 1, 1])
    np.testing.assert_array_equal(maps, explain(name, classifier_of(apart, layer="conv"), images, [1, 1, 1]))


def test_hirescam_of_a_linear_head_is_what_each_place_adds_to_the_logit(images):
    """GatedConv sums 0.05 · feature: place by place, not one weight for all places."""
    model = classifier_of(GatedConv(top_left_gate()), layer="relu")
    [saliency] = explain("hirescam", model, images[:1], [1])
    assert saliency[17:, 17:].max() == 0
    assert saliency[:15, :15].max() == pytest.approx(1, abs=0.02)


class Bypassed(nn.Module):
    """A part goes round the layer and is joined by channels, so it cannot be shared between copies."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Conv2d(3, 4, 3, padding=1, stride=4)
        self.round = nn.AvgPool2d(4)
        self.head = nn.Linear(7, 2)

    def forward(self, images):
        joined = torch.cat([torch.relu(self.layer(images)), self.round(images)], dim=1)
        return self.head(joined.mean(dim=(2, 3)))


def test_ablationcam_runs_the_head_alone_only_where_that_gives_the_same_logits(images):
    alone, whole = classifier_of(Kinked(), layer="relu2"), classifier_of(Bypassed(), layer="layer")
    assert make_explainer(ExplainerSpec(name="ablationcam"), alone)._head_runs_alone
    explainer = make_explainer(ExplainerSpec(name="ablationcam"), whole)
    assert not explainer._head_runs_alone
    features, logits = explainer._features(images[:1])
    falls = logits[0, 1] - explainer.without_each(images[0], features[0], 1)
    # Linear behind the ReLU: without feature k the logit loses weight · mean of the feature's positive part.
    expected = (whole.module.head.weight[1, :4] * torch.relu(features[0]).mean(dim=(1, 2))).detach()
    torch.testing.assert_close(falls.detach(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", FAMILY)
def test_a_layer_that_is_no_picture_is_refused(name, images):
    with pytest.raises(ModelError, match=r"layer 'head' gives \(N, 2\), not features on a grid"):
        explain(name, classifier_of(Smooth(), layer="head"), images)


@pytest.mark.parametrize("name", FAMILY)
def test_a_layer_that_does_not_exist_is_refused_with_candidates(name):
    with pytest.raises(ModelError, match="no layer called 'conv3'") as caught:
        make_explainer(ExplainerSpec(name=name, layer="conv3"), classifier_of(Smooth()))
    assert "conv2" in caught.value.hint
