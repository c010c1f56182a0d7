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
from xaudit.models.network.halves import axes_by_halves

_KNOWN = "xaudit_grids"
_SMALLEST_HALVED = 64

_FORWARD_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)

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

    def as_given(self, features: torch.Tensor) -> torch.Tensor:
        """Permute features of shape (N, C, h, w) to the layer's own order."""
        order = (0, self.channels, self.rows, self.columns)
        return features.permute(*(order.index(axis) for axis in range(4)))


def layer_grid(
    network: torch.nn.Module, layer: torch.nn.Module, *, subject: str, model_hw: tuple[int, int]
) -> LayerGrid:
    """Find the axes of a layer's features; costs a few forward passes the first time, which no meter counts.

    Args:
        network: in evaluation mode.
        layer: one of its modules.
        subject: name of the layer in errors.
        model_hw: the frame.

    Raises:
        ModelError: if the layer is not reached or runs more than once, its features lie on no grid, or nothing tells
            the axes apart.
    """
    # Kept on the layer, so that copies with other weights have the axes of the original.
    known: dict[tuple[int, int], LayerGrid] = getattr(layer, _KNOWN, {})
    if model_hw not in known:
        known = {**known, model_hw: _observed_grid(network, layer, subject, model_hw)}
        setattr(layer, _KNOWN, known)
    return known[model_hw]


def grids(network: torch.nn.Module, model_hw: tuple[int, int]) -> dict[str, LayerGrid]:
    """Return the grids of all modules whose axes a frame or a class tells, by name, in order of use."""
    named = {name: part for name, part in network.named_modules() if name}
    seen = [_Seen(network, list(named.values()), hw, 1) for hw in (model_hw, *_other_frames(model_hw))]
    known = {}
    for name, part in sorted(named.items(), key=lambda item: seen[0].order.get(item[1], 0)):
        shapes = [outputs.only_shape(part) for outputs in seen]
        if shapes[0] is None or len(shapes[0]) != 4:
            continue
        grid = _by_frames(shapes) or (None if _follows(shapes) else _by_class(part, seen[0]))
        if grid is not None:
            known[name] = grid
    return known


def _observed_grid(
    network: torch.nn.Module, layer: torch.nn.Module, subject: str, model_hw: tuple[int, int]
) -> LayerGrid:
    own = _Seen(network, list(network.modules()), model_hw, 2)
    _check_outputs(own.outputs.get(layer, []), subject)
    shape = own.only_shape(layer)
    assert shape is not None
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


def _check_outputs(outputs: Sequence[object], subject: str) -> None:
    hint = "give the option `layer` a convolutional block near the end of the network"
    if not outputs:
        raise ModelError(f"{subject} is not reached by an image", hint=hint)
    if len(outputs) > 1:
        raise ModelError(f"{subject} runs more than once per image", hint=hint)
    match outputs[0]:
        case torch.Tensor() as features if features.ndim == 4 and len(features) == 2:
            return
        case torch.Tensor() as features if features.ndim == 4:
            raise ModelError(
                f"{subject} gives shape {tuple(features.shape)} for 2 images: its first axis does not hold one image each",
                hint="give the option `layer` the whole block that holds it",
            )
        case torch.Tensor() as features if features.ndim == 3:
            raise ModelError(
                f"{subject} gives a list of tokens, shape {_described(features.shape)}, which no CAM method of this version can "
                "place in the image",
                hint="give the option `layer` a module before the tokens are made, such as the convolution of the patch "
                "embedding, or explain the model with lime, occlusion or integrated-gradients",
            )
        case other:
            what = _described(other.shape) if isinstance(other, torch.Tensor) else type(other).__name__
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
        handles = [part.register_forward_hook(self._note) for part in parts]
        device = next((weight.device for weight in network.parameters()), torch.device("cpu"))
        try:
            # Without the network's own hooks, so that no meter counts. A network that fails on another frame may have
            # reached the layer before.
            with torch.no_grad():
                network.forward(torch.zeros((n_images, 3, *hw), device=device))
        except _FORWARD_ERRORS:
            pass
        finally:
            for handle in handles:
                handle.remove()

    def _note(self, part: torch.nn.Module, inputs: tuple[object, ...], output: object) -> None:
        self.outputs.setdefault(part, []).append(output)
        self.inputs[part] = inputs[0] if inputs else None
        self.order[part] = len(self.order)

    def only_shape(self, part: torch.nn.Module) -> tuple[int, ...] | None:
        """Return the shape of the one tensor that the module returned; None for anything else."""
        match self.outputs.get(part):
            case [torch.Tensor() as features]:
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
