"""Integrated gradients: complete, exact on a linear model, and started from the right blank image."""

import numpy as np
import pytest
import torch
from evidence_models import Linear, Smooth, classifier_of

from xaudit.config import ExplainerSpec
from xaudit.explainers import make_explainer
from xaudit.explainers.baselines import blank_image


def explain(model, images, targets, **options):
    explainer = make_explainer(ExplainerSpec(name="integrated-gradients", **options), model)
    return explainer.explain(images, targets, [0] * len(images))


@pytest.mark.parametrize("baseline", ["mean", "black"])
@pytest.mark.parametrize("target", [0, 1])
def test_the_map_sums_to_the_difference_from_the_blank_image(baseline, target, images):
    model = classifier_of(Smooth())
    blanks = torch.stack([blank_image(model, image, baseline) for image in images])
    gained = (model.logits(images) - model.logits(blanks))[:, target].numpy()
    maps = explain(model, images, [target] * 3, baseline=baseline)
    np.testing.assert_allclose(maps.sum(axis=(1, 2)), gained, rtol=0, atol=1e-4)
    assert np.abs(gained).min() > 0.01


def test_two_steps_are_too_few_to_be_complete(images):
    """The blank image is far away in black: what 24 steps leave of the gap is far less than what 2 leave."""
    model = classifier_of(Smooth())
    blanks = torch.stack([blank_image(model, image, "black") for image in images])
    gained = (model.logits(images) - model.logits(blanks))[:, 1].numpy()
    gaps = [
        np.abs(explain(model, images, [1] * 3, steps=steps, baseline="black").sum(axis=(1, 2)) - gained).max()
        for steps in (2, 24)
    ]
    assert gaps[1] < gaps[0] / 10


def test_a_linear_model_gives_weight_times_distance_from_the_blank_summed_over_channels(images):
    """IG of Σ w·x is w·(x − blank), whatever the steps; the channels of a pixel add up."""
    weight = torch.linspace(-1, 1, 3 * 32 * 32).reshape(3, 32, 32)
    model = classifier_of(Linear(weight))
    blank = images[0].mean(dim=(1, 2), keepdim=True)
    expected = (weight * (images[0] - blank)).sum(dim=0)
    np.testing.assert_allclose(explain(model, images[:1], [1], steps=3)[0], expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("batch_size", "expected"), [(32, [24]), (10, [10, 10, 4]), (1, [1] * 24)])
def test_no_batch_is_larger_than_allowed(batch_size, expected, images):
    model = classifier_of(Smooth(), batch_size=batch_size)
    sizes = []
    model.module.register_forward_pre_hook(lambda _m, args: sizes.append(len(args[0])))
    explain(model, images[:1], [1])
    assert sizes == expected


def test_explaining_under_no_grad_works(images):
    model = classifier_of(Smooth())
    expected = explain(model, images, [1, 0, 1])
    with torch.no_grad():
        np.testing.assert_array_equal(explain(model, images, [1, 0, 1]), expected)


def test_black_is_intensity_zero_and_mean_is_the_images_own():
    """Normalised, intensity 0 is −mean / std: −0.485 / 0.229 = −2.1179 in the first channel."""
    model = classifier_of(Smooth())
    image = torch.arange(3 * 32 * 32, dtype=torch.float32).reshape(3, 32, 32)
    black = blank_image(model, image, "black")
    assert black[:, 0, 0].tolist() == pytest.approx([-2.11790, -2.03571, -1.80444], abs=1e-5)
    assert black.std(dim=(1, 2)).tolist() == pytest.approx([0, 0, 0], abs=1e-5)
    # The means of 0..1023, 1024..2047 and 2048..3071 are 511.5, 1535.5 and 2559.5.
    assert blank_image(model, image, "mean")[:, 7, 9].tolist() == [511.5, 1535.5, 2559.5]
    with pytest.raises(ValueError, match=r"^'grey' is not a baseline; expected one of mean, black"):
        blank_image(model, image, "grey")
