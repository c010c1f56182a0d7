"""The axes of a layer's features: rows, columns and channels.

Features of shape (N, C, h, w) and (N, h, w, C) cannot be told apart by their shape, and a map made of the wrong axes looks
like a barcode. Three kinds of evidence are tried in order: the axes that follow the height and the width of
other frames; the class of the layer, or of the layer that hands it its input unchanged; the axes along which
the features change if only half of the image changes. If none decides, the layer is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from xaudit.errors import ModelError
from xaudit.models.network.failure import failure_hint, failure_line
from xaudit.models.network.halves import axes_by_halves
from xaudit.models.network.token_layer import TokenPicture, features_of, square_grids, token_picture
from xaudit.records import TokenGrid

_KNOWN = "xaudit_grids"
_SMALLEST_HALVED = 64

_CHANNELS_FIRST = (
    torch.nn.Conv2d,
    torch.nn.ConvTranspose2d,
    torch.nn.BatchNorm2d,
    torch.nn.InstanceNorm2d,
    torch.nn.GroupNorm,
    torch.nn.MaxPool2d,
    torch.nn.AvgPool2d,
    torch.nn.AdaptiveAvgPool2d,
    torch.nn.AdaptiveMaxPool2d,
)
_BLOCKS_CHANNELS_FIRST = frozenset(
    {
        "timm.layers.norm.LayerNorm2d",
        "timm.models.maxxvit.MaxxVitBlock",
        "timm.models.maxxvit.MaxxVitStage",
        "timm.models.swin_transformer_v2_cr.SwinTransformerV2CrStage",
        "torchvision.models.maxvit.MaxVitBlock",
        "torchvision.models.maxvit.MaxVitLayer",
    }
)
_BLOCKS_CHANNELS_LAST = frozenset(
    {
        "timm.models.swin_transformer.PatchMerging",
        "timm.models.swin_transformer.SwinTransformerBlock",
        "timm.models.swin_transformer.SwinTransformerStage",
        "timm.models.swin_transformer_v2.PatchMerging",
        "timm.models.swin_transformer_v2.SwinTransformerV2Block",
        "timm.models.swin_transformer_v2.SwinTransformerV2Stage",
    }
)
"""Blocks whose networks take frames of one size only; so do those above."""

_PASSES_AXES_ON = (
    torch.nn.LayerNorm,
    torch.nn.Linear,
    torch.nn.Identity,
    torch.nn.ReLU,
    torch.nn.GELU,
    torch.nn.SiLU,
    torch.nn.Dropout,
)
"""Modules whose output has the axes of their input; derived classes may turn them round."""


@dataclass(frozen=True, slots=True)
class LayerGrid:
    """The axes of rows, columns and channels in a layer's features, and its number of rows and columns.

    Attributes:
        rows: axis, 1 to 3; axis 0 holds the images.
        columns: axis.
        channels: axis.
        hw: rows and columns at the model's frame.
    """

    rows: int
    columns: int
    channels: int
    hw: tuple[int, int]

    def channels_first(self, features: torch.Tensor) -> torch.Tensor:
        """Permute the layer's features to (N, C, h, w)."""
        return features.permute(0, self.channels, self.rows, self.columns)

    def as_given(self, picture: torch.Tensor, _given: torch.Tensor) -> torch.Tensor:
        """Permute features of shape (N, C, h, w) to the layer's own order."""
        order = (0, self.channels, self.rows, self.columns)
        return picture.permute(*(order.index(axis) for axis in range(4)))


PictureGrid = LayerGrid | TokenPicture


def layer_grid(
    network: torch.nn.Module,
    layer: torch.nn.Module,
    *,
    subject: str,
    model_hw: tuple[int, int],
    tokens: TokenGrid | None = None,
) -> PictureGrid:
    """Find the picture in a layer's features; costs a few forward passes the first time, which no meter counts.

    Args:
        network: in evaluation mode.
        layer: one of its modules.
        subject: name of the layer in errors.
        model_hw: the frame.
        tokens: the grid of tokens that the audit file describes; a layer without tokens does not need it.

    Raises:
        ModelError: if the layer is not reached or runs more than once, its features lie on no grid, or nothing tells
            the axes apart.
    """
    # Kept on the layer, so that copies with other weights have the axes of the original.
    known: dict[object, PictureGrid] = getattr(layer, _KNOWN, {})
    if (model_hw, tokens) not in known:
        grid = _observed_grid(network, layer, subject, model_hw, tokens)
        if grid.hw == (1, 1):
            raise ModelError(
                f"{subject} gives one place for the whole image, as a layer behind the pooling does",
                hint="give the option `layer` a whole block in front of the pooling",
            )
        known = {**known, (model_hw, tokens): grid}
        setattr(layer, _KNOWN, known)
    return known[model_hw, tokens]


