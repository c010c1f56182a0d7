"""Rasterisation of closed outlines, row by row, at a cost that grows with their length and the rows they cross.

Testing every pixel against every line takes minutes for an outline of many points. Here each line is intersected once
with each row of pixels that it crosses, and toggles the row from the first column behind the crossing. Along the row, a
pixel is inside if an odd number of lines has toggled it. Crossings are rounded, so a pixel whose centre a line all but
goes through is tested on its own, in the arithmetic that defines the answer.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xaudit.records import BoolArray, FloatArray, IntArray

_AT_ONCE = 1 << 14
"""Crossings per chunk: few enough that their numbers stay in the processor's cache."""

_ROUNDED_PX = 1e-6
"""Far more than rounding moves a crossing on the largest image that is read."""

_ON_CORNER_PX = 1e-12
"""A corner this near to a pixel's centre holds that pixel, whatever the parities say, as in scikit-image."""


def length_px(points: FloatArray) -> float:
    """Return the number of rows or columns that the outline's lines cross, for each line whichever are more.

    This is the cost of drawing the outline.

    Args:
        points: (N, 2), in pixels.

    Example:
        >>> length_px(np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 20.0]]))
        50.0
    """
    return float(np.abs(points - np.roll(points, 1, axis=0)).max(axis=1).sum())


def within_outline(corners: FloatArray, shape: tuple[int, int]) -> BoolArray:
    """Return the pixels whose centres lie within an outline by the even-odd rule, or on it.

    Equals ``skimage.draw.polygon2mask`` to the last bit of its arithmetic.

    Args:
        corners: (N, 2), row and column; a pixel's centre lies at whole numbers, and corners may lie off the image.
        shape: (H, W) of the image, at most a hundred million pixels along a side.

    Example:
        >>> within_outline(np.array([[0.0, 0.5], [0.0, 2.5], [2.5, 0.5]]), (3, 4)).astype(int).tolist()
        [[0, 1, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    """
    inside = np.zeros(shape, dtype=bool)
    a = corners.astype(np.float64)
    b = np.roll(a, 1, axis=0)
    top, left = np.maximum(np.floor(a.min(axis=0)), 0).astype(int).tolist()
    bottom, right = np.minimum(np.ceil(a.max(axis=0)) + 1, shape).astype(int).tolist()
    if top >= bottom or left >= right:
        return inside
    box = (bottom - top, right - left + 1)
    toggled, right_parity, left_parity = (np.zeros(box, dtype=np.uint8) for _ in range(3))

    def toggle_near(line: IntArray, row: FloatArray, at: FloatArray) -> None:
        """Toggle rows at crossings that may touch a pixel's centre, in the arithmetic of scikit-image."""
        column = np.rint(at)
        near = np.abs(at - column) < _ROUNDED_PX
        (y0, x0), (y1, x1) = (end[line].T - (row, column) for end in (a, b))
        # Two parities, as there: of lines to the right of a pixel and to its left. They differ only for a pixel on
        # the outline, so a pixel of which either is odd lies inside or on it.
        for parity, crosses, turns in (
            (right_parity, (y0 > 0) != (y1 > 0), np.greater),
            (left_parity, (y0 < 0) != (y1 < 0), np.greater_equal),
        ):
            side = (x0 * y1 - x1 * y0)[crosses] / (y1 - y0)[crosses]
            first = np.where(near[crosses], column[crosses] + turns(side, 0), np.ceil(at[crosses]))
            _toggle(parity, row[crosses] - top, first - left)

    least, most = np.minimum(a[:, 0], b[:, 0]), np.maximum(a[:, 0], b[:, 0])
    between = _clipped(np.floor(least) + 1, top, bottom), _clipped(np.ceil(most), top, bottom)
    for crossings in _crossings(a, b, between):
        unsure = np.abs(crossings.at - np.rint(crossings.at)) < _ROUNDED_PX
        if unsure.any():
            toggle_near(
                crossings.lines(unsure), crossings.row[unsure].astype(np.float64), crossings.at[unsure]
            )
            _toggle(toggled, crossings.row[~unsure] - top, np.ceil(crossings.at[~unsure]) - left)
        else:
            _toggle(toggled, crossings.row - top, np.ceil(crossings.at) - left)
    for end in (a, b):  # the crossings above leave out the rows on which a line ends
        (on_row,) = np.nonzero((end[:, 0] == np.rint(end[:, 0])) & (end[:, 0] >= top) & (end[:, 0] < bottom))
        toggle_near(on_row, end[on_row, 0], end[on_row, 1])
    for parity in (right_parity, left_parity):
        parity += toggled
        inside[top:bottom, left:right] |= _odd(parity)
    _fill_corners(inside, a)
    return inside


def _fill_corners(inside: BoolArray, corners: FloatArray) -> None:
    """Fill each pixel whose centre is within 1e-12 of a corner, whatever the parities say, as scikit-image does."""
    near = np.rint(corners)
    at_corner = (np.abs(corners - near) < _ON_CORNER_PX).all(axis=1)
    rows, columns = near[at_corner & ((near >= 0) & (near < inside.shape)).all(axis=1)].astype(int).T
    inside[rows, columns] = True


