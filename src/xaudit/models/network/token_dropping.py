"""Transformers that are shown a part of an image: the tokens of patches that are gone do not enter the first block.

Pixels that are gone come as values that are not numbers. A patch of which at least half is gone is dropped. In a patch of which
less is gone, these pixels show the mean of the image's other pixels, channel by channel; so does an image of which no
patch would be left.

Source: Jain et al. 2022, Missingness bias in model debugging; there, regions are made of whole patches.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from xaudit.errors import ModelError
from xaudit.models.network.front import put_in_front
from xaudit.models.network.outputs import logits_of
from xaudit.models.network.token_places import spill
from xaudit.models.network.tokens import known_transformer
from xaudit.records.token_grid import TokenGrid

_POSITIONS_BEFORE = frozenset(
    {
        "torchvision.models.vision_transformer.EncoderBlock",
        "timm.models.vision_transformer.Block",
        "timm.models.vision_transformer.ResPostBlock",
        *(
            f"transformers.models.{package}.modeling_{package}.{name}Layer"
            for package, name in (
                ("deit", "DeiT"),
                ("dinov2", "Dinov2"),
                ("dinov2_with_registers", "Dinov2WithRegisters"),
                ("ijepa", "IJepa"),
                ("vit", "ViT"),
                ("vit_msn", "ViTMSN"),
            )
        ),
    }
)
"""Classes of blocks that do not look at the places of tokens, which are embedded before the first block."""

_HINT = "take 'drop-tokens' out of reliance.infills and reliance.map.infills"
_LEAST_GONE = 0.5
_MOST_SPILLED = 1e-4
"""Change of other patches' tokens, as a share of a patch's own, that rounding may make."""


class _DropsTokens:
    """Mixin before a network's own class: pixels that are not numbers are gone."""

    xaudit_grid: TokenGrid
    xaudit_first_block: str
    xaudit_n_classes: int

    def forward(self, images: torch.Tensor) -> object:
        """Map (N, 3, h, w) to the network's own output, or to logits where some pixels are gone."""
        own: Any = super()
        gone = torch.isnan(images[:, 0])
        if not bool(gone.any()):
            return own.forward(images)
        is_kept = _kept_patches(gone, self.xaudit_grid)
        shown = torch.where(torch.isnan(images), images.nanmean(dim=(2, 3), keepdim=True), images)
        block = self.get_submodule(self.xaudit_first_block)  # type: ignore[attr-defined]
        logits = []
        for rows in _of_equal_number(is_kept):
            with _dropped(block, is_kept[rows], self.xaudit_grid):
                logits.append(logits_of(own.forward(shown[rows]), self.xaudit_n_classes))
        return torch.cat(logits)


def let_drop_tokens(network: nn.Module, *, n_classes: int, frame_hw: tuple[int, int], subject: str) -> None:
    """Let the network, in place, drop the tokens of patches that are gone; on images without such pixels it is as before.

    Raises:
        ModelError: if it is no transformer whose blocks work on any of its tokens alike.
    """
    if isinstance(network, _DropsTokens):
        return
    known = known_transformer(network)
    if known is None:
        raise ModelError(
            f"{subject}: the in-fill 'drop-tokens' needs a vision transformer whose blocks all work on the same tokens, and "
            f"{type(network).__name__} is not known as such",
            hint=_HINT,
        )
    transformer, row = known
    name, block = next(item for item in network.named_modules() if hasattr(item[1], row.first_norm))
    if f"{type(block).__module__}.{type(block).__name__}" not in _POSITIONS_BEFORE:
        raise ModelError(
            f"{subject}: the in-fill 'drop-tokens' needs positions that are embedded before the first block; those of "
            f"'{name}' ({type(block).__name__}) may depend on the places of its tokens",
            hint=_HINT,
        )
    grid = row.grid(transformer, frame_hw)
    spilled = spill(network, block, grid, frame_hw)
    if spilled is None or spilled > _MOST_SPILLED:
        raise ModelError(
            f"{subject}: the in-fill 'drop-tokens' needs tokens that show one patch each; those of '{name}' are not the "
            f"{grid.height} × {grid.width} patches of a frame of {frame_hw[0]} × {frame_hw[1]} px",
            hint=_HINT,
        )
    put_in_front(network, _DropsTokens)
    front: Any = network
    front.xaudit_grid, front.xaudit_first_block, front.xaudit_n_classes = grid, name, n_classes


def _kept_patches(gone: torch.Tensor, grid: TokenGrid) -> torch.Tensor:
    """Tell which patches are kept, (N, patches), from the pixels that are gone, (N, h, w)."""
    share = functional.adaptive_avg_pool2d(gone[:, None].float(), (grid.height, grid.width)).flatten(1)
    is_kept = share < _LEAST_GONE
    return is_kept | ~is_kept.any(dim=1, keepdim=True)


def _of_equal_number(is_kept: torch.Tensor) -> Iterator[slice]:
    """Yield runs of images that keep equally many patches; the order of the images is kept."""
    start = 0
    for _, run in groupby(is_kept.sum(dim=1).tolist()):
        stop = start + len(list(run))
        yield slice(start, stop)
        start = stop


@contextmanager
def _dropped(block: nn.Module, is_kept: torch.Tensor, grid: TokenGrid) -> Iterator[None]:
    """Hand the block the tokens before the picture and those of the kept patches only."""
    before = is_kept.new_ones((len(is_kept), grid.prefix))
    places = torch.cat([before, is_kept], dim=1).nonzero()[:, 1].reshape(len(is_kept), -1)

    def drop(
        _block: object, inputs: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        tokens = inputs[0] if inputs else named["hidden_states"]
        left = tokens.gather(1, places[:, :, None].expand(-1, -1, tokens.shape[2]))
        return ((left, *inputs[1:]), named) if inputs else (inputs, {**named, "hidden_states": left})

    handle = block.register_forward_pre_hook(drop, with_kwargs=True)
    try:
        yield
    finally:
        handle.remove()
