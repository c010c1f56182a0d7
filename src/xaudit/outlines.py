"""Which pixels lie within a closed outline, row by row, at a cost that grows with its length and the rows that it crosses.

Asking of every pixel on which side of every line it lies takes minutes for an outline of many points. Here each line is
met once in each row of pixels that it crosses: from which column on it has been passed. How many have been passed, odd or
even, is then counted along the row. Where a line is met is rounded, so a pixel whose centre it all but goes through is asked
by itself, in the arithmetic that defines the answer.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xaudit.records import BoolArray, FloatArray, IntArray

_AT_ONCE = 1 << 14
"""Meetings: few enough that their numbers stay in the processor's cache."""

_ROUNDED_PX = 1e-6
"""Far more than rounding moves a meeting on the largest image that is read."""

_ON_CORNER_PX = 1e-12


def length_px(points: FloatArray) -> float:
    """How many rows or columns of pixels the lines of an outline run through, of each line whichever are more.

    This is what drawing the outline costs.

    Args:
        points: (N, 2), in pixels.

    Example:
        >>> length_px(np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 20.0]]))
        50.0
    """
    return float(np.abs(points - np.roll(points, 1, axis=0)).max(axis=1).sum())


def within_outline(corners: FloatArray, shape: tuple[int, int]) -> BoolArray:
    """The pixels whose centres lie within an outline by the even-odd rule, or on it.

    The same pixels as those of ``skimage.draw.polygon2mask``, to the last bit of its arithmetic.

    Args:
        corners: (N, 2), row and column, in which a pixel's centre lies at whole numbers; they may leave the image.
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
    passed, to_the_right, to_the_left = (np.zeros(box, dtype=np.uint8) for _ in range(3))

    def ask(line: IntArray, row: FloatArray, at: FloatArray) -> None:
        """Counts lines that reach below a row for what they have to their left, those that reach above it for the right."""
        column = np.rint(at)
        near = np.abs(at - column) < _ROUNDED_PX
        (y0, x0), (y1, x1) = (end[line].T - (row, column) for end in (a, b))
        for counted, crosses, turns in (
            (to_the_right, (y0 > 0) != (y1 > 0), np.greater),
            (to_the_left, (y0 < 0) != (y1 < 0), np.greater_equal),
        ):
            side = (x0 * y1 - x1 * y0)[crosses] / (y1 - y0)[crosses]
            first = np.where(near[crosses], column[crosses] + turns(side, 0), np.ceil(at[crosses]))
            _toggle(counted, row[crosses] - top, first - left)

    least, most = np.minimum(a[:, 0], b[:, 0]), np.maximum(a[:, 0], b[:, 0])
    between = _clipped(np.floor(least) + 1, top, bottom), _clipped(np.ceil(most), top, bottom)
    for met in _meetings(a, b, between):
        unsure = np.abs(met.at - np.rint(met.at)) < _ROUNDED_PX
        if unsure.any():
            ask(met.lines(unsure), met.row[unsure].astype(np.float64), met.at[unsure])
            _toggle(passed, met.row[~unsure] - top, np.ceil(met.at[~unsure]) - left)
        else:
            _toggle(passed, met.row - top, np.ceil(met.at) - left)
    for end in (a, b):
        (on_row,) = np.nonzero((end[:, 0] == np.rint(end[:, 0])) & (end[:, 0] >= top) & (end[:, 0] < bottom))
        ask(on_row, end[on_row, 0], end[on_row, 1])
    for counted in (to_the_right, to_the_left):
        counted += passed
        inside[top:bottom, left:right] |= _odd(counted)
    near = np.rint(a)
    at_corner = (np.abs(a - near) < _ON_CORNER_PX).all(axis=1) & ((near >= 0) & (near < shape)).all(axis=1)
    rows, columns = near[at_corner].astype(int).T
    inside[rows, columns] = True
    return inside


def within_outlines(outlines: Sequence[FloatArray], shape: tuple[int, int]) -> BoolArray:
    """The pixels whose centres lie to the left of an odd number of the lines that cross their rows.

    Args:
        outlines: (N, 2) each, of x and y between pixel edges.
        shape: (H, W) of the image.
    """
    passed = np.zeros((shape[0], shape[1] + 1), dtype=np.uint8)
    for a in outlines:
        b = np.roll(a, -1, axis=0)
        rows = [
            _clipped(np.ceil(end(a[:, 1], b[:, 1]) - 0.5), 0, shape[0]) for end in (np.minimum, np.maximum)
        ]
        for met in _meetings(a[:, ::-1] - 0.5, b[:, ::-1] - 0.5, (rows[0], rows[1])):
            first = np.ceil(met.at)
            unsure = np.abs(met.at - np.rint(met.at)) < _ROUNDED_PX
            if unsure.any():
                line = met.lines(unsure)
                (x0, y0), (x1, y1) = a[line].T, b[line].T
                first[unsure] = np.ceil(x0 + (met.row[unsure] + 0.5 - y0) / (y1 - y0) * (x1 - x0) - 0.5)
            _toggle(passed, met.row, first)
    return _odd(passed)


def on_outlines(outlines: Sequence[FloatArray], shape: tuple[int, int], reach: float) -> BoolArray:
    """The pixels whose centres lie no further from an outline than a small part of a pixel.

    Args:
        outlines: (N, 2) each, of x and y between pixel edges.
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
            for met in _meetings(a - 0.5, b - 0.5, (first, last)):
                column = np.rint(met.at)
                near = np.abs(column - met.at) <= 3 * reach
                near &= (column >= 0) & (column < turned.shape[1])
                if near.any():
                    line, row, column = met.lines(near), met.row[near], column[near].astype(np.int64)
                    close = _distance(row + 0.5, column + 0.5, a[line], b[line]) <= reach
                    turned[row[close], column[close]] = True
    return on


