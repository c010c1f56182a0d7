"""Pairs of images that may be copies: those whose coarse patterns are most alike.

The pattern of an image is its low spatial frequencies (discrete cosine transform, as in a perceptual hash), kept as
numbers instead of bits. Each image is compared with all others in eight orientations and several crops, in blocks, so
that memory grows with the number of images and not with its square.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.fft import dct

from xaudit.records import FloatArray, IntArray, Progress
from xaudit.screening.copies.orientation import ORIENTATIONS, oriented_frequencies
from xaudit.screening.copies.small_copies import SIDE, ByteArray

WINDOWS = (
    (0.0, 1.0, 0.0, 1.0),
    *((y, y + 0.95, x, x + 0.95) for y in (0.0, 0.025, 0.05) for x in (0.0, 0.025, 0.05)),
    (0.05, 0.95, 0.05, 0.95),
)
"""Crops that are tried: top, bottom, left, right as shares of the side."""

FREQUENCIES = 10
PER_IMAGE = 12
"""Candidates kept for each image: copies stand among the first five, behind neighbouring slices."""

LEAST_ALIKE = 0.85
"""Cosine of two patterns from which a pair is looked at; planted crops reach .90 and more."""

_GRID = 32
_BLOCK = 256


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Pairs to be looked at: picture ``second`` may be the crop ``window`` of picture ``first`` in an orientation.

    All arrays have one entry for each pair.
    """

    first: IntArray
    second: IntArray
    window: IntArray
    orientation: IntArray


def patterns(pixels: ByteArray, window: int) -> FloatArray:
    """Return the patterns of a crop of small copies, (n, FREQUENCIES, FREQUENCIES), each of length 1.

    Each frequency is multiplied by its own size, because the power of natural images falls with it. A picture of a
    single value has a pattern of zeros.
    """
    top, bottom, left, right = WINDOWS[window]
    basis = dct(np.eye(_GRID), axis=0, norm="ortho")[:FREQUENCIES]
    rows, columns = basis @ _means(top, bottom), basis @ _means(left, right)
    order = np.arange(FREQUENCIES)
    weight = np.hypot(order[:, None], order[None, :])
    found = np.empty((len(pixels), FREQUENCIES, FREQUENCIES), dtype=np.float32)
    for start in range(0, len(pixels), _BLOCK):
        block = pixels[start : start + _BLOCK].astype(np.float64)
        found[start : start + _BLOCK] = rows @ block @ columns.T * weight
    norm = np.linalg.norm(found, axis=(1, 2), keepdims=True)
    unit: FloatArray = np.divide(found, norm, out=np.zeros_like(found), where=norm > 0)
    return unit


def candidates(pixels: ByteArray, *, on_progress: Callable[[Progress], None]) -> Candidates:
    """Return the pairs of different pictures whose patterns are most alike."""
    n = len(pixels)
    whole = patterns(pixels, 0).reshape(n, -1)
    crops = [patterns(pixels, window) for window in range(len(WINDOWS))]
    parts = []
    for start in range(0, n, _BLOCK):
        on_progress(Progress("copies", start, n, "images compared"))
        parts.append(_nearest(whole[start : start + _BLOCK], start, crops))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Candidates(*columns)


def _nearest(
    block: FloatArray, start: int, crops: list[FloatArray]
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    n = len(crops[0])
    best = np.full((len(block), n), -1.0, dtype=np.float32)
    kind = np.zeros((len(block), n), dtype=np.uint8)
    for number, queries in _queries(crops):
        alike = block @ queries.T
        better = alike > best
        np.copyto(best, alike, where=better)
        kind[better] = number
    own = np.arange(len(block))
    best[own, own + start] = -1.0
    n_kept = min(PER_IMAGE, n)
    nearest = np.argpartition(-best, n_kept - 1, axis=1)[:, :n_kept]
    row = np.repeat(own, n_kept)
    column = nearest.ravel()
    kept = best[row, column] >= LEAST_ALIKE
    row, column = row[kept], column[kept]
    window, orientation = np.divmod(kind[row, column].astype(np.int64), len(ORIENTATIONS))
    return column.astype(np.int64), (row + start).astype(np.int64), window, orientation


def _queries(crops: list[FloatArray]) -> Iterator[tuple[int, FloatArray]]:
    for window, crop in enumerate(crops):
        for orientation in ORIENTATIONS:
            turned = oriented_frequencies(crop, orientation)
            yield (
                window * len(ORIENTATIONS) + orientation,
                np.ascontiguousarray(turned).reshape(len(crop), -1),
            )


def _means(low: float, high: float) -> FloatArray:
    """Return the matrix, (_GRID, SIDE), that averages the pixels from one share of the side to another."""
    edges = np.linspace(low, high, _GRID + 1) * SIDE
    pixel = np.arange(SIDE)
    overlap = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    overlap = np.clip(overlap, 0, None)
    shares: FloatArray = overlap / overlap.sum(axis=1, keepdims=True)
    return shares
