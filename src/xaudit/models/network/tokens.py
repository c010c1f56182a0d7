"""The tokens of known transformers, and how they make a picture.

Only networks whose blocks all work on the same tokens are in the table; stages of a pyramid have a grid each.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from xaudit.records import TokenGrid

GridOf = Callable[[Any, tuple[int, int]], TokenGrid]


@dataclass(frozen=True, slots=True)
class TokenNetwork:
    """A class of networks whose blocks all work on the same tokens.

    Attributes:
        first_norm: name of the norm that each block's attention reads; module names differ between versions otherwise.
        last_norm: path of the norm, or its placeholder, behind the last block.
        grid: returns the grid of a network of this class at a frame, (height, width).
    """

    first_norm: str
    last_norm: str
    grid: GridOf


def _of_torchvision(network: Any, frame_hw: tuple[int, int]) -> TokenGrid:  # noqa: ANN401  (attributes of its class)
    return TokenGrid(1, frame_hw[0] // network.patch_size, frame_hw[1] // network.patch_size)


def _of_timm(network: Any, frame_hw: tuple[int, int]) -> TokenGrid:  # noqa: ANN401
    embed = network.patch_embed
    rows, columns = (
        embed.dynamic_feat_size(frame_hw) if hasattr(embed, "dynamic_feat_size") else embed.grid_size
    )
    return TokenGrid(int(network.num_prefix_tokens), int(rows), int(columns))


def _of_transformers(prefix: int) -> GridOf:
    def grid(network: Any, frame_hw: tuple[int, int]) -> TokenGrid:  # noqa: ANN401
        side = network.config.patch_size
        patch_h, patch_w = (side, side) if isinstance(side, int) else side
        registers = getattr(network.config, "num_register_tokens", 0)
        return TokenGrid(prefix + registers, frame_hw[0] // patch_h, frame_hw[1] // patch_w)

    return grid


_TIMM = TokenNetwork("norm1", "norm", _of_timm)

TOKEN_NETWORKS: Mapping[str, TokenNetwork] = {
    "torchvision.models.vision_transformer.VisionTransformer": TokenNetwork(
        "ln_1", "encoder.ln", _of_torchvision
    ),
    "timm.models.beit.Beit": _TIMM,
    "timm.models.eva.Eva": _TIMM,
    "timm.models.vision_transformer.VisionTransformer": _TIMM,
    "timm.models.vision_transformer_relpos.VisionTransformerRelPos": _TIMM,
    **{
        f"transformers.models.{package}.modeling_{package}{part}.{name}": TokenNetwork(
            first_norm, last_norm, _of_transformers(prefix)
        )
        for package, part, name, first_norm, last_norm, prefix in (
            ("beit", "", "BeitModel", "layernorm_before", "layernorm", 1),
            ("data2vec", "_vision", "Data2VecVisionModel", "layernorm_before", "layernorm", 1),
            ("deit", "", "DeiTModel", "layernorm_before", "layernorm", 2),
            ("dinov2", "", "Dinov2Model", "norm1", "layernorm", 1),
            ("dinov2_with_registers", "", "Dinov2WithRegistersModel", "norm1", "layernorm", 1),
            ("ijepa", "", "IJepaModel", "layernorm_before", "layernorm", 0),
            ("siglip", "", "SiglipVisionModel", "layer_norm1", "post_layernorm", 0),
            ("vit", "", "ViTModel", "layernorm_before", "layernorm", 1),
            ("vit_msn", "", "ViTMSNModel", "layernorm_before", "layernorm", 1),
        )
    },
}
"""The network's class, as its library names it."""


def token_grid_of(module: torch.nn.Module, frame_shape: tuple[int, int]) -> TokenGrid | None:
    """Return the grid of a known transformer's tokens at a frame; None for any other network.

    Args:
        module: the network, or a module that holds exactly one known transformer.
        frame_shape: height and width of the frame.
    """
    known = known_transformer(module)
    return known and known[1].grid(known[0], frame_shape)


def known_transformer(module: torch.nn.Module) -> tuple[torch.nn.Module, TokenNetwork] | None:
    """Return the known transformer in a network, and its row of the table; None if there is none, or more than one."""
    parts = [(part, row) for part in module.modules() if (row := _row(part)) is not None]
    return parts[0] if len(parts) == 1 else None


def _row(module: torch.nn.Module) -> TokenNetwork | None:
    names = (f"{kind.__module__}.{kind.__name__}" for kind in type(module).__mro__)
    return next((TOKEN_NETWORKS[name] for name in names if name in TOKEN_NETWORKS), None)
