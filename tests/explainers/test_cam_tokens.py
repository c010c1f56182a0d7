"""Class activation maps on the tokens of transformers: pytorch-grad-cam's, and the patch that is known to be read."""

import numpy as np
import pytest
import pytorch_grad_cam
import torch
import torchvision
from evidence_models import classifier_of
from known_vit import PLACES, image_with_red_patch, known_vit
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

from xaudit.catalog import EXPLAINERS
from xaudit.config import ExplainerSpec
from xaudit.errors import ModelError
from xaudit.explainers import make_explainer
from xaudit.explainers.native_grids import native_grids
from xaudit.models.classifier import Classifier
from xaudit.records import TokenGrid

FAMILY = [row.id for row in EXPLAINERS if row.family == "cam"]
ON_TOKENS = [name for name in FAMILY if name != "eigencam"]
"""Those that are defined behind a layer norm."""
LIBRARY = {
    "gradcam": "GradCAM",
    "gradcam-plus-plus": "GradCAMPlusPlus",
    "hirescam": "HiResCAM",
    "layercam": "LayerCAM",
    "xgradcam": "XGradCAM",
}
LAST = "encoder.layers.encoder_layer_1"


def explain(name, model, images, **options):
    explainer = make_explainer(ExplainerSpec(name=name, **options), model)
    return explainer.explain(images, [1] * len(images), [0] * len(images))


def small_vit():
    """Random weights; torchvision's own head starts at zero."""
    torch.manual_seed(3)
    module = torchvision.models.VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=2).eval()
    nn.init.normal_(module.heads.head.weight)
    return module


def expected_maps(module, layer, images, name, transform):
    with getattr(pytorch_grad_cam, LIBRARY[name])(module, [layer], reshape_transform=transform) as cam:
        return cam(images.clone(), [ClassifierOutputTarget(1)] * len(images))


def four_by_four(tokens):
    return tokens[:, 1:].reshape(len(tokens), 4, 4, -1).permute(0, 3, 1, 2)


KNOWN = [
    (name, place)
    for name in ON_TOKENS
    for place in PLACES
    # Score-CAM draws its masks with their corners aligned: a corner's patch is seen through a mask of .43 on average.
    if (name, place) != ("scorecam", (0, 0))
]


@pytest.mark.parametrize(("name", "place"), KNOWN)
def test_every_cam_has_its_maximum_in_the_patch_that_is_read(name, place):
    [saliency] = explain(name, classifier_of(known_vit()), image_with_red_patch(*place))
    row, column = np.unravel_index(saliency.argmax(), saliency.shape)
    assert (row // 8, column // 8) == place
    assert saliency.max() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("name", LIBRARY)
def test_the_map_of_a_transformer_is_the_librarys(name, images):
    module = small_vit()
    expected = expected_maps(module, module.encoder.layers[-1].ln_1, images, name, four_by_four)
    assert np.ptp(expected, axis=(1, 2)).max() > 0.5
    np.testing.assert_allclose(explain(name, classifier_of(module), images), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["gradcam", "hirescam", "layercam", "eigengradcam", "ablationcam"])
def test_the_output_of_the_last_block_is_refused_because_the_class_token_alone_is_read(name, images):
    with pytest.raises(ModelError) as caught:
        explain(name, classifier_of(small_vit()), images, layer=LAST)
    assert str(caught.value) == (
        f"model 'known': layer '{LAST}': the answer does not depend on the picture's tokens there, only on those before them"
    )


def test_in_front_of_the_last_norm_hirescam_is_refused_because_a_layer_norm_cancels_it(images):
    """A layer norm f has f(t x) = f(x) for t > 0, so x · f'(x) = 0: the library draws rounding errors, scaled to 1."""
    module = small_vit()
    module.encoder.layers[-1].ln_1.eps = 0.0
    first = module.encoder.layers[0]
    drawn = expected_maps(module, first, images, "hirescam", four_by_four)
    assert drawn.max() == pytest.approx(1, abs=1e-3)
    with pytest.raises(ModelError, match="gradient times feature sums to zero in every place"):
        explain("hirescam", classifier_of(module), images, layer="encoder.layers.encoder_layer_0")
    assert (
        explain("gradcam", classifier_of(module), images, layer="encoder.layers.encoder_layer_0").max() > 0.9
    )


def test_eigencam_is_refused_behind_a_layer_norm_and_made_in_front_of_it(images):
    """The norm centres every token, so the sum over its features, which tells the sign, is the same everywhere."""
    with pytest.raises(ModelError) as caught:
        explain("eigencam", classifier_of(small_vit()), images)
    assert str(caught.value) == (
        f"model 'known': layer '{LAST}.ln_1': eigencam takes its sign from the sum over a place's features, and a layer norm "
        "makes that sum the same everywhere"
    )
    maps = explain("eigencam", classifier_of(small_vit()), images, layer="encoder.layers.encoder_layer_0")
    assert np.ptp(maps, axis=(1, 2)).min() > 0.5


class Wrapped(nn.Module):
    """Nothing of the table: the tokens of an own transformer; `pair` gives (tokens, attention)."""

    def __init__(self, *, half=False, in_place=False):
        super().__init__()
        torch.manual_seed(5)
        self.patches = nn.Conv2d(3, 16, 8, stride=8)
        self.prefix = nn.Parameter(torch.randn(1, 2, 16))
        self.pair = PairOfTokens()
        self.relu = nn.ReLU(inplace=in_place)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.head = nn.Linear(16, 2)
        self.half_precision = half

    def forward(self, images):
        picture = self.patches(images).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.prefix.expand(len(images), -1, -1), picture], dim=1)
        if self.half_precision:
            tokens = tokens.bfloat16()
        tokens, attention = self.pair(tokens)
        tokens = self.relu(tokens).float()
        tokens, weights = self.attention(tokens, tokens, tokens)
        return self.head(tokens[:, 0]), (attention, weights)


