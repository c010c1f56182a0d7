"""Windows of one size, and the products along their rows and columns that in-fill many of them at once.

A rectangle is the outer product of its rows and columns, so what depends on its place alone comes apart into one small
matrix for each axis. Blocks of pixels are laid out ``(n, rows, 3, columns)``: either axis is then one product a window.
"""

from dataclasses import dataclass

from xaudit.records import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Windows of one size: their first rows and columns, (n,)."""

    tops: IntArray
    lefts: IntArray
    height: int
    width: int


def outer(rows: FloatArray, columns: FloatArray) -> FloatArray:
    """The outer product of each window, (n, rows, 1, columns) that broadcasts over channels."""
    product: FloatArray = rows[:, :, None, None] * columns[:, None, None, :]
    return product


def along_axes(rows: FloatArray, block: FloatArray, columns: FloatArray) -> FloatArray:
    """Multiply the rows of each window's block by one matrix, and its columns by another."""
    n, height, _, width = block.shape
    across = block.reshape(n, height * 3, width) @ columns.transpose(0, 2, 1)
    down: FloatArray = rows @ across.reshape(n, height, -1)
    return down.reshape(n, rows.shape[1], 3, columns.shape[1])
