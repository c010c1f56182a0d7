"""A transformer whose answer comes from one patch, by construction: all explainers that support it find that patch.

The logit is the patch's brightness and nothing else. The image is darker elsewhere, so hiding the patch lowers the logit.
"""

import numpy as np
import pytest
import torch
from evidence_models import classifier_of, one_patch_vit, textured_images
from known_vit import PLACES, image_with_red_patch, known_vit

from xaudit.catalog import EXPLAINERS
from xaudit.config import ExplainerSpec
from xaudit.errors import ModelError
from xaudit.explainers import make_explainer

PATCH = (2, 1)
INSIDE = (slice(16, 24), slice(8, 16))
REFUSED = {
    "guided-backprop": "guided-backprop changes ReLUs, and VisionTransformer has none",
    "lrp": "lrp has no rule for 'encoder.layers.encoder_layer_0.self_attention' (MultiheadAttention)",
}
SETTINGS = {
    "lime": {"segmentation": "grid", "segments": 16, "samples": 60, "hide": "black"},
    "kernel-shap": {"segmentation": "grid", "segments": 16},
    "feature-ablation": {"segmentation": "grid", "segments": 16},
    "occlusion": {"window": 0.25, "stride": 0.25},
    "rise": {"grid": 4, "samples": 400},
}
NAMES = [row.id for row in EXPLAINERS if not row.control and row.family != "cam"]


@pytest.mark.parametrize("name", NAMES)
def test_the_patch_that_holds_the_answer_is_found_or_the_network_refused(name):
    model = classifier_of(one_patch_vit(*PATCH))
    images = 0.3 * textured_images(2) - 0.5
    images[(..., *INSIDE)] += 1.5
    spec = ExplainerSpec(name=name, **SETTINGS.get(name, {}))
    if name in REFUSED:
        with pytest.raises(ModelError) as raised:
            make_explainer(spec, model)
        assert REFUSED[name] in str(raised.value)
        return
    maps = make_explainer(spec, model).explain(images, [1, 1], [0, 1])
    for saliency in maps:
        means = saliency.reshape(4, 8, 4, 8).mean(axis=(1, 3))
        assert np.unravel_index(means.argmax(), means.shape) == PATCH, means.round(3)
        others = np.delete(means.ravel(), 4 * PATCH[0] + PATCH[1])
        # RISE is never zero anywhere.
        assert means.max() > (1 if name == "rise" else 2) * others.max()


@pytest.mark.parametrize("name", [name for name in NAMES if name not in REFUSED])
def test_the_red_patch_is_found_wherever_it_lies(name):
    """Attention that depends on the image: the class token looks for redness, and a green patch is read by nobody."""
    model = classifier_of(known_vit())
    explainer = make_explainer(ExplainerSpec(name=name, **SETTINGS.get(name, {})), model)
    for place in PLACES[:2]:
        [saliency] = explainer.explain(image_with_red_patch(*place), [1], [0])
        means = saliency.reshape(4, 8, 4, 8).mean(axis=(1, 3))
        assert np.unravel_index(means.argmax(), means.shape) == place, means.round(3)


def test_the_network_reads_that_patch_only():
    network = one_patch_vit(*PATCH)
    images = textured_images(2)
    changed = images.clone()
    changed[(..., *INSIDE)] = 0
    with torch.no_grad():
        logits, without = network(images)[:, 1], network(changed)[:, 1]
        noise = network(torch.where(changed == 0, images, torch.randn(images.shape)))[:, 1]
    torch.testing.assert_close(logits, images[(..., *INSIDE)].mean(dim=(1, 2, 3)))
    torch.testing.assert_close(without, torch.zeros(2))
    torch.testing.assert_close(noise, logits)
