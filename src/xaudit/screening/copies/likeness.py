"""The likeness of two small copies after alignment, from coarse to fine."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from xaudit.records import FloatArray, Progress
from xaudit.screening.copies.alignment import align, placed, window_placement
from xaudit.screening.copies.candidates import WINDOWS, Candidates
from xaudit.screening.copies.orientation import oriented, oriented_window
from xaudit.screening.copies.small_copies import SIDE, ByteArray

LEAST_COARSE = 0.93
"""Correlation at 32 pixels from which a pair is aligned more finely."""

PER_IMAGE = 4
"""Pairs of an image that are aligned finely: those with the highest coarse correlation."""

_COARSE, _MIDDLE = 32, 64
_BATCH = {_COARSE: 256, _MIDDLE: 64, SIDE: 16}
_SMOOTH, _BROAD = 1.0, 4.0


@dataclass(frozen=True, slots=True)
class AlignedPair:
    """Two pictures after alignment.

    Attributes:
        first: position of the picture that is oriented and placed onto the other.
        second: position of the other picture.
        orientation: what is done to the first picture; see :mod:`xaudit.screening.copies.orientation`.
        placement: what is done to it then; see :mod:`xaudit.screening.copies.alignment`.
        likeness: correlation of the details of the two small copies, -1 to 1.
    """

    first: int
    second: int
    orientation: int
    placement: tuple[float, float, float, float]
    likeness: float


def aligned_pairs(
    pixels: ByteArray, found: Candidates, *, on_progress: Callable[[Progress], None]
) -> list[AlignedPair]:
    """Align all candidates coarsely and the best of them finely; each pair of pictures comes once."""
    starts = np.array(
        [
            window_placement(oriented_window(WINDOWS[window], orientation))
            for window, orientation in zip(found.window, found.orientation, strict=True)
        ]
    ).reshape(-1, 4)
    everything = np.arange(len(found.first))
    coarse, placements = _aligned(pixels, found, everything, starts, _COARSE, 6, on_progress)
    chosen = _best(found, coarse)
    _, placements = _aligned(pixels, found, chosen, placements[chosen], _MIDDLE, 5, on_progress)
    _, placements = _aligned(pixels, found, chosen, placements, SIDE, 3, on_progress)
    pairs = []
    for row, placement in zip(chosen, placements, strict=True):
        first, second, orientation = (
            int(found.first[row]),
            int(found.second[row]),
            int(found.orientation[row]),
        )
        a = oriented(pixels[first], orientation).astype(np.float32)
        likeness = detail_likeness(a, pixels[second].astype(np.float32), placement)
        pairs.append(AlignedPair(first, second, orientation, tuple(map(float, placement)), likeness))  # type: ignore[arg-type]
    return pairs


def detail_likeness(
    first: FloatArray, second: FloatArray, placement: FloatArray | tuple[float, float, float, float]
) -> float:
    """Correlation over the overlap of what is finer than 4 pixels and coarser than 1, of copies of SIDE pixels."""
    warped, rows, columns = placed(gaussian_filter(first, _SMOOTH)[None], np.asarray(placement)[None])
    inside = np.ix_(rows[0], columns[0])
    a, b = warped[0][inside], gaussian_filter(second, _SMOOTH)[inside]
    return correlation(a - gaussian_filter(a, _BROAD), b - gaussian_filter(b, _BROAD))


def correlation(first: FloatArray, second: FloatArray) -> float:
    """Pearson's correlation of two images, 0 if one of them is constant or empty."""
    if not first.size:
        return 0.0
    a = first.ravel() - first.mean(dtype=np.float64)
    b = second.ravel() - second.mean(dtype=np.float64)
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else 0.0


def _aligned(
    pixels: ByteArray,
    found: Candidates,
    rows: np.ndarray,
    starts: FloatArray,
    side: int,
    n_steps: int,
    on_progress: Callable[[Progress], None],
) -> tuple[FloatArray, FloatArray]:
    scores, placements = np.zeros(len(rows)), starts.copy()
    for start in range(0, len(rows), _BATCH[side]):
        on_progress(Progress("copies", start, len(rows), f"pairs aligned at {side} pixels"))
        part = slice(start, start + _BATCH[side])
        chosen = rows[part]
        first = np.stack(
            [
                oriented(pixels[a], int(o))
                for a, o in zip(found.first[chosen], found.orientation[chosen], strict=True)
            ]
        )
        second = pixels[found.second[chosen]]
        scores[part], placements[part] = align(
            _reduced(first, side), _reduced(second, side), starts[part], n_steps=n_steps
        )
    return scores, placements


def _reduced(pixels: ByteArray | FloatArray, side: int) -> FloatArray:
    step = SIDE // side
    values = pixels.astype(np.float32)
    if step > 1:
        values = values.reshape(len(values), side, step, side, step).mean(axis=(2, 4))
    smooth: FloatArray = gaussian_filter(values, (0, 0.7, 0.7))
    return smooth


def _best(found: Candidates, coarse: FloatArray) -> np.ndarray:
    """Return the rows to look at more closely: the best ones of each image, each pair of pictures once."""
    order = np.argsort(-coarse, kind="stable")
    n_kept: dict[int, int] = {}
    seen: set[tuple[int, int]] = set()
    chosen = []
    for row in order:
        if coarse[row] < LEAST_COARSE:
            break
        first, second = int(found.first[row]), int(found.second[row])
        pair = (min(first, second), max(first, second))
        if pair in seen or n_kept.get(second, 0) >= PER_IMAGE:
            continue
        seen.add(pair)
        n_kept[second] = n_kept.get(second, 0) + 1
        chosen.append(row)
    return np.array(chosen, dtype=np.int64)