class PairOfTokens(nn.Module):
    def forward(self, tokens):
        return tokens * 1, torch.softmax(tokens @ tokens.transpose(1, 2), dim=2)


def wrapped(**options):
    module = Wrapped(**options).eval()
    return classifier_of(module, layer="pair", tokens=TokenGrid(2, 4, 4))


@pytest.mark.parametrize("name", FAMILY)
def test_a_layer_and_a_model_that_return_attention_too_are_explained(name, images):
    maps = explain(name, wrapped(), images)
    assert maps.shape == (3, 32, 32)
    assert np.isfinite(maps).all()
    assert np.ptp(maps) > 0.5


@pytest.mark.parametrize("name", ["gradcam", "hirescam", "ablationcam"])
def test_an_operation_in_place_behind_the_layer_changes_no_map(name, images):
    np.testing.assert_array_equal(
        explain(name, wrapped(in_place=True), images), explain(name, wrapped(), images)
    )


@pytest.mark.parametrize("name", FAMILY)
def test_features_in_half_precision_give_nearly_the_same_map(name, images):
    """bfloat16 keeps 8 bits: NumPy, which the library uses, does not even read it."""
    maps, exact = explain(name, wrapped(half=True), images), explain(name, wrapped(), images)
    assert np.isfinite(maps).all()
    assert np.corrcoef(maps.ravel(), exact.ravel())[0, 1] > 0.9


def test_weights_in_half_precision_are_computed_in_full(images):
    half = classifier_of(small_vit().bfloat16().eval())
    rounded = small_vit()
    for weight in rounded.parameters():
        weight.data = weight.data.bfloat16().float()
    np.testing.assert_array_equal(
        explain("gradcam", half, images), explain("gradcam", classifier_of(rounded), images)
    )


def test_a_map_costs_one_evaluation(images):
    model = classifier_of(small_vit())
    explain("gradcam", model, images)
    assert model.meter.n_evals == 3


def test_the_native_grid_has_a_cell_for_each_patch():
    grid = native_grids(ExplainerSpec(name="gradcam"), classifier_of(small_vit()))(torch.zeros(3, 32, 32))
    assert grid.cell_px == (8.0, 8.0)


def test_tokens_that_describe_a_picture_of_channels_are_refused(images):
    model = classifier_of(small_vit(), layer="conv_proj", tokens=TokenGrid(1, 4, 4))
    with pytest.raises(ModelError) as caught:
        explain("gradcam", model, images)
    assert str(caught.value) == "model 'known': layer 'conv_proj' gives a picture of 4 × 4 places, not tokens"
    assert caught.value.hint == "take `tokens` out of the model's entry"


@pytest.mark.slow
def test_maps_of_vit_b_16_and_swin_t_are_the_librarys():
    """ViT-B/16 on 64 px, 4 × 4 patches; Swin-T on 64 px, 2 × 2 places; one image, explained for both classes."""
    torch.manual_seed(0)
    images = torch.randn(1, 3, 64, 64).repeat(2, 1, 1, 1).contiguous(memory_format=torch.channels_last)
    vit = torchvision.models.vit_b_16(image_size=64, num_classes=2).eval()
    nn.init.normal_(vit.heads.head.weight, std=0.1)
    swin = torchvision.models.swin_t(num_classes=2).eval()
    for module, layer, transform in (
        (vit, vit.encoder.layers[-1].ln_1, four_by_four),
        (swin, swin.norm, lambda features: features.permute(0, 3, 1, 2)),
    ):
        model = Classifier(id="net", module=module, class_names=("other", "target"), model_hw=(64, 64))
        for name in LIBRARY:
            # After the model is made, so that the weights lie in memory alike.
            expected = both_classes(module, layer, images, name, transform)
            maps = make_explainer(ExplainerSpec(name=name), model).explain(images, [0, 1], [0, 0])
            assert np.ptp(maps) > 0.5, name
            error = np.abs(maps - expected).max()
            if name == "xgradcam" and error > 1e-5:
                # It divides by sums near zero: the library's own map is 1e-4 from its map in float64.
                exact = both_classes(module.double(), layer, images.double(), name, transform)
                assert np.abs(maps - exact).max() <= np.abs(expected - exact).max()
            else:
                assert error <= 1e-5, name


def both_classes(module, layer, images, name, transform):
    with getattr(pytorch_grad_cam, LIBRARY[name])(module, [layer], reshape_transform=transform) as cam:
        return cam(images, [ClassifierOutputTarget(0), ClassifierOutputTarget(1)])