class _Met(NamedTuple):
    """Rows in which lines are met, and where.

    Attributes:
        row: (N,).
        at: (N,) column, rounded; beyond a line's ends it is carried on.
        begin: the number of the first of them among all.
        ends: the number behind each line's last.
    """

    row: IntArray
    at: FloatArray
    begin: int
    ends: IntArray

    def lines(self, chosen: BoolArray) -> IntArray:
        """The lines of some of them."""
        found: IntArray = np.searchsorted(self.ends, self.begin + np.flatnonzero(chosen), side="right")
        return found


def _meetings(a: FloatArray, b: FloatArray, rows: tuple[IntArray, IntArray]) -> Iterator[_Met]:
    """Where lines from a to b, (N, 2) of row and column, are met in each row from a first to before a last."""
    first, last = rows
    run = b[:, 0] - a[:, 0]
    slope = np.divide(b[:, 1] - a[:, 1], run, out=np.zeros(len(run)), where=run != 0)
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
        yield _Met(step, at, begin, ends)


def _distance(row: FloatArray, column: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
    """From points to the lines from a to b, their ends included."""
    (y0, x0), (dy, dx) = a.T, (b - a).T
    squared = dx * dx + dy * dy
    share = np.divide(
        (column - x0) * dx + (row - y0) * dy, squared, out=np.zeros(len(squared)), where=squared != 0
    )
    along = np.clip(share, 0, 1)
    return np.asarray(np.hypot(column - x0 - along * dx, row - y0 - along * dy))


def _toggle(passed: NDArray[np.uint8], row: IntArray | FloatArray, column: FloatArray) -> None:
    width = passed.shape[1]
    place = row * float(width)
    place += np.clip(column, 0, width - 1)
    np.add.at(passed.reshape(-1), place.astype(np.int64), np.uint8(1))


def _odd(passed: NDArray[np.uint8]) -> BoolArray:
    """Where the number of lines passed, counted along each row, is odd; it is even behind the last column."""
    passed &= 1
    counted = np.bitwise_xor.accumulate(passed[:, :-1], axis=1, out=passed[:, :-1])
    return counted.view(bool)


def _clipped(rows: FloatArray, low: int, high: int) -> IntArray:
    return np.clip(rows, low, high).astype(np.int64)
