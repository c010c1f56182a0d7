"""Feature ablation and kernel SHAP against their definitions on four superpixels."""

import numpy as np
import pytest
import torch
from evidence_models import Linear, Smooth, classifier_of

from references.shapley import shapley_values
from xaudit.config import ExplainerSpec
from xaudit.errors import AuditFileError
from xaudit.explainers import make_explainer
from xaudit.explainers.baselines import blank_image

QUARTERS = {"segmentation": "grid", "segments": 4}


def explain(name, model, images, targets=(1,), **options):
    explainer = make_explainer(ExplainerSpec(name=name, **{**QUARTERS, **options}), model)
    return explainer.explain(images, list(targets), list(range(len(images))))


def of_quarters(saliency):
    """The four values in the order of the labels: top left, top right, bottom left, bottom right."""
    quarters = saliency.reshape(2, 16, 2, 16).transpose(0, 2, 1, 3).reshape(4, -1)
    assert np.ptp(quarters, axis=1).max() == 0
    return quarters[:, 0]


def game(model, image, baseline):
    """The logit of class 1 with some quarters shown and the others blank."""
    blank = blank_image(model, image, baseline)
    labels = torch.arange(32) // 16
    labels = labels[:, None] * 2 + labels[None]

    def value_of(shown):
        keep = torch.isin(labels, torch.tensor(sorted(shown), dtype=labels.dtype))
        return model.logits(torch.where(keep, image, blank)[None])[0, 1].item()

    return value_of


@pytest.mark.parametrize("baseline", ["mean", "black"])
def test_feature_ablation_is_the_fall_of_the_logit(baseline, images):
    model = classifier_of(Smooth(), batch_size=3)
    value_of = game(model, images[0], baseline)
    everything = {0, 1, 2, 3}
    expected = [value_of(everything) - value_of(everything - {k}) for k in range(4)]
    [saliency] = explain("feature-ablation", model, images[:1], baseline=baseline)
    np.testing.assert_allclose(of_quarters(saliency), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("baseline", ["mean", "black"])
def test_kernel_shap_comes_to_the_shapley_values(baseline, images):
    """With four players 1000 coalitions hold every one of the 14 many times over; what is left is sampling error."""
    model = classifier_of(Smooth())
    expected = shapley_values(game(model, images[0], baseline), 4)
    [saliency] = explain("kernel-shap", model, images[:1], samples=1000, baseline=baseline)
    spread = np.ptp(expected)
    np.testing.assert_allclose(of_quarters(saliency), expected, rtol=0, atol=0.05 * spread)


def test_kernel_shap_sums_to_the_difference_from_the_blank_image(images):
    model = classifier_of(Smooth())
    value_of = game(model, images[0], "black")
    [saliency] = explain("kernel-shap", model, images[:1], baseline="black")
    gained = value_of({0, 1, 2, 3}) - value_of(set())
    assert of_quarters(saliency).sum() == pytest.approx(gained, abs=1e-3 * abs(gained))


def test_on_a_linear_model_both_are_weight_times_distance_from_the_blank(images):
    weight = torch.linspace(-1, 1, 3 * 32 * 32).reshape(3, 32, 32) / 100
    model = classifier_of(Linear(weight))
    blank = blank_image(model, images[0], "black")
    parts = (weight * (images[0] - blank)).sum(dim=0).reshape(2, 16, 2, 16).sum(dim=(1, 3)).reshape(4)
    for name, tolerance in (("feature-ablation", 1e-4), ("kernel-shap", 1e-3)):
        [saliency] = explain(name, model, images[:1], baseline="black")
        np.testing.assert_allclose(of_quarters(saliency), parts, rtol=tolerance, atol=tolerance)


def test_an_image_of_one_superpixel_has_a_map_of_zeros_under_kernel_shap():
    even = torch.zeros(1, 3, 32, 32)
    [saliency] = explain("kernel-shap", classifier_of(Smooth()), even, segmentation="felzenszwalb")
    assert not saliency.any()


def test_fewer_samples_than_a_regression_needs_are_refused():
    with pytest.raises(AuditFileError) as refusal:
        make_explainer(ExplainerSpec(name="kernel-shap", samples=100), classifier_of(Smooth()))
    assert str(refusal.value) == "kernel-shap: 100 samples are too few for 60 superpixels"
    assert refusal.value.hint == "set `samples` to at least twice `segments`; five times is better"
