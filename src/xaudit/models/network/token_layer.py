"""The picture in a layer's tokens: told by the network's class, or stated and tried out.

Tokens of shape (N, tokens, C) do not show their rows. A network of the table in :mod:`xaudit.models.network.tokens` is
believed where the number of tokens is right. Tokens that the audit file describes, and those of pyramids, are tried: where one
patch of noise changes, the token at its place must change most.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from xaudit.errors import ModelError
from xaudit.models.network.tokens import known_transformer
from xaudit.records import TokenGrid

_MOST_PREFIX = 16
_N_PATCHES = 12
_LEAST_RIGHT = 0.75
"""Share of changed patches whose own token must change most; wide patches and attention may move a few."""

PYRAMIDS = frozenset(
    {
        "transformers.models.swin.modeling_swin.SwinModel",
        "transformers.models.swinv2.modeling_swinv2.Swinv2Model",
    }
)
"""Classes whose stages give square pictures as tokens without a prefix."""


@dataclass(frozen=True, slots=True)
class TokenPicture:
    """The picture in features of shape (N, prefix + h w, C); see :class:`xaudit.models.network.layer_grid.LayerGrid`."""

    tokens: TokenGrid

    @property
    def hw(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.tokens.height, self.tokens.width

    def channels_first(self, features: torch.Tensor) -> torch.Tensor:
        """Return the picture's tokens as (N, C, h, w)."""
        picture = features[:, self.tokens.prefix :]
        return picture.reshape(len(picture), *self.hw, -1).permute(0, 3, 1, 2)

    def as_given(self, picture: torch.Tensor, given: torch.Tensor) -> torch.Tensor:
        """Return a picture, (K, C, h, w), as tokens behind the prefix of the layer's own features, one for all or K."""
        prefix = given[:, : self.tokens.prefix].expand(len(picture), -1, -1)
        return torch.cat([prefix, picture.flatten(2).transpose(1, 2).to(prefix.dtype)], dim=1)


def square_grids(n_tokens: int) -> list[TokenGrid]:
    """Return the square grids behind a prefix that so many tokens may be, the shortest prefix first.

    Example:
        >>> square_grids(197)
        [TokenGrid(prefix=1, height=14, width=14)]
    """
    sides = ((prefix, math.isqrt(n_tokens - prefix)) for prefix in range(min(_MOST_PREFIX, n_tokens - 3)))
    return [TokenGrid(prefix, side, side) for prefix, side in sides if side * side == n_tokens - prefix]


def token_picture(
    network: torch.nn.Module,
    layer: torch.nn.Module,
    n_tokens: int,
    *,
    subject: str,
    model_hw: tuple[int, int],
    stated: TokenGrid | None,
) -> TokenPicture:
    """Return the picture in a layer's tokens.

    Args:
        network: in evaluation mode.
        layer: gives features of shape (N, n_tokens, C).
        subject: name of the layer in errors.
        model_hw: the frame.
        stated: the grid that the audit file describes.

    Raises:
        ModelError: if nothing tells the grid, or the stated grid does not fit.
    """
    if stated is not None:
        return _stated_picture(network, layer, n_tokens, subject=subject, model_hw=model_hw, stated=stated)
    transformer = known_transformer(network)
    known = transformer and transformer[1].grid(transformer[0], model_hw)
    if transformer and known and known.n_tokens == n_tokens:
        inside = any(part is layer for part in transformer[0].modules())
        if inside or follows_reading_order(network, layer, known, model_hw):
            return TokenPicture(known)
    candidates = square_grids(n_tokens)
    if _is_pyramid(network) and candidates and candidates[0].prefix == 0:
        if follows_reading_order(network, layer, candidates[0], model_hw):
            return TokenPicture(candidates[0])
        candidates = []
    if not candidates:
        raise ModelError(
            f"{subject} gives {n_tokens} tokens, which make no square picture behind a prefix of up to {_MOST_PREFIX - 1}",
            hint="give the option `layer` a module whose output holds every patch once, or set `tokens` beside `layer` in the "
            "model's entry if the picture is not square",
        )
    raise ModelError(
        f"{subject} gives {n_tokens} tokens, and {type(network).__name__} is no network whose tokens xaudit knows",
        hint=f"set beside `layer` in the model's entry `tokens: {described_tokens(candidates[0])}`, if these are the tokens "
        "before the picture and its rows and columns",
    )


