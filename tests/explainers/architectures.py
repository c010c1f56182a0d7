"""Small networks of every architecture in the reference's matrix, with random weights."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
import torchvision
from torch import nn

tv = torchvision.models
SWIN = tv.swin_transformer
SMALL = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "image_size": 32,
    "patch_size": 8,
    "num_labels": 2,
}
WINDOWS = {
    "image_size": 32,
    "patch_size": 4,
    "embed_dim": 8,
    "depths": [1, 2],
    "num_heads": [1, 2],
    "window_size": 4,
    "num_labels": 2,
}
STAGES = {"hidden_sizes": [8, 16], "depths": [1, 1], "num_labels": 2}


@dataclass(frozen=True)
class Architecture:
    library: str
    name: str
    build: Callable[[], nn.Module]
    side: int = 32

    @property
    def id(self):
        return f"{self.library} {self.name}"

    def network(self):
        torch.manual_seed(0)
        module = self.build().eval()
        heads = [part for part in module.modules() if isinstance(part, nn.Linear) and part.out_features == 2]
        with torch.no_grad():
            for head in heads:  # Some start at zero. What speaks against one class speaks for the other.
                nn.init.normal_(head.weight[1])
                head.weight[0] = -head.weight[1]
        return module


def of_timm(module, kind, **options):
    return getattr(pytest.importorskip(f"timm.models.{module}"), kind)(num_classes=2, **options)


def vit_of_timm(module="vision_transformer", kind="VisionTransformer", **options):
    sizes = {"img_size": 32, "patch_size": 8, "embed_dim": 16, "depth": 2, "num_heads": 2}
    return of_timm(module, kind, **sizes, **options)


def swin_of_timm(module, kind):
    return of_timm(module, kind, img_size=32, embed_dim=8, depths=(1, 2), num_heads=(1, 2), window_size=4)


def named_in_timm(name, **options):
    return pytest.importorskip("timm").create_model(name, pretrained=False, num_classes=2, **options)


def of_transformers(name, settings):
    kind = getattr(pytest.importorskip("transformers"), f"{name}ForImageClassification")
    return kind(kind.config_class(**settings))


def swin_v2_of_torchvision():
    return tv.SwinTransformer(
        *([4, 4], 8, [1, 2], [1, 2], [4, 4]),
        num_classes=2,
        block=SWIN.SwinTransformerBlockV2,
        downsample_layer=SWIN.PatchMergingV2,
    )


ARCHITECTURES = (
    Architecture(
        "torchvision", "ResNet", lambda: tv.ResNet(tv.resnet.BasicBlock, [1] * 4, num_classes=2), 64
    ),
    Architecture("torchvision", "DenseNet", lambda: tv.DenseNet(4, (1, 1, 1, 1), 8, num_classes=2), 64),
    Architecture(
        "torchvision",
        "ConvNeXt",
        lambda: tv.ConvNeXt(
            [tv.convnext.CNBlockConfig(8, 12, 1), tv.convnext.CNBlockConfig(12, None, 1)], num_classes=2
        ),
    ),
    Architecture(
        "torchvision", "MaxVit", lambda: tv.MaxVit((64, 64), 8, 4, [8, 16], [1, 1], 4, 0.0, num_classes=2), 64
    ),
    Architecture(
        "torchvision", "Swin", lambda: tv.SwinTransformer([4, 4], 8, [1, 2], [1, 2], [4, 4], num_classes=2)
    ),
    Architecture("torchvision", "Swin v2", swin_v2_of_torchvision),
    Architecture("torchvision", "ViT", lambda: tv.VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=2)),
    Architecture("timm", "ResNet", lambda: named_in_timm("test_resnet"), 64),
    Architecture("timm", "EfficientNet", lambda: named_in_timm("test_efficientnet"), 64),
    Architecture(
        "timm",
        "ConvNeXt",
        lambda: of_timm("convnext", "ConvNeXt", depths=(1, 1, 1, 1), dims=(4, 8, 8, 12), output_stride=8),
    ),
    Architecture("timm", "CoAtNet", lambda: named_in_timm("test_coatnet", img_size=64), 64),
    Architecture("timm", "MaxVit", lambda: named_in_timm("test_maxvit", img_size=64), 64),
    Architecture(
        "timm",
        "PVT v2",
        lambda: of_timm(
            "pvt_v2",
            "PyramidVisionTransformerV2",
            depths=(1, 1, 1, 1),
            embed_dims=(8, 8, 16, 16),
            num_heads=(1, 1, 2, 2),
        ),
        64,
    ),
    Architecture("timm", "Swin", lambda: swin_of_timm("swin_transformer", "SwinTransformer")),
    Architecture("timm", "Swin v2", lambda: swin_of_timm("swin_transformer_v2", "SwinTransformerV2")),
    Architecture("timm", "ViT", vit_of_timm),
    Architecture("timm", "ViT, mean of tokens", lambda: vit_of_timm(global_pool="avg")),
    Architecture(
        "timm",
        "ViT on a ResNet",
        lambda: named_in_timm("vit_tiny_r_s16_p8_224", img_size=64, embed_dim=16, depth=2, num_heads=2),
        64,
    ),
    Architecture("timm", "DeiT, distilled", lambda: vit_of_timm("deit", "VisionTransformerDistilled")),
    Architecture("timm", "DINOv2 with registers", lambda: vit_of_timm(reg_tokens=4, init_values=1.0)),
    Architecture("timm", "BEiT", lambda: vit_of_timm("beit", "Beit")),
    Architecture("timm", "EVA", lambda: vit_of_timm("eva", "Eva")),
    Architecture(
        "timm",
        "Hiera",
        lambda: of_timm("hiera", "Hiera", img_size=(64, 64), embed_dim=8, num_heads=1, stages=(1, 1, 1, 1)),
        64,
    ),
    Architecture(
        "transformers", "ResNet", lambda: of_transformers("ResNet", {**STAGES, "embedding_size": 8})
    ),
    Architecture(
        "transformers", "ConvNext", lambda: of_transformers("ConvNext", {**STAGES, "num_stages": 2})
    ),
    Architecture("transformers", "Swin", lambda: of_transformers("Swin", WINDOWS)),
    Architecture("transformers", "Swinv2", lambda: of_transformers("Swinv2", WINDOWS)),
    Architecture("transformers", "ViT", lambda: of_transformers("ViT", SMALL)),
    Architecture("transformers", "DeiT", lambda: of_transformers("DeiT", SMALL)),
    Architecture("transformers", "Beit", lambda: of_transformers("Beit", SMALL)),
    Architecture("transformers", "Dinov2", lambda: of_transformers("Dinov2", SMALL)),
    Architecture(
        "transformers", "Dinov2WithRegisters", lambda: of_transformers("Dinov2WithRegisters", SMALL)
    ),
)
