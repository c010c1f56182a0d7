"""The in-fill ``blur`` for many windows: the levels of the pull-push pyramid, round the windows alone."""

from dataclasses import dataclass

import numpy as np

from xaudit.perturb.infill import SWEEPS
from xaudit.perturb.window_blocks import Windows, along_axes, outer
from xaudit.records import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """The part of one level of the pyramid that hiding windows changes, along one axis.

    Attributes:
        places: (n, s) indices of the part's rows: those that are hidden in part, and one more on each side.
        hidden: (n, s) share of each row that is hidden.
        pull: (n, s of the next coarser level, s), the means of a block's rows; empty at the coarsest level.
        push: (n, s, s of the next coarser level), the linear interpolation back; empty at the coarsest level.
        beside: (n, s) how many of a row and its two neighbours lie in the frame.
    """

    places: IntArray
    hidden: FloatArray
    pull: FloatArray
    push: FloatArray
    beside: FloatArray


def fill_windows_smoothly(pixels: FloatArray, windows: Windows) -> FloatArray:
    """``blur``: see :func:`xaudit.perturb.infill.continue_smoothly`; (n, height, 3, width)."""
    height, _, width = pixels.shape
    n_levels = max(height - 1, width - 1).bit_length()
    rows = _levels(height, windows.tops, windows.height, n_levels)
    columns = _levels(width, windows.lefts, windows.width, n_levels)
    whole = _pyramid(pixels, n_levels)
    gone = outer(rows[0].hidden, columns[0].hidden) > 0
    parts = [np.where(gone, np.float32(0), _cut(whole[0], rows[0], columns[0]))]
    for level in range(n_levels):
        means = along_axes(rows[level].pull, parts[level], columns[level].pull)
        part = _cut(whole[level + 1], rows[level + 1], columns[level + 1])
        touched = outer(rows[level + 1].hidden, columns[level + 1].hidden) > 0
        parts.append(np.where(touched, means, part))
    filled: FloatArray = parts[-1] / (1 - outer(rows[-1].hidden, columns[-1].hidden))
    for level in reversed(range(n_levels)):
        hidden = outer(rows[level].hidden, columns[level].hidden)
        filled = along_axes(rows[level].push, filled, columns[level].push)
        filled *= hidden
        filled += parts[level]
        _smooth(filled, hidden, outer(rows[level].beside, columns[level].beside))
    inside = np.arange(len(filled))[:, None]
    own_rows = windows.tops[:, None] + np.arange(windows.height) - rows[0].places[:, :1]
    own_columns = windows.lefts[:, None] + np.arange(windows.width) - columns[0].places[:, :1]
    kept: FloatArray = filled[
        inside[..., None, None],
        own_rows[:, :, None, None],
        np.arange(3)[:, None],
        own_columns[:, None, None, :],
    ]
    return kept


def _levels(side: int, starts: IntArray, length: int, n_levels: int) -> list[_Level]:
    """Cut the pyramid's levels along one axis round windows that start at ``starts``."""
    rows, (starts, same) = np.arange(side), np.unique(starts, return_inverse=True)
    hidden = ((rows >= starts[:, None]) & (rows < starts[:, None] + length)).astype(np.float32)
    shares, places = [hidden], []
    for _ in range(n_levels):
        shares.append(_means_of_two(shares[-1]))
    for share in shares:
        first, last = (share > 0).argmax(1), share.shape[1] - 1 - (share[:, ::-1] > 0).argmax(1)
        size = min(int((last - first).max()) + 3, share.shape[1])
        at = np.clip(first - 1, 0, share.shape[1] - size)
        places.append(at[:, None] + np.arange(size))
    levels = []
    for level, (share, place) in enumerate(zip(shares, places, strict=True)):
        last_row = share.shape[1] - 1
        pull = push = np.zeros((len(place), 0, 0), dtype=np.float32)
        if level < n_levels:
            coarse = places[level + 1]
            pull = (place[:, None, :] // 2 == coarse[:, :, None]).astype(np.float32)
            pull /= np.where(2 * coarse + 1 > last_row, 1, 2)[:, :, None]
            push = _interpolation(place, coarse, share.shape[1], shares[level + 1].shape[1])
        beside = 1 + (place > 0) + (place < last_row).astype(np.float32)
        hidden = np.take_along_axis(share, place, 1)
        levels.append(_Level(place[same], hidden[same], pull[same], push[same], beside[same]))
    return levels


def _interpolation(fine: IntArray, coarse: IntArray, n_fine: int, n_coarse: int) -> FloatArray:
    """Linear between the centres of the coarse rows, as torch's ``interpolate`` without aligned corners."""
    source = np.maximum((fine + 0.5) * (n_coarse / n_fine) - 0.5, 0)
    below = source.astype(np.int64)
    above = np.minimum(below + 1, n_coarse - 1)
    share = (source - below)[:, :, None]
    at = coarse[:, None, :]
    weights: FloatArray = (at == below[:, :, None]) * (1 - share) + (at == above[:, :, None]) * share
    return weights.astype(np.float32)


def _pyramid(pixels: FloatArray, n_levels: int) -> list[FloatArray]:
    """Means over blocks of 1, 2, 4 ... rows and columns of the whole image; the last level is one block."""
    levels = [pixels]
    for _ in range(n_levels):
        columns = _means_of_two(levels[-1])
        levels.append(np.moveaxis(_means_of_two(np.moveaxis(columns, 0, -1)), -1, 0))
    return levels


def _means_of_two(values: FloatArray) -> FloatArray:
    """Means of neighbouring pairs along the last axis; an odd one at the end stays alone."""
    even = values.shape[-1] // 2 * 2
    pairs: FloatArray = (values[..., 0:even:2] + values[..., 1:even:2]) / np.float32(2)
    return pairs if even == values.shape[-1] else np.concatenate([pairs, values[..., even:]], axis=-1)


def _cut(level: FloatArray, rows: _Level, columns: _Level) -> FloatArray:
    part: FloatArray = level[
        rows.places[:, :, None, None], np.arange(3)[:, None], columns.places[:, None, None, :]
    ]
    return part


def _smooth(values: FloatArray, hidden: FloatArray, n_beside: FloatArray) -> None:
    """In place, several times: each pixel becomes the mean of its 3 × 3 surroundings as far as it is hidden."""
    kept, given = 1 - hidden, hidden / n_beside
    beside = np.zeros((len(values), values.shape[1] + 2, 3, values.shape[3] + 2), dtype=values.dtype)
    for _ in range(SWEEPS):
        beside[:, 1:-1, :, 1:-1] = values
        across = beside[..., :-2] + beside[..., 1:-1]
        across += beside[..., 2:]
        smooth = across[:, :-2] + across[:, 1:-1]
        smooth += across[:, 2:]
        smooth *= given
        values *= kept
        values += smooth
