"""Maps of many images as small maps of the model's frame, and the distance by which their places differ."""

from functools import lru_cache

import numpy as np

from xaudit.metrics.absent import Absent
from xaudit.metrics.guard import positive_part
from xaudit.metrics.regions import BORDER_SHARE
from xaudit.metrics.reliance_map.frames import BACKGROUND, position_in_words
from xaudit.metrics.reliance_map.windows import window_grid
from xaudit.records import FloatArray, WindowEffects

SIDE = 16
"""Rows and columns of a small map."""

CELL = 1 / SIDE

RESOLUTION = CELL / 2**0.5
"""Distance of two points of :func:`place_coordinates` whose maps lie a cell apart."""

_QUANTILES = 16
_LEAST = 1e-9


def small_map(values: FloatArray) -> FloatArray | None:
    """Return the positive part of a map on :data:`SIDE` × :data:`SIDE` cells, summing to 1; None if it points nowhere.

    Args:
        values: (H, W).
    """
    positive = positive_part(values)
    if isinstance(positive, Absent):
        return None
    down, across = (_in_cells(side) for side in positive.shape)
    small: FloatArray = down @ (positive / positive.sum()) @ across.T
    small /= small.sum()
    return small


@lru_cache(maxsize=16)
def _in_cells(side: int) -> FloatArray:
    """Return the share of each pixel that lies in each cell along one axis, (cells, pixels)."""
    edges, cells = np.linspace(0, 1, side + 1), np.linspace(0, 1, SIDE + 1)
    overlap = np.minimum(edges[None, 1:], cells[1:, None]) - np.maximum(edges[None, :-1], cells[:-1, None])
    shares: FloatArray = np.maximum(overlap, 0) * side
    return shares


def strongest_window(values: FloatArray, effects: WindowEffects) -> int:
    """Return the number, row by row, of the window that holds most of a map's positive part; the first of equal ones.

    Args:
        values: (h, w), which covers the same frame as the windows.
        effects: of one scale.
    """
    grid = window_grid(effects.frame_hw, effects.scale, effects.stride)
    positive = np.maximum(np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0), 0)
    down = _in_windows(grid.tops, grid.height, (effects.frame_hw[0], values.shape[0]))
    across = _in_windows(grid.lefts, grid.width, (effects.frame_hw[1], values.shape[1]))
    return int(np.argmax(np.round(down @ positive @ across.T / positive.sum(), 9)))


@lru_cache(maxsize=16)
def _in_windows(starts: tuple[int, ...], size: int, sides: tuple[int, int]) -> FloatArray:
    """Return the share of each of the map's pixels that lies in each window along one axis.

    Args:
        sides: of the frame, and of the map.
    """
    edges = np.linspace(0, sides[0], sides[1] + 1)
    first = np.asarray(starts, dtype=np.float64)[:, None]
    overlap = np.minimum(edges[None, 1:], first + size) - np.maximum(edges[None, :-1], first)
    shares: FloatArray = np.maximum(overlap, 0) * (sides[1] / sides[0])
    return shares


def window_region(effects: WindowEffects, window: int) -> str:
    """Name the region of a window: the mark if it touches it, the border if it lies there and in no organ."""
    if effects.mark_share.ravel()[window] > 0:
        return "mark"
    name = effects.place[window]
    grid = window_grid(effects.frame_hw, effects.scale, effects.stride)
    box = list(grid.boxes())[window]
    inner = 1.0
    for low, high, side in ((box[0], box[2], effects.frame_hw[0]), (box[1], box[3], effects.frame_hw[1])):
        within = min(high / side, 1 - BORDER_SHARE) - max(low / side, BORDER_SHARE)
        inner *= max(within, 0) / ((high - low) / side)
    return "border" if inner < 0.5 and name in BACKGROUND else name


def place_coordinates(maps: FloatArray) -> FloatArray:
    """Return each small map as a point; the distance of two points is how far the mass of one lies from that of the other.

    It is the sliced Wasserstein distance along four directions: a map that is moved by a share of the frame moves by that
    share over the square root of 2.

    Args:
        maps: (n, SIDE, SIDE), each summing to 1.

    Source: Kolouri, Zou and Rohde 2016, sliced Wasserstein kernels for probability distributions.
    """
    centres = (np.arange(SIDE) + 0.5) / SIDE
    y, x = np.meshgrid(centres, centres, indexing="ij")
    wanted = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    flat = maps.reshape(len(maps), -1)
    parts = []
    for along in (x, y, (x + y) / np.sqrt(2), (x - y) / np.sqrt(2)):
        steps, places = np.unique(np.round(along.ravel(), 9), return_inverse=True)
        mass = flat @ np.eye(len(steps))[places] + _LEAST
        half = (steps[1] - steps[0]) / 2
        edges = np.concatenate([steps - half, steps[-1:] + half])
        reached = np.concatenate([np.zeros((len(maps), 1)), np.cumsum(mass, axis=1)], axis=1)
        reached /= reached[:, -1:]
        parts.append(np.stack([np.interp(wanted, own, edges) for own in reached]))
    points: FloatArray = np.concatenate(parts, axis=1) / np.sqrt(len(parts) * _QUANTILES)
    return points


def peak_in_words(small: FloatArray) -> str:
    """Name the place where a small map is largest.

    Example:
        >>> corner = np.zeros((SIDE, SIDE))
        >>> corner[0, -1] = 1
        >>> peak_in_words(corner)
        'upper right corner'
    """
    row, column = np.unravel_index(int(np.argmax(small)), small.shape)
    y, x = row * CELL, column * CELL
    return position_in_words((x, y, x + CELL, y + CELL))
