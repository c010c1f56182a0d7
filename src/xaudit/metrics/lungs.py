"""The lungs of one image, each by itself: as their masks name them, else by the shape of one mask of both."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.segmentation import watershed

from xaudit.records import BoolArray, FloatArray

LUNG_SHARE = 0.05
"""A connected piece of the lung mask is a lung of its own from this share of the largest piece on."""

WHOLE_LUNG_SHARE = 1 / 3
"""Below this share of the largest piece, the second one may be a fragment beside two lungs that touch."""

NECK = 0.7
"""Two parts of a piece are two lungs where it is narrower between them than this share of the slimmer one's width."""

LEAST_DEPTH = 0.25
"""A part is as wide as a lung from this share of the widest part on."""

TALL = 1.5
"""A piece without a neck is one lung where it is higher than wide by this factor; two lungs side by side are not."""

_TOUCHING = np.ones((3, 3), dtype=bool)
_LEVELS = 32
_COARSE = 128


@dataclass(frozen=True, slots=True, eq=False)
class Lungs:
    """The lungs of one image.

    Attributes:
        whole: (H, W), all of them.
        each: the two lungs, or the only one; empty where the mask does not show where one ends and the other begins.
    """

    whole: BoolArray
    each: tuple[BoolArray, ...]

    def moved(self, move: Callable[[BoolArray], BoolArray]) -> "Lungs":
        """The same lungs on another grid."""
        return Lungs(move(self.whole), tuple(move(lung) for lung in self.each))


def named_lungs(left: BoolArray, right: BoolArray) -> Lungs:
    """Lungs that their masks tell apart; one of the two may be empty."""
    return Lungs(left | right, tuple(lung for lung in (left, right) if lung.any()))


def lungs_by_shape(lungs: BoolArray) -> Lungs:
    """Tell the lungs of one mask apart, each fragment with the nearer one.

    Two large connected pieces are the two lungs. A single piece is divided where it is narrowest, if that is clearly
    narrower than the parts on either side, which lie beside each other. Without such a neck, a piece that is higher
    than wide is one lung, and of any other it is not clear whether it is one or two.

    Example:
        >>> both = np.zeros((20, 40), dtype=bool)
        >>> both[2:18, 2:24] = both[2:18, 26:38] = True
        >>> both[9:11, 24:26] = True
        >>> [int(lung.sum()) for lung in lungs_by_shape(both).each]
        [354, 194]
        >>> lungs_by_shape(np.ones((20, 40), dtype=bool)).each
        ()
    """
    pieces, _ = ndimage.label(lungs, structure=_TOUCHING)
    sizes = np.bincount(pieces.reshape(-1))[1:]
    if not sizes.size:
        return Lungs(lungs, ())
    largest = np.argsort(-sizes, kind="stable")[:2]
    first = pieces == largest[0] + 1
    second = float(sizes[largest[1]] / sizes[largest[0]]) if len(largest) == 2 else 0.0
    if second < WHOLE_LUNG_SHARE:
        halves = _halves(first)
        if halves is not None and min(int(half.sum()) for half in halves) > second * first.sum():
            return Lungs(lungs, _with_fragments(lungs, halves))
    if second >= LUNG_SHARE:
        return Lungs(lungs, _with_fragments(lungs, (first, pieces == largest[1] + 1)))
    rows, cols = np.flatnonzero(first.any(1)), np.flatnonzero(first.any(0))
    is_one = rows[-1] - rows[0] + 1 >= TALL * (cols[-1] - cols[0] + 1)
    return Lungs(lungs, (lungs,) if is_one else ())


def _with_fragments(lungs: BoolArray, cores: tuple[BoolArray, BoolArray]) -> tuple[BoolArray, BoolArray]:
    if not (lungs & ~cores[0] & ~cores[1]).any():
        return cores
    nearer = np.argmin([ndimage.distance_transform_edt(~core) for core in cores], axis=0)
    return lungs & (nearer == 0), lungs & (nearer == 1)


def _halves(piece: BoolArray) -> tuple[BoolArray, BoolArray] | None:
    """The two parts of a piece on either side of its neck; None where it has none."""
    rows, cols = np.flatnonzero(piece.any(1)), np.flatnonzero(piece.any(0))
    window = (slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1))
    inside = np.pad(piece[window], 1)
    depth = np.asarray(ndimage.distance_transform_edt(inside))
    seeds = _seeds(depth)
    if seeds is None:
        return None
    markers = np.zeros(inside.shape, dtype=np.int32)
    for number, (row, col) in enumerate(seeds, start=1):
        markers[row, col] = number
    flooded = watershed(-depth, markers, mask=inside)  # type: ignore[no-untyped-call]
    parts = np.asarray(flooded)[1:-1, 1:-1]
    halves = []
    for number in (1, 2):
        half = np.zeros_like(piece)
        half[window] = parts == number
        halves.append(half)
    smaller, larger = sorted(int(half.sum()) for half in halves)
    return (halves[0], halves[1]) if smaller >= LUNG_SHARE * larger else None


def _seeds(depth: FloatArray) -> list[tuple[int, int]] | None:
    """The deepest points of two parts that lie beside each other and part at the lowest level; None where none do."""
    step = max(1, max(depth.shape) // _COARSE)
    coarse = depth[::step, ::step]
    deepest = float(coarse.max())
    for level in np.linspace(0, NECK * deepest, _LEVELS)[1:]:
        parts, n_parts = ndimage.label(coarse > level, structure=_TOUCHING)
        if n_parts < 2:
            continue
        peaks = np.asarray(ndimage.maximum(coarse, parts, np.arange(1, n_parts + 1)))
        widest = np.argsort(-peaks, kind="stable")[:2]
        if peaks[widest[1]] < max(LEAST_DEPTH * deepest, level / NECK):
            continue
        centres = np.array(ndimage.center_of_mass(parts > 0, parts, widest + 1))
        down, across = np.abs(centres[0] - centres[1])
        if across > down:
            places = ndimage.maximum_position(coarse, parts, widest + 1)
            return [(int(row) * step, int(col) * step) for row, col in places]
    return None
