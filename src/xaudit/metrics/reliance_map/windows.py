"""Square windows that cover a frame, evenly spaced and overlapping."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from xaudit.records import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class WindowGrid:
    """The windows of one scale on one frame, in pixels.

    Attributes:
        height: of each window.
        width: of each window.
        tops: first rows, rising; the last window ends at the frame's lower edge.
        lefts: first columns, rising.
    """

    frame_hw: tuple[int, int]
    height: int
    width: int
    tops: tuple[int, ...]
    lefts: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of windows."""
        return len(self.tops), len(self.lefts)

    @property
    def n_windows(self) -> int:
        """Number of windows."""
        return len(self.tops) * len(self.lefts)

    def boxes(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield each window as (top, left, bottom, right), row by row; bottom and right lie outside it."""
        for top in self.tops:
            for left in self.lefts:
                yield top, left, top + self.height, left + self.width

    def shares(self, part: BoolArray) -> FloatArray:
        """Return the share of each window that a part covers, (rows, columns) float32.

        Args:
            part: (H, W) of the frame.
        """
        sums = np.zeros((part.shape[0] + 1, part.shape[1] + 1), dtype=np.int64)
        sums[1:, 1:] = part.astype(np.int64).cumsum(0).cumsum(1)
        tops, lefts = np.array(self.tops)[:, None], np.array(self.lefts)[None, :]
        bottoms, rights = tops + self.height, lefts + self.width
        inside = sums[bottoms, rights] - sums[tops, rights] - sums[bottoms, lefts] + sums[tops, lefts]
        shares: FloatArray = (inside / (self.height * self.width)).astype(np.float32)
        return shares

    def spread(self, values: FloatArray) -> FloatArray:
        """Return, for each pixel, the mean value of the windows that cover it; (H, W) float64.

        Args:
            values: (rows, columns); windows without a value are NaN and left out. A pixel without any value is 0.
        """
        down, across = self._covered()
        known = ~np.isnan(values)
        total = down.T @ np.where(known, values, 0.0) @ across
        count = down.T @ known.astype(np.float64) @ across
        return np.divide(total, count, out=np.zeros(self.frame_hw), where=count > 0)

    def _covered(self) -> tuple[FloatArray, FloatArray]:
        """Return 1 for the rows that each row of windows covers, and for the columns of each column; else 0."""
        pairs = ((self.tops, self.height, self.frame_hw[0]), (self.lefts, self.width, self.frame_hw[1]))
        down, across = (
            np.array(
                [(np.arange(side) >= start) & (np.arange(side) < start + size) for start in starts], float
            )
            for starts, size, side in pairs
        )
        return down, across


def window_grid(frame_hw: tuple[int, int], scale: float, stride: float) -> WindowGrid:
    """Return the windows of a scale: as far apart as ``stride`` says or a little closer, from edge to edge.

    Args:
        frame_hw: (H, W) in pixels.
        scale: side of a window as a share of the frame's side, above 0 and at most 1.
        stride: distance between neighbours as a share of a window's side, above 0 and at most 1.

    Example:
        >>> window_grid((128, 128), 0.25, 1.0).tops
        (0, 32, 64, 96)
        >>> window_grid((128, 100), 0.25, 0.5).shape
        (7, 7)
    """
    (height, tops), (width, lefts) = (_axis(side, scale, stride) for side in frame_hw)
    return WindowGrid(frame_hw, height, width, tops, lefts)


def _axis(side: int, scale: float, stride: float) -> tuple[int, tuple[int, ...]]:
    size = min(side, max(1, round(scale * side)))
    n = 1 + math.ceil((side - size) / (stride * size) - 1e-9)
    return size, tuple(dict.fromkeys(round(start) for start in np.linspace(0, side - size, n).tolist()))
