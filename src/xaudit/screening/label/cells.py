"""An image as a small grid of cells, which is all that the check keeps of it."""

from dataclasses import dataclass

import numpy as np

from xaudit.records import BoolArray, FloatArray

N_CELLS = 20
"""Cells along each side: the border ring of a tenth is two cells wide, and the central half ten."""

N_SMALL = 60
"""Side of the small grey picture of an image, for the mean images of each class."""

STATISTICS = ("mean", "spread", "edges", "colour")
"""Statistics of a cell: mean grey, its standard deviation, mean step between neighbours, mean range of the channels."""


@dataclass(frozen=True, slots=True, eq=False)
class ImageCells:
    """The cells of one image.

    Attributes:
        values: (N_CELLS, N_CELLS, len(STATISTICS)) of float32.
        small: (N_SMALL, N_SMALL), mean grey.
    """

    values: FloatArray
    small: FloatArray


def image_cells(pixels: FloatArray) -> ImageCells:
    """Return the cells of an image, (H, W) or (H, W, 3); a cell has the same share of every image, whatever its size."""
    colour = np.zeros((1, 1), dtype=np.float32)
    grey = pixels
    if pixels.ndim == 3:
        grey = pixels.mean(axis=2)
        colour = pixels.max(axis=2) - pixels.min(axis=2)
    grey = np.asarray(grey, dtype=np.float32)
    mean = area_means(grey, N_CELLS)
    squares = area_means(np.square(grey, dtype=np.float64), N_CELLS)
    spread = np.sqrt(np.maximum(squares - mean * mean, 0))
    steps = np.zeros(grey.shape, dtype=np.float32)
    steps[1:] += np.abs(np.diff(grey, axis=0))
    steps[:, 1:] += np.abs(np.diff(grey, axis=1))
    values = np.stack([mean, spread, area_means(steps, N_CELLS), area_means(colour, N_CELLS)], axis=2)
    return ImageCells(values.astype(np.float32), area_means(grey, N_SMALL).astype(np.float32))


def area_means(values: FloatArray, n: int) -> FloatArray:
    """Return the mean of each cell of an n × n grid; where a side has fewer than n pixels, pixels are repeated.

    Example:
        >>> area_means(np.arange(16.0).reshape(4, 4), 2)
        array([[ 2.5,  4.5],
               [10.5, 12.5]])
        >>> area_means(np.array([[0.0, 6.0]]), 4)[0]
        array([0., 0., 6., 6.])
    """
    means: FloatArray = np.asarray(values, dtype=np.float64)
    for axis in (0, 1):
        side = means.shape[axis]
        starts = np.arange(n) * side // n
        counts = np.maximum(np.diff(starts, append=side), 1)
        sums = np.add.reduceat(means, starts, axis=axis)
        means = sums / (counts[:, None] if axis == 0 else counts[None, :])
    return means


def hidden_share(mask: BoolArray) -> FloatArray:
    """Return the share of each cell that a mask covers, (N_CELLS, N_CELLS)."""
    return area_means(mask.astype(np.float64), N_CELLS)
