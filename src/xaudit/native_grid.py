"""The native grid of an explainer: the cells that it can tell apart, whatever the size of its maps.

Conventions of this file: everything lies in the model's frame, sizes are ``(height, width)``. A grid answers one
question: what would the explainer show of something that it knew perfectly? The truth is averaged over each cell, and
the cells are carried back to the frame in the way in which the explainer makes its maps.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from xaudit.records import FloatArray, IntArray


class NativeGrid(Protocol):
    """The cells in which an explainer's evidence is measured."""

    @property
    def cell_px(self) -> tuple[float, float]:
        """Height and width of one cell, in pixels of the model's frame."""
        ...

    def best_map(self, truth: FloatArray) -> FloatArray:
        """Return the map that the explainer would draw if it knew the truth.

        Args:
            truth: (h, w), 0 to 1: the share of each pixel that belongs to the object shown.

        Returns:
            (h, w), 0 to 1.
        """
        ...


@dataclass(frozen=True, eq=False)
class SeparableGrid:
    """A regular grid: rows and columns are averaged, and carried back, independently.

    Attributes:
        pool_rows: (cells, h), each row sums to 1.
        pool_cols: (cells, w), each row sums to 1.
        spread_rows: (h, cells), each row sums to 1.
        spread_cols: (w, cells), each row sums to 1.
    """

    pool_rows: FloatArray
    pool_cols: FloatArray
    spread_rows: FloatArray
    spread_cols: FloatArray
    cell_px: tuple[float, float]

    def best_map(self, truth: FloatArray) -> FloatArray:
        """See :meth:`NativeGrid.best_map`."""
        cells = self.pool_rows @ truth.astype(np.float64) @ self.pool_cols.T
        drawn: FloatArray = self.spread_rows @ cells @ self.spread_cols.T
        return drawn


@dataclass(frozen=True, eq=False)
class SegmentGrid:
    """A grid of superpixels: one value each, painted on all of their pixels.

    Attributes:
        segments: (h, w), labels 0 to n - 1, each present.
    """

    segments: IntArray

    @property
    def cell_px(self) -> tuple[float, float]:
        """The sides of a square of the mean superpixel's area."""
        side = float(np.sqrt(self.segments.size / (int(self.segments.max()) + 1)))
        return side, side

    def best_map(self, truth: FloatArray) -> FloatArray:
        """See :meth:`NativeGrid.best_map`."""
        labels = self.segments.reshape(-1)
        sums = np.bincount(labels, weights=truth.reshape(-1).astype(np.float64))
        drawn: FloatArray = (sums / np.bincount(labels))[self.segments]
        return drawn


def feature_grid(frame_hw: tuple[int, int], grid_hw: tuple[int, int]) -> SeparableGrid:
    """Return the grid of a layer's features, drawn by linear interpolation between the centres of its cells.

    Example:
        >>> grid = feature_grid((4, 4), (2, 2))
        >>> grid.cell_px, grid.best_map(np.eye(4))[0].tolist()
        ((2.0, 2.0), [0.5, 0.375, 0.125, 0.0])
    """
    (height, width), (rows, cols) = frame_hw, grid_hw
    return SeparableGrid(
        _averages(height, rows),
        _averages(width, cols),
        _interpolation(height, rows),
        _interpolation(width, cols),
        (height / rows, width / cols),
    )


def pixel_grid(frame_hw: tuple[int, int]) -> SeparableGrid:
    """Return the grid of the model's own pixels, which loses nothing beyond what the frame itself loses."""
    rows, cols = np.eye(frame_hw[0]), np.eye(frame_hw[1])
    return SeparableGrid(rows, cols, rows, cols, (1.0, 1.0))


def window_grid(
    frame_hw: tuple[int, int], window_px: tuple[int, int], stride_px: tuple[int, int]
) -> SeparableGrid:
    """Return the grid of windows that may overlap; a pixel shows the mean of the windows on it.

    The last window of a row or column is cut off at the frame's edge, as captum does.

    Example:
        >>> window_grid((1, 6), (1, 4), (1, 2)).best_map(np.array([[1.0, 1, 0, 0, 0, 0]])).round(3).tolist()
        [[0.5, 0.5, 0.25, 0.25, 0.0, 0.0]]
    """
    rows, cols = (
        _windows(side, window, stride)
        for side, window, stride in zip(frame_hw, window_px, stride_px, strict=True)
    )
    return SeparableGrid(
        _rows_to_one(rows),
        _rows_to_one(cols),
        _rows_to_one(rows.T),
        _rows_to_one(cols.T),
        (float(stride_px[0]), float(stride_px[1])),
    )


def tent_grid(frame_hw: tuple[int, int], cell_px: tuple[int, int]) -> SeparableGrid:
    """Return the grid of random masks: linear interpolation between cells of this size, at random shifts.

    Around every pixel, everything within one cell counts, falling off linearly, and the result is shown in the same way.
    On average over masks, random masks can tell no more.

    Example:
        >>> tent_grid((1, 5), (1, 2)).best_map(np.array([[0.0, 0, 1, 0, 0]])).round(2).tolist()
        [[0.08, 0.25, 0.38, 0.25, 0.08]]
    """
    rows, cols = (_tents(side, cell) for side, cell in zip(frame_hw, cell_px, strict=True))
    return SeparableGrid(rows, cols, rows, cols, (float(cell_px[0]), float(cell_px[1])))


def _tents(side: int, cell: int) -> FloatArray:
    """Return (side, side) weights; each row is a triangle around its pixel and sums to 1."""
    at = np.arange(side)
    return _rows_to_one(np.clip(1 - np.abs(at[:, None] - at[None]) / cell, 0, None))


def _windows(side: int, window: int, stride: int) -> FloatArray:
    """Return (windows, side) weights, 1 where a window covers a pixel."""
    n_windows = 1 + max(0, -(-(side - window) // stride))
    start = np.arange(n_windows)[:, None] * stride
    at = np.arange(side)[None]
    return ((at >= start) & (at < start + window)).astype(np.float64)


def _rows_to_one(weights: FloatArray) -> FloatArray:
    normed: FloatArray = weights / weights.sum(axis=1, keepdims=True)
    return normed


def _averages(side: int, n_cells: int) -> FloatArray:
    """Return (n_cells, side) weights: the share of each pixel in each cell's mean."""
    edges = np.arange(n_cells + 1) * (side / n_cells)
    at = np.arange(side)
    overlap = np.minimum(edges[1:, None], at + 1) - np.maximum(edges[:-1, None], at)
    return _rows_to_one(np.clip(overlap, 0, None))


def _interpolation(side: int, n_cells: int) -> FloatArray:
    """Return (side, n_cells) weights, linear between the cells' centres and constant beyond the outermost."""
    position = np.clip((np.arange(side) + 0.5) * (n_cells / side) - 0.5, 0, n_cells - 1)
    lower = np.minimum(np.floor(position).astype(int), max(n_cells - 2, 0))
    share = position - lower
    weights = np.zeros((side, n_cells))
    index = np.arange(side)
    weights[index, lower] = 1 - share
    if n_cells > 1:
        weights[index, lower + 1] += share
    return weights
