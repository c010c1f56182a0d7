"""The crop and scale that carry one image onto another: Gauss-Newton on many pairs at once.

A placement is (scale of rows, shift of rows, scale of columns, shift of columns): the point at ``v`` of the second
image, as a share of its side from the middle, is the point at ``scale * v + shift`` of the first one. Brightness and
contrast are free. Source of the method: Lucas and Kanade 1981.
"""

import numpy as np

from xaudit.records import BoolArray, FloatArray

IDENTITY = (1.0, 0.0, 1.0, 0.0)
LEAST_OVERLAP = 0.7
"""Share of the second image that the first one must cover."""


def window_placement(window: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Return the placement that says: the second image is this crop of the first one.

    Example:
        >>> window_placement((0.0, 0.5, 0.0, 1.0))
        (0.5, -0.25, 1.0, 0.0)
    """
    top, bottom, left, right = window
    return bottom - top, (top + bottom) / 2 - 0.5, right - left, (left + right) / 2 - 0.5


def placed(first: FloatArray, placement: FloatArray) -> tuple[FloatArray, BoolArray, BoolArray]:
    """Return the first images, (m, s, s), in the frame of the second ones, and the rows and columns that they cover."""
    rows, covered_rows = _sampling(placement[:, 0], placement[:, 1], first.shape[-1])
    columns, covered_columns = _sampling(placement[:, 2], placement[:, 3], first.shape[-1])
    return rows @ first @ columns.swapaxes(1, 2), covered_rows, covered_columns


def align(
    first: FloatArray, second: FloatArray, placement: FloatArray, *, n_steps: int
) -> tuple[FloatArray, FloatArray]:
    """Return the best correlation of each pair over the overlap, (m,), and its placement, (m, 4).

    Args:
        first: (m, s, s), float32.
        second: the same.
        placement: where to start.
        n_steps: steps of the search.
    """
    best = np.full(len(first), -1.0)
    kept = placement.copy()
    current = placement.copy()
    for _ in range(n_steps):
        warped, rows, columns = placed(first, current)
        overlap = (rows[:, :, None] & columns[:, None, :]).astype(np.float32)
        score = _correlation(warped, second, overlap)
        score[overlap.mean(axis=(1, 2)) < LEAST_OVERLAP] = -1.0
        better = score > best
        best[better], kept[better] = score[better], current[better]
        current = current + _step(warped, second, overlap)
    return best, kept


def _step(warped: FloatArray, second: FloatArray, overlap: FloatArray) -> FloatArray:
    """Return the change of placement that the linearised difference of the images asks for, (m, 4)."""
    n, side, _ = warped.shape
    place = ((np.arange(side) + 0.5) / side - 0.5).astype(np.float32)
    down, across = np.gradient(warped, axis=(1, 2))
    columns = np.stack(
        [
            down * (side * place[:, None]),
            down * side,
            across * (side * place),
            across * side,
            warped,
            np.ones_like(warped),
        ],
        axis=1,
    ).reshape(n, 6, -1)
    weighted = columns * overlap.reshape(n, 1, -1)
    normal = (weighted @ columns.swapaxes(1, 2)).astype(np.float64)
    diagonal = np.einsum("nii->ni", normal)
    diagonal += 1e-6 * diagonal + 1e-9
    found = np.linalg.solve(normal, weighted @ second.reshape(n, -1, 1))[..., 0]
    gain = found[:, 4]
    usable = np.abs(gain) > 1e-3
    step = np.zeros((n, 4))
    step[usable] = found[usable, :4] / gain[usable, None]
    return np.clip(step, -0.05, 0.05)


def _sampling(scale: FloatArray, shift: FloatArray, side: int) -> tuple[FloatArray, BoolArray]:
    """Return matrices, (m, s, s), of linear interpolation along one axis, and the places that lie inside, (m, s)."""
    place = (np.arange(side) + 0.5) / side - 0.5
    at = (scale[:, None] * place + shift[:, None] + 0.5) * side - 0.5
    low = np.clip(np.floor(at).astype(np.int64), 0, side - 2)
    share = np.clip(at - low, 0, 1).astype(np.float32)
    matrix = np.zeros((len(scale), side, side), dtype=np.float32)
    pair, row = np.ogrid[: len(scale), :side]
    matrix[pair, row, low] = 1 - share
    matrix[pair, row, low + 1] = share
    return matrix, (at >= -0.01) & (at <= side - 0.99)


def _correlation(first: FloatArray, second: FloatArray, weight: FloatArray) -> FloatArray:
    total = np.maximum(weight.sum(axis=(1, 2), keepdims=True), 1)
    a = (first - (first * weight).sum(axis=(1, 2), keepdims=True) / total) * weight
    b = (second - (second * weight).sum(axis=(1, 2), keepdims=True) / total) * weight
    size = np.sqrt((a * a).sum(axis=(1, 2)) * (b * b).sum(axis=(1, 2)))
    both = (a * b).sum(axis=(1, 2))
    scores: FloatArray = np.divide(both, size, out=np.zeros_like(both), where=size > 0).astype(np.float64)
    return scores
