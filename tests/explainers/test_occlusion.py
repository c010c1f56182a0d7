"""Occlusion against one patch at a time, by hand, and its edges."""

import numpy as np
import pytest
import torch
from captum.attr import Occlusion
from evidence_models import Linear, Smooth, classifier_of

from references.occlusion import occlusion
from xaudit.config import ExplainerSpec
from xaudit.errors import AuditFileError
from xaudit.explainers import make_explainer
from xaudit.explainers.baselines import blank_image


def explain(model, images, targets, **options):
    explainer = make_explainer(ExplainerSpec(name="occlusion", **options), model)
    return explainer.explain(images, targets, [0] * len(images))


@pytest.mark.parametrize(("window", "stride"), [(8, 8), (8, 4), (10, 7), (32, 32)])
@pytest.mark.parametrize("baseline", ["mean", "black"])
def test_the_map_is_that_of_covering_one_patch_at_a_time(window, stride, baseline, images):
    model = classifier_of(Smooth(), batch_size=7)
    saliency = explain(model, images[:1], [1], window=window / 32, stride=stride / 32, baseline=baseline)[0]

    def logit_of(image):
        return model.logits(torch.from_numpy(image)[None])[0, 1].item()

    blank = blank_image(model, images[0], baseline).numpy()
    expected = occlusion(logit_of, images[0].numpy(), blank, window, stride)
    np.testing.assert_allclose(saliency, expected, rtol=0, atol=2e-6)


def test_one_pixel_that_matters_is_worth_its_weight_wherever_a_patch_covers_it():
    """Weight 2 on pixel (5, 9) of one channel, value 3 against a baseline of 0: the logit falls by 6.

    Patches of 4 with steps of 4 do not overlap, and the one that holds the pixel covers rows 4-7, columns 8-11.
    """
    weight, image = torch.zeros(3, 32, 32), torch.zeros(1, 3, 32, 32)
    weight[1, 5, 9], image[0, 1, 5, 9] = 2.0, 3.0
    model = classifier_of(Linear(weight), mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    expected = np.zeros((1, 32, 32))
    expected[0, 4:8, 8:12] = 6.0
    np.testing.assert_allclose(
        explain(model, image, [1], stride=0.125, baseline="black"), expected, atol=1e-6
    )


def test_a_patch_over_the_whole_image_gives_one_value_everywhere(images):
    """The fall is logit(image) − logit(blank image), on every pixel."""
    model = classifier_of(Smooth())
    both = torch.stack([images[0], blank_image(model, images[0], "mean")])
    logits = model.logits(both)[:, 1]
    saliency = explain(model, images[:1], [1], window=1.0, stride=1.0)
    np.testing.assert_allclose(saliency, float(logits[0] - logits[1]), atol=1e-6)


def test_batches_are_full_whatever_the_window(images):
    """Windows of 4 with steps of 2 on 32: 15 × 15 = 225 patches and the image itself, 3 · 226 = 21 · 32 + 6."""
    model = classifier_of(Smooth(), batch_size=32)
    sizes = []
    model.module.register_forward_pre_hook(lambda _m, args: sizes.append(len(args[0])))
    explain(model, images, [1, 1, 1])
    assert sizes == [*[32] * 21, 6]


@pytest.mark.parametrize(("window", "stride"), [(8, 4), (10, 7)])
def test_captum_gives_the_same_map(window, stride, images):
    model = classifier_of(Smooth())
    saliency = explain(model, images[:1], [1], window=window / 32, stride=stride / 32)[0]
    theirs = Occlusion(model.logits).attribute(
        images[:1],
        baselines=blank_image(model, images[0], "mean")[None],
        target=1,
        sliding_window_shapes=(3, window, window),
        strides=(3, stride, stride),
    )
    np.testing.assert_allclose(saliency, theirs[0, 0].numpy(), rtol=0, atol=2e-6)


def test_a_stride_that_would_skip_pixels_is_refused():
    with pytest.raises(AuditFileError) as refusal:
        make_explainer(ExplainerSpec(name="occlusion", window=0.1, stride=0.2), classifier_of(Smooth()))
    assert str(refusal.value) == "occlusion: a stride of 0.2 leaves pixels between windows of 0.1 uncovered"
    assert refusal.value.hint == "make stride at most as large as window"
