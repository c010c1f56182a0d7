"""The in-fill ``noise`` for many windows: the system of neighbours, solved along each axis.

The neighbours' weights are those of ``K ⊗ K`` with K = (1, 2, 1) along each axis, without the pixel itself. With the
diagonal matrix S of K's row sums inside the frame, the system is ``S ⊗ S - K ⊗ K``, and the eigenvectors of K v = λ S v
along each axis solve it: the share of a pair of them is divided by 1 - λ λ'.
"""

from functools import lru_cache
from typing import Final

import numpy as np
from scipy.linalg import eigh

from xaudit.perturb.infill import NOISE_SHARE
from xaudit.perturb.window_blocks import Windows, along_axes, outer
from xaudit.records import FloatArray, IntArray

_CACHED: Final = 256


def fill_windows_with_noise(
    pixels: FloatArray, windows: Windows, generator: np.random.Generator
) -> FloatArray:
    """``noise``: see :func:`xaudit.perturb.infill.fill_with_noise`; (n, height, 3, width)."""
    n, size = len(windows.tops), (windows.height, windows.width)
    noise = generator.standard_normal((n, windows.height, 1, windows.width)) * NOISE_SHARE
    filled = noise * _kept_deviation(pixels, windows)[:, None, :, None]
    row_values, row_vectors = _modes(pixels.shape[0], windows.tops, size[0])
    column_values, column_vectors = _modes(pixels.shape[2], windows.lefts, size[1])
    right = along_axes(
        row_vectors.transpose(0, 2, 1), _from_neighbours(pixels, windows), column_vectors.transpose(0, 2, 1)
    )
    right /= 1 - outer(row_values, column_values)
    filled += along_axes(row_vectors, right, column_vectors)
    return filled.astype(pixels.dtype)


def _modes(side: int, starts: IntArray, length: int) -> tuple[FloatArray, FloatArray]:
    """The eigenvalues (n, length) and eigenvectors (n, length, length) of the windows along one axis."""
    modes = [_modes_of(length, bool(at == 0), bool(at + length == side)) for at in starts]
    return np.stack([values for values, _ in modes]), np.stack([vectors for _, vectors in modes])


@lru_cache(maxsize=_CACHED)
def _modes_of(length: int, at_start: bool, at_end: bool) -> tuple[FloatArray, FloatArray]:
    """Solve K v = λ S v for a window of ``length`` that lies at the frame's edges or not; v'S v = 1."""
    beside = np.ones(length - 1)
    weights = 2 * np.eye(length) + np.diag(beside, 1) + np.diag(beside, -1)
    sums = np.full(length, 4.0)
    sums[0] -= at_start
    sums[-1] -= at_end
    values, vectors = eigh(weights, np.diag(sums))
    return values, vectors


def _from_neighbours(pixels: FloatArray, windows: Windows) -> FloatArray:
    """Weighted sums of each window's known neighbours, the window itself taken as 0."""
    frame = np.pad(pixels, ((1, 1), (0, 0), (1, 1)))
    rows = windows.tops[:, None] + np.arange(windows.height + 2)
    columns = windows.lefts[:, None] + np.arange(windows.width + 2)
    block = frame[rows[:, :, None, None], np.arange(3)[:, None], columns[:, None, None, :]].astype(np.float64)
    block[:, 1:-1, :, 1:-1] = 0
    across = block[..., :-2] + 2 * block[..., 1:-1] + block[..., 2:]
    sums: FloatArray = across[:, :-2] + 2 * across[:, 1:-1] + across[:, 2:]
    return sums


def _kept_deviation(pixels: FloatArray, windows: Windows) -> FloatArray:
    """The standard deviation of what each window leaves, (n, 3), from sums over the pixels on its four sides.

    No sum holds a pixel of the window, so nothing cancels out and nothing in it can leave a trace.
    """
    height, _, width = pixels.shape
    tops, lefts = windows.tops, windows.lefts
    bottoms, rights = tops + windows.height, lefts + windows.width
    wide = pixels.astype(np.float64)
    moments = np.stack([wide, wide * wide], axis=1)
    of_rows = moments.sum(-1)
    above, below = _sums_before(of_rows), _sums_before(of_rows[::-1])
    sums = above[tops] + below[height - bottoms]
    columns = _sums_before(moments)
    band = np.moveaxis(columns[bottoms] - columns[tops], -1, 0)
    each = np.arange(len(tops))
    sums += _sums_before(band)[lefts, each] + _sums_before(band[::-1])[width - rights, each]
    sums /= height * width - windows.height * windows.width
    deviation: FloatArray = np.sqrt(np.maximum(sums[:, 1] - sums[:, 0] ** 2, 0))
    return deviation


def _sums_before(values: FloatArray) -> FloatArray:
    """The sums of the first 0, 1, 2 ... entries along the first axis."""
    sums = np.zeros((len(values) + 1, *values.shape[1:]))
    np.cumsum(values, axis=0, out=sums[1:])
    return sums