def grids(network: torch.nn.Module, model_hw: tuple[int, int]) -> dict[str, PictureGrid]:
    """Return the grids of all modules whose axes a frame or a class tells, by name, in order of use.

    Of modules with tokens, those that can be a square picture behind a prefix.
    """
    named = {name: part for name, part in network.named_modules() if name}
    seen = [_Seen(network, list(named.values()), hw, 1) for hw in (model_hw, *_other_frames(model_hw))]
    known: dict[str, PictureGrid] = {}
    for name, part in sorted(named.items(), key=lambda item: seen[0].order.get(item[1], 0)):
        shapes = [outputs.only_shape(part) for outputs in seen]
        if shapes[0] is not None and len(shapes[0]) == 3 and (squares := square_grids(shapes[0][1])):
            known[name] = TokenPicture(squares[0])
        if shapes[0] is None or len(shapes[0]) != 4:
            continue
        grid = _by_frames(shapes) or (None if _follows(shapes) else _by_class(part, seen[0]))
        if grid is not None:
            known[name] = grid
    return known


def _observed_grid(
    network: torch.nn.Module,
    layer: torch.nn.Module,
    subject: str,
    model_hw: tuple[int, int],
    tokens: TokenGrid | None,
) -> PictureGrid:
    own = _Seen(network, list(network.modules()), model_hw, 2)
    if own.failure is not None and layer not in own.outputs:
        raise ModelError(
            f"{subject} is not reached: the network fails on images of {model_hw[0]} × {model_hw[1]}: "
            f"{failure_line(own.failure)}",
            hint=failure_hint(own.failure, "set `input_size` to what the network takes"),
        )
    shape = _checked_shape(own.outputs.get(layer, []), subject)
    if len(shape) == 3:
        return token_picture(network, layer, shape[1], subject=subject, model_hw=model_hw, stated=tokens)
    shapes = [(1, *shape[1:])]
    shapes += [_Seen(network, [layer], hw, 1).only_shape(layer) or () for hw in _other_frames(model_hw)]
    grid = _by_frames(shapes)
    if grid is None and not _follows(shapes):
        grid = _by_class(layer, own)
        if grid is None and (axes := axes_by_halves(network, layer, model_hw)) is not None:
            grid = _grid(*axes, shape)
    if grid is not None:
        return grid
    raise ModelError(
        f"{subject} gives features of shape {_described(shape)}, and neither its class ({type(layer).__name__}) nor images of "
        "another height, width or half tell which axes are rows, columns and channels",
        hint="give the option `layer` a convolution or a whole block, whose output is (N, channels, rows, columns)",
    )


def _checked_shape(outputs: Sequence[object], subject: str) -> tuple[int, ...]:
    """Return the shape of the features that a layer gave once for two images, with three or four axes."""
    hint = "give the option `layer` a convolutional block near the end of the network"
    if not outputs:
        raise ModelError(f"{subject} is not reached by an image", hint=hint)
    if len(outputs) > 1:
        raise ModelError(f"{subject} runs more than once per image", hint=hint)
    match features_of(outputs[0]):
        case torch.Tensor() as features if features.ndim in (3, 4) and len(features) == 2:
            return tuple(features.shape)
        case torch.Tensor() as features if features.ndim in (3, 4):
            raise ModelError(
                f"{subject} gives shape {tuple(features.shape)} for 2 images: its first axis does not hold one image each",
                hint="give the option `layer` the whole block that holds it",
            )
        case torch.Tensor() as features:
            what = _described(features.shape)
        case _:
            what = type(outputs[0]).__name__
    raise ModelError(f"{subject} gives {what}, not features on a grid of rows and columns", hint=hint)


def _described(shape: Sequence[int]) -> str:
    return f"({', '.join(map(str, ('N', *shape[1:])))})"


