"""Class activation maps on features of shape (N, h, w, C): those of pytorch-grad-cam with the transform that its users write."""

import numpy as np
import pytest
import pytorch_grad_cam
import torch
import torchvision
from evidence_models import classifier_of
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

from xaudit.catalog import EXPLAINERS
from xaudit.config import ExplainerSpec
from xaudit.errors import ModelError
from xaudit.explainers import make_explainer

FAMILY = [row.id for row in EXPLAINERS if row.family == "cam"]
TARGETS = [1, 0, 1]


def explain(name, model, images, **options):
    explainer = make_explainer(ExplainerSpec(name=name, **options), model)
    return explainer.explain(images, TARGETS[: len(images)], [0] * len(images))


class Twice(nn.Module):
    """The same features three times: channels last (`norm`), channels first (`back`), columns before rows (`turned`)."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(4)
        self.stem = nn.Conv2d(3, 6, 4, stride=4)
        self.norm = nn.LayerNorm(6)
        self.turned = nn.Identity()
        self.back = nn.Identity()
        self.mix = nn.Conv2d(6, 6, 3, padding=1)
        self.head = nn.Linear(6, 2)

    def forward(self, images):
        features = self.norm(self.stem(images).permute(0, 2, 3, 1))
        features = self.turned(features.transpose(1, 2)).transpose(1, 2)
        features = torch.relu(self.mix(self.back(features.permute(0, 3, 1, 2))))
        return self.head(features.mean(dim=(2, 3)))


@pytest.mark.parametrize("name", [name for name in FAMILY if name != "eigencam"])
@pytest.mark.parametrize("layer", ["norm", "turned"])
def test_every_cam_is_the_one_of_the_same_features_channels_first(name, layer, images):
    model = classifier_of(Twice())
    expected = explain(name, model, images, layer="back")
    assert expected.std(axis=(1, 2)).min() > 0.01
    np.testing.assert_allclose(explain(name, model, images, layer=layer), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("layer", ["norm", "turned", "back"])
def test_eigencam_has_no_sign_behind_a_layer_norm_in_any_order_of_axes(layer, images):
    with pytest.raises(ModelError, match=r"that sum (is )?the same everywhere"):
        explain("eigencam", classifier_of(Twice()), images, layer=layer)


@pytest.mark.parametrize("layer", ["norm", "turned"])
def test_ablationcam_puts_features_back_in_the_layers_own_order_when_the_head_runs_alone(layer):
    assert make_explainer(
        ExplainerSpec(name="ablationcam", layer=layer), classifier_of(Twice())
    )._head_runs_alone


def small_torchvision_swin():
    kinds = torchvision.models.swin_transformer
    return kinds.SwinTransformer([4, 4], 8, [1, 2], [1, 2], [4, 4], num_classes=2)


def small_torchvision_swin_v2():
    kinds = torchvision.models.swin_transformer
    return kinds.SwinTransformer(
        [4, 4],
        8,
        [1, 2],
        [1, 2],
        [4, 4],
        num_classes=2,
        block=kinds.SwinTransformerBlockV2,
        downsample_layer=kinds.PatchMergingV2,
    )


def small_timm_swin():
    swin = pytest.importorskip("timm.models.swin_transformer")
    return swin.SwinTransformer(
        32, embed_dim=8, depths=(1, 2), num_heads=(1, 2), window_size=4, num_classes=2
    )


def small_timm_swin_v2():
    swin = pytest.importorskip("timm.models.swin_transformer_v2")
    return swin.SwinTransformerV2(
        32, embed_dim=8, depths=(1, 2), num_heads=(1, 2), window_size=4, num_classes=2
    )


def small_torchvision_convnext():
    kinds = torchvision.models.convnext
    return kinds.ConvNeXt([kinds.CNBlockConfig(8, 12, 1), kinds.CNBlockConfig(12, None, 1)], num_classes=2)


def small_timm_convnext():
    convnext = pytest.importorskip("timm.models.convnext")
    return convnext.ConvNeXt(depths=(1, 1, 1, 1), dims=(4, 8, 8, 12), num_classes=2, output_stride=8)


def last(features):
    return features.permute(0, 3, 1, 2)


@pytest.mark.parametrize(
    ("build", "layer_of", "transform"),
    [
        (small_torchvision_swin, lambda module: module.norm, last),
        (small_torchvision_swin_v2, lambda module: module.norm, last),
        (small_timm_swin, lambda module: module.norm, last),
        (small_timm_swin_v2, lambda module: module.norm, last),
        (small_torchvision_convnext, lambda module: module.features[-1], None),
        (small_timm_convnext, lambda module: module.stages[-1], None),
    ],
)
@pytest.mark.parametrize(
    ("name", "library"),
    [("gradcam", "GradCAM"), ("layercam", "LayerCAM"), ("hirescam", "HiResCAM"), ("xgradcam", "XGradCAM")],
)
def test_the_layer_chosen_for_swin_and_convnext_gives_the_librarys_map(
    build, layer_of, transform, name, library, images
):
    torch.manual_seed(1)
    module = build().eval()
    with getattr(pytorch_grad_cam, library)(module, [layer_of(module)], reshape_transform=transform) as cam:
        expected = cam(images.clone(), [ClassifierOutputTarget(target) for target in TARGETS])
    assert np.ptp(expected, axis=(1, 2)).max() > 0.5
    np.testing.assert_allclose(explain(name, classifier_of(module), images), expected, rtol=0, atol=1e-5)