def within_outlines(outlines: Sequence[FloatArray], shape: tuple[int, int]) -> BoolArray:
    """Return the pixels whose centres lie within several outlines together, by the even-odd rule.

    Args:
        outlines: (N, 2) each, x and y between pixel edges.
        shape: (H, W) of the image.
    """
    toggled = np.zeros((shape[0], shape[1] + 1), dtype=np.uint8)
    for a in outlines:
        b = np.roll(a, -1, axis=0)
        rows = [
            _clipped(np.ceil(end(a[:, 1], b[:, 1]) - 0.5), 0, shape[0]) for end in (np.minimum, np.maximum)
        ]
        for crossings in _crossings(a[:, ::-1] - 0.5, b[:, ::-1] - 0.5, (rows[0], rows[1])):
            first = np.ceil(crossings.at)
            unsure = np.abs(crossings.at - np.rint(crossings.at)) < _ROUNDED_PX
            if unsure.any():
                line = crossings.lines(unsure)
                (x0, y0), (x1, y1) = a[line].T, b[line].T
                first[unsure] = np.ceil(x0 + (crossings.row[unsure] + 0.5 - y0) / (y1 - y0) * (x1 - x0) - 0.5)
            _toggle(toggled, crossings.row, first)
    return _odd(toggled)


def on_outlines(outlines: Sequence[FloatArray], shape: tuple[int, int], reach: float) -> BoolArray:
    """Return the pixels whose centres lie within ``reach`` of an outline.

    Args:
        outlines: (N, 2) each, x and y between pixel edges.
        shape: (H, W) of the image.
        reach: in pixels, at most a tenth.
    """
    on = np.zeros(shape, dtype=bool)
    for points in outlines:
        after = np.roll(points, -1, axis=0)
        steep = np.abs(after - points).argmax(axis=1) == 1
        # Along the axis that a line runs along more, at most one pixel of each step can be so near.
        for turned, lines in ((on, steep), (on.T, ~steep)):
            swap = slice(None, None, -1 if turned is on else 1)
            a, b = points[lines][:, swap], after[lines][:, swap]
            size = turned.shape[0]
            first = _clipped(np.ceil(np.minimum(a, b)[:, 0] - reach - 0.5), 0, size)
            last = _clipped(np.floor(np.maximum(a, b)[:, 0] + reach - 0.5) + 1, 0, size)
            for crossings in _crossings(a - 0.5, b - 0.5, (first, last)):
                column = np.rint(crossings.at)
                near = np.abs(column - crossings.at) <= 3 * reach
                near &= (column >= 0) & (column < turned.shape[1])
                if near.any():
                    line, row, column = (
                        crossings.lines(near),
                        crossings.row[near],
                        column[near].astype(np.int64),
                    )
                    close = _distance(row + 0.5, column + 0.5, a[line], b[line]) <= reach
                    turned[row[close], column[close]] = True
    return on


class _Crossings(NamedTuple):
    """Some of the crossings of lines with rows of pixels.

    Attributes:
        row: (N,) the row of each crossing.
        at: (N,) its column, rounded; rows beyond a line's ends use the line carried on.
        begin: number of the first of these crossings among all.
        ends: number of the crossing after each line's last one.
    """

    row: IntArray
    at: FloatArray
    begin: int
    ends: IntArray

    def lines(self, chosen: BoolArray) -> IntArray:
        """Return the line of each chosen crossing."""
        lines: IntArray = np.searchsorted(self.ends, self.begin + np.flatnonzero(chosen), side="right")
        return lines


def _crossings(a: FloatArray, b: FloatArray, rows: tuple[IntArray, IntArray]) -> Iterator[_Crossings]:
    """Yield, in chunks, the crossings of lines from a to b, (N, 2) of row and column, with the rows ``first`` to ``last`` - 1."""
    first, last = rows
    run = b[:, 0] - a[:, 0]
    with np.errstate(over="ignore"):
        slope = np.divide(b[:, 1] - a[:, 1], run, out=np.zeros(len(run)), where=run != 0)
    slope[np.isinf(slope)] = 0  # level but for the smallest of numbers: no row lies between its ends
    at_first = a[:, 1] + (first - a[:, 0]) * slope
    n_rows = np.maximum(last - first, 0)
    ends = np.cumsum(n_rows)
    starts = ends - n_rows
    total = int(ends[-1]) if ends.size else 0
    for begin in range(0, total, _AT_ONCE):
        stop = min(begin + _AT_ONCE, total)
        low, high = np.searchsorted(ends, [begin, stop - 1], side="right")
        some = slice(int(low), int(high) + 1)
        n_here = np.minimum(ends[some], stop) - np.maximum(starts[some], begin)
        # Counted from a line's first row: a line that is almost level has a slope that must meet no large number.
        step = np.arange(begin, stop) - np.repeat(starts[some], n_here)
        at = step * np.repeat(slope[some], n_here)
        at += np.repeat(at_first[some], n_here)
        step += np.repeat(first[some], n_here)
        yield _Crossings(step, at, begin, ends)


def _distance(row: FloatArray, column: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the distance of each point to the line from a to b, its ends included."""
    (y0, x0), (dy, dx) = a.T, (b - a).T
    squared = dx * dx + dy * dy
    share = np.divide(
        (column - x0) * dx + (row - y0) * dy, squared, out=np.zeros(len(squared)), where=squared != 0
    )
    along = np.clip(share, 0, 1)
    return np.asarray(np.hypot(column - x0 - along * dx, row - y0 - along * dy))


def _toggle(toggled: NDArray[np.uint8], row: IntArray | FloatArray, column: FloatArray) -> None:
    width = toggled.shape[1]
    position = row * float(width)
    position += np.clip(column, 0, width - 1)
    np.add.at(toggled.reshape(-1), position.astype(np.int64), np.uint8(1))


def _odd(toggled: NDArray[np.uint8]) -> BoolArray:
    """Mark the pixels that an odd number of lines toggled, counted along each row; the last column is left out."""
    toggled &= 1
    odd = np.bitwise_xor.accumulate(toggled[:, :-1], axis=1, out=toggled[:, :-1])
    return odd.view(bool)


def _clipped(rows: FloatArray, low: int, high: int) -> IntArray:
    return np.clip(rows, low, high).astype(np.int64)