class _Seen:
    """The outputs of some modules for blank images of one size."""

    def __init__(
        self, network: torch.nn.Module, parts: Sequence[torch.nn.Module], hw: tuple[int, int], n_images: int
    ) -> None:
        self.outputs: dict[torch.nn.Module, list[object]] = {}
        self.inputs: dict[torch.nn.Module, object] = {}
        self.order: dict[torch.nn.Module, int] = {}
        self.failure: Exception | None = None
        handles = [part.register_forward_hook(self._note) for part in parts]
        device = next((weight.device for weight in network.parameters()), torch.device("cpu"))
        try:
            # Without the network's own hooks, so that no meter counts. A network that fails on another frame, by whatever
            # error, may have reached the layer before.
            with torch.no_grad():
                network.forward(torch.zeros((n_images, 3, *hw), device=device))
        except Exception as error:
            self.failure = error
        finally:
            for handle in handles:
                handle.remove()

    def _note(self, part: torch.nn.Module, inputs: tuple[object, ...], output: object) -> None:
        self.outputs.setdefault(part, []).append(output)
        self.inputs[part] = inputs[0] if inputs else None
        self.order[part] = len(self.order)

    def only_shape(self, part: torch.nn.Module) -> tuple[int, ...] | None:
        """Return the shape of the features that the module returned once; None for anything else."""
        match self.outputs.get(part):
            case [output] if isinstance(features := features_of(output), torch.Tensor):
                return tuple(features.shape)
            case _:
                return None

    def giver(self, part: torch.nn.Module) -> torch.nn.Module | None:
        """Return the module whose output, unchanged, is this one's input; the innermost if there are several."""
        given = self.inputs.get(part)
        for other, outputs in self.outputs.items():
            if other is not part and any(output is given for output in outputs):
                return other
        return None


def _other_frames(model_hw: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return a frame of another height, and one of another width."""
    height, width = model_hw
    if min(model_hw) >= _SMALLEST_HALVED:
        return (height // 2, width), (height, width // 2)
    return (2 * height, width), (height, 2 * width)


def _by_frames(shapes: Sequence[tuple[int, ...] | None]) -> LayerGrid | None:
    """Return the axes that follow height alone and width alone; None unless there is exactly one of each."""
    own, taller, wider = (shape or () for shape in shapes)
    if len(own) != 4 or len(taller) != 4 or len(wider) != 4 or not own[0] == taller[0] == wider[0]:
        return None
    with_height = {axis for axis in (1, 2, 3) if taller[axis] != own[axis]}
    with_width = {axis for axis in (1, 2, 3) if wider[axis] != own[axis]}
    if len(with_height) != 1 or len(with_width) != 1 or with_height == with_width:
        return None
    [rows], [columns] = with_height, with_width
    return _grid(rows, columns, own)


def _follows(shapes: Sequence[tuple[int, ...] | None]) -> bool:
    """Return True if another frame changed the shape of the features; then classes and halves are not tried."""
    own, *others = (shape or () for shape in shapes)
    return any(other and other != own for other in others)


def _grid(rows: int, columns: int, shape: Sequence[int]) -> LayerGrid:
    return LayerGrid(rows, columns, 6 - rows - columns, (shape[rows], shape[columns]))


def _by_class(layer: torch.nn.Module, own: _Seen) -> LayerGrid | None:
    """Return the axes by the layer's class, or by the class of the layer that hands it its input."""
    shape = own.only_shape(layer)
    if shape is None or len(shape) != 4:
        return None
    kinds = {f"{kind.__module__}.{kind.__name__}" for kind in type(layer).__mro__}
    grid = None
    if isinstance(layer, _CHANNELS_FIRST) or kinds & _BLOCKS_CHANNELS_FIRST:
        grid = _grid(2, 3, shape)
    elif kinds & _BLOCKS_CHANNELS_LAST:
        grid = _grid(1, 2, shape)
    elif type(layer) in _PASSES_AXES_ON and (giver := own.giver(layer)) is not None:
        before = _by_class(giver, own)
        grid = before and _grid(before.rows, before.columns, shape)
    # Frames are square: a grid that is not, such as one of tokens in a column, is no picture of them.
    return grid if grid is not None and grid.hw[0] == grid.hw[1] else None
