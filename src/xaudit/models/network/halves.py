"""The axes of a layer's features, told by the half of an image that changes."""

from collections.abc import Sequence

import torch

from xaudit.models.network.token_layer import features_of

_CLEAR = 0.3
"""Least share of the change that must move with the changed half of the image along an axis of rows or columns."""
_FAINT = 0.25
"""Most that may move along any other axis, as a share of that."""


def axes_by_halves(
    network: torch.nn.Module, layer: torch.nn.Module, model_hw: tuple[int, int]
) -> tuple[int, int] | None:
    """Return the axes of rows and columns, along which the features change in the same half as the image does.

    None where the features of several images do not lie beside each other, or no axes move clearly.
    """
    device = next((weight.device for weight in network.parameters()), torch.device("cpu"))
    image, other = torch.randn((2, 3, *model_hw), generator=torch.Generator().manual_seed(0)).to(device)
    images = image.repeat(5, 1, 1, 1)
    middle_row, middle_column = model_hw[0] // 2, model_hw[1] // 2
    images[1, :, :middle_row], images[2, :, middle_row:] = other[:, :middle_row], other[:, middle_row:]
    images[3, :, :, :middle_column], images[4, :, :, middle_column:] = (
        other[:, :, :middle_column],
        other[:, :, middle_column:],
    )
    kept: list[torch.Tensor] = []
    handle = layer.register_forward_hook(
        lambda _part, _inputs, output: kept.append(features_of(output).detach().clone())  # type: ignore[attr-defined]
    )
    try:
        with torch.no_grad():
            network.forward(images)
    finally:
        handle.remove()
    features = kept[0].double()
    if len(features) != 5:
        return None
    top, bottom, left, right = (features[1:] - features[0]).abs()
    with_rows, with_columns = _moves(top, bottom), _moves(left, right)
    rows, columns = _clear_axis(with_rows), _clear_axis(with_columns)
    shape = tuple(features.shape)
    if rows is None or columns is None or rows == columns:
        return _by_square(shape, with_rows, with_columns)
    return rows, columns


def _by_square(
    shape: Sequence[int], with_rows: Sequence[float], with_columns: Sequence[float]
) -> tuple[int, int] | None:
    """Return the two axes of equal length, if every change moves along both of them and not along the third.

    This happens if a network reads only one corner of its frame: a change of a half moves along rows and columns
    alike. The frame is square, and so is the grid. Attention between tokens moves along neither if columns change.
    """
    pairs = [pair for pair in ((1, 2), (2, 3)) if shape[pair[0]] == shape[pair[1]] != shape[6 - sum(pair)]]
    if len(pairs) != 1:
        return None
    [(rows, columns)] = pairs
    along = [moved[axis - 1] for moved in (with_rows, with_columns) for axis in (rows, columns)]
    across = [moved[5 - rows - columns] for moved in (with_rows, with_columns)]
    if min(along) < _CLEAR or max(across) > _FAINT * min(along):
        return None
    return rows, columns


def _moves(first: torch.Tensor, last: torch.Tensor) -> list[float]:
    """Return, for each of three axes, how much more of the first change than of the last lies in its first half; -1 to 1."""
    moved = []
    for axis in range(3):
        half = first.shape[axis] // 2
        shares = [
            float(change.narrow(axis, 0, half).sum() / change.sum()) if half and change.sum() > 0 else 0.5
            for change in (first, last)
        ]
        moved.append(shares[0] - shares[1])
    return moved


def _clear_axis(moved: Sequence[float]) -> int | None:
    """Return the axis, 1 to 3, along which a change moves clearly and along no other; else None."""
    axis = max(range(3), key=lambda index: moved[index])
    others = [abs(value) for index, value in enumerate(moved) if index != axis]
    if moved[axis] < _CLEAR or max(others) > _FAINT * moved[axis]:
        return None
    return axis + 1