def _stated_picture(
    network: torch.nn.Module,
    layer: torch.nn.Module,
    n_tokens: int,
    *,
    subject: str,
    model_hw: tuple[int, int],
    stated: TokenGrid,
) -> TokenPicture:
    if n_tokens != stated.n_tokens:
        fitting = square_grids(n_tokens)
        raise ModelError(
            f"{subject} gives {n_tokens} tokens, and `tokens` describes {stated.prefix} + {stated.height} × {stated.width} = "
            f"{stated.n_tokens}",
            hint=f"`tokens: {described_tokens(fitting[0])}` would fit"
            if fitting
            else "count the tokens before the picture, and its rows and columns",
        )
    if not follows_reading_order(network, layer, stated, model_hw):
        raise ModelError(
            f"{subject}: where one patch of the image changes, another token changes most than the one that `tokens: "
            f"{described_tokens(stated)}` puts there",
            hint="its tokens are cut into windows, shifted or in another order; give `layer` a module whose tokens follow the "
            "image row by row, such as a whole block",
        )
    return TokenPicture(stated)


def described_tokens(grid: TokenGrid) -> str:
    """Return a grid as the audit file writes it.

    Example:
        >>> described_tokens(TokenGrid(1, 14, 14))
        '{prefix: 1, grid: [14, 14]}'
    """
    return f"{{prefix: {grid.prefix}, grid: [{grid.height}, {grid.width}]}}"


def features_of(output: object) -> object:
    """Return a layer's features: its output, or the first entry of a tuple such as (features, attention)."""
    return output[0] if isinstance(output, tuple | list) and output else output


def with_features(output: object, features: torch.Tensor) -> object:
    """Return a layer's output with other features; the rest of a tuple stays."""
    match output:
        case tuple() if hasattr(output, "_replace"):
            return type(output)(features, *output[1:])
        case tuple():
            return (features, *output[1:])
        case list():
            return [features, *output[1:]]
        case _:
            return features


def follows_reading_order(
    network: torch.nn.Module, layer: torch.nn.Module, grid: TokenGrid, model_hw: tuple[int, int]
) -> bool:
    """Return True if the token at a changed patch's place changes most, for most of some patches.

    Also where the network is blank, so that nothing can be told.
    """
    if not any(bool(weight.any()) for weight in network.parameters() if weight.device.type != "meta"):
        return True
    generator = torch.Generator().manual_seed(0)
    n_cells = grid.height * grid.width
    cells = torch.randperm(n_cells, generator=generator)[:_N_PATCHES].tolist()
    image, other = torch.randn((2, 3, *model_hw), generator=generator)
    images = image.repeat(len(cells) + 1, 1, 1, 1)
    for index, cell in enumerate(cells):
        place = _place(cell, grid, model_hw)
        images[(index + 1, slice(None), *place)] = other[(slice(None), *place)]
    features = _features(network, layer, images)
    if features.shape[:2] != (len(images), grid.n_tokens):
        return False
    # The prefix takes part: a row of the picture that is counted with it by mistake would change most.
    change = (features[1:] - features[0]).double().norm(dim=2).cpu()
    right = (change.argmax(dim=1) == torch.tensor(cells) + grid.prefix) & (change.amax(dim=1) > 0)
    return float(right.double().mean()) >= _LEAST_RIGHT


def _place(cell: int, grid: TokenGrid, model_hw: tuple[int, int]) -> tuple[slice, slice]:
    row, column = divmod(cell, grid.width)
    (height, width), (rows, columns) = model_hw, (grid.height, grid.width)
    return (
        slice(row * height // rows, (row + 1) * height // rows),
        slice(column * width // columns, (column + 1) * width // columns),
    )


def _features(network: torch.nn.Module, layer: torch.nn.Module, images: torch.Tensor) -> torch.Tensor:
    device = next((weight.device for weight in network.parameters()), torch.device("cpu"))
    kept: list[torch.Tensor] = []

    def keep(_layer: torch.nn.Module, _inputs: object, output: object) -> None:
        features = features_of(output)
        assert isinstance(features, torch.Tensor)
        kept.append(features.detach().float().clone())

    handle = layer.register_forward_hook(keep)
    try:
        with torch.no_grad():
            network.forward(images.to(device))
    finally:
        handle.remove()
    return kept[0]


def _is_pyramid(network: torch.nn.Module) -> bool:
    kinds: Sequence[type] = [kind for part in network.modules() for kind in type(part).__mro__]
    return any(f"{kind.__module__}.{kind.__name__}" in PYRAMIDS for kind in kinds)
