"""The token grids of known transformers, held to the number of tokens that their blocks give."""

import pytest
import torch
import torchvision
from torch import nn

from xaudit.models.network.token_layer import follows_reading_order
from xaudit.models.network.tokens import known_transformer, token_grid_of
from xaudit.records import TokenGrid

FRAME = (32, 32)
SMALL = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "image_size": 32,
    "patch_size": 8,
    "num_labels": 2,
}


def of_torchvision():
    return torchvision.models.VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=2)


def of_timm(module, kind, **options):
    classes = pytest.importorskip(f"timm.models.{module}")
    options = {"img_size": 32, "patch_size": 8, "embed_dim": 16, "depth": 2, "num_heads": 2, **options}
    return getattr(classes, kind)(num_classes=2, **options)


def of_transformers(name):
    kind = getattr(pytest.importorskip("transformers"), f"{name}ForImageClassification")
    if name == "Siglip":
        vision = {key: value for key, value in SMALL.items() if key != "num_labels"}
        return kind(kind.config_class(vision_config=vision, num_labels=2))
    return kind(kind.config_class(**SMALL))


NETWORKS = {
    "torchvision ViT": (of_torchvision, 1),
    "timm ViT": (lambda: of_timm("vision_transformer", "VisionTransformer"), 1),
    "timm ViT with 4 registers": (
        lambda: of_timm("vision_transformer", "VisionTransformer", reg_tokens=4),
        5,
    ),
    "timm ViT without a class token": (
        lambda: of_timm("vision_transformer", "VisionTransformer", class_token=False, global_pool="avg"),
        0,
    ),
    "timm distilled DeiT": (lambda: of_timm("deit", "VisionTransformerDistilled"), 2),
    "timm BEiT": (lambda: of_timm("beit", "Beit"), 1),
    "timm EVA": (lambda: of_timm("eva", "Eva"), 1),
    "transformers ViT": (lambda: of_transformers("ViT"), 1),
    "transformers DeiT": (lambda: of_transformers("DeiT"), 2),
    "transformers BEiT": (lambda: of_transformers("Beit"), 1),
    "transformers Data2VecVision": (lambda: of_transformers("Data2VecVision"), 1),
    "transformers Dinov2": (lambda: of_transformers("Dinov2"), 1),
    "transformers Dinov2WithRegisters": (lambda: of_transformers("Dinov2WithRegisters"), 5),
    "transformers ViTMSN": (lambda: of_transformers("ViTMSN"), 1),
    "transformers IJepa": (lambda: of_transformers("IJepa"), 0),
    "transformers Siglip": (lambda: of_transformers("Siglip"), 0),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_table_counts_the_tokens_that_every_block_and_the_last_norm_give(name):
    """32 px in patches of 8 px are 4 × 4 = 16 tokens, behind the prefix."""
    build, prefix = NETWORKS[name]
    module = build().eval()
    grid = token_grid_of(module, FRAME)
    assert grid == TokenGrid(prefix, 4, 4)
    part, row = known_transformer(module)
    norms = [layer for path, layer in part.named_modules() if path.split(".")[-1] == row.first_norm]
    assert len(norms) == 2
    seen = []
    for layer in (*norms, part.get_submodule(row.last_norm)):
        layer.register_forward_hook(lambda _part, _inputs, output: seen.append(tuple(output.shape)))
    with torch.no_grad():
        module(torch.zeros((2, 3, *FRAME)))
    assert seen == [(2, grid.n_tokens, 16)] * 3
    assert all(follows_reading_order(module, layer, grid, FRAME) for layer in norms)


def test_a_network_that_holds_two_transformers_or_none_has_no_grid():
    assert token_grid_of(nn.Sequential(of_torchvision(), of_torchvision()), FRAME) is None
    assert token_grid_of(nn.Conv2d(3, 2, 1), FRAME) is None


def test_a_transformer_inside_another_module_is_known():
    assert token_grid_of(nn.Sequential(of_torchvision(), nn.Identity()), FRAME) == TokenGrid(1, 4, 4)
