"""Where else did the map look: the image cut into disjoint parts, and the map's share in each.

The parts are those of :data:`xaudit.catalog.REGIONS`, in order of precedence: a pixel belongs to the first that
claims it. The mark comes first because lung masks made by threshold leave out much of a tumour at the wall.
"""

from collections.abc import Mapping

import numpy as np
from scipy import ndimage

from xaudit.metrics.absent import Absent
from xaudit.metrics.guard import positive_part
from xaudit.records import BoolArray, FloatArray

BORDER_SHARE = 0.1
"""How far the border reaches in from each edge, as a share of the side."""

LUNG_SHARE = 0.05
"""A connected piece of the lung mask is a lung of its own from this share of the largest piece on."""

MIDLINE_SHARE = 0.025
"""A mark outside both lungs whose distances to them differ by less than this share of the width is midline."""

_TOUCHING = np.ones((3, 3), dtype=bool)


def partition(
    mark: BoolArray,
    lungs: BoolArray | None,
    *,
    thorax: BoolArray | None = None,
    body: BoolArray | None = None,
    reach: BoolArray | None = None,
    with_border: bool = True,
) -> dict[str, BoolArray]:
    """The image as disjoint parts that cover it, named as in the catalog; parts without a pixel are left out.

    The side is decided by the lung that the mark overlaps, else by the nearer one, never by image side: a flipped
    image gives flipped parts. Where marks lie in both lungs, or on the midline between them, every lung counts as
    the same lung and there is no opposite one. Without lungs, or without a mark to give them sides, the lungs count
    to what they lie in: thorax, body or outside.

    Args:
        mark: (H, W), true inside the annotation; it decides the sides.
        lungs: (H, W), true inside either lung; None where unknown.
        thorax: (H, W), true inside the ribs; None where unknown, and then there is no part ``thorax``.
        body: (H, W), true inside the patient; where it is known, what is left is ``empty`` instead of ``outside``.
        reach: (H, W), the mark with its tolerance; None where there is none.
        with_border: false for anatomy alone, where the border goes to the parts beneath it.

    Raises:
        ValueError: if the shapes differ.
    """
    for name, mask in (("lungs", lungs), ("thorax", thorax), ("body", body), ("reach", reach)):
        if mask is not None and mask.shape != mark.shape:
            raise ValueError(f"mark of {mark.shape} and {name} of {mask.shape} do not match")
    everything = np.ones(mark.shape, dtype=bool)
    claims: list[tuple[str, BoolArray]] = [("mark", mark if reach is None else reach)]
    if lungs is not None and mark.any() and lungs.any():
        same, opposite = _sides(mark, lungs)
        claims += [("same-lung", same), ("opposite-lung", opposite)]
    if with_border:
        claims.append(("border", border_ring(mark.shape)))
    if thorax is not None:
        claims.append(("thorax", thorax))
    claims += [("outside", everything)] if body is None else [("body", body), ("empty", everything)]
    free = np.ones(mark.shape, dtype=bool)
    parts: dict[str, BoolArray] = {}
    for name, claim in claims:
        part = claim & free
        free &= ~part
        if part.any():
            parts[name] = part
    return parts


def border_ring(shape: tuple[int, ...]) -> BoolArray:
    """The outer tenth of each side, at least one pixel wide.

    Example:
        >>> border_ring((3, 4)).astype(int)
        array([[1, 1, 1, 1],
               [1, 0, 0, 1],
               [1, 1, 1, 1]])
    """
    rows, cols = (max(1, round(BORDER_SHARE * side)) for side in shape)
    ring = np.ones(shape, dtype=bool)
    ring[rows : shape[0] - rows, cols : shape[1] - cols] = False
    return ring


def region_masses(saliency: FloatArray, parts: Mapping[str, BoolArray]) -> Mapping[str, float] | Absent:
    """Each part's share of the positive saliency; over all parts 1.

    Args:
        saliency: (H, W), signed; negative values are set to zero.
        parts: disjoint, together covering the image.

    Raises:
        ValueError: if a part's shape is not the map's.
    """
    for name, part in parts.items():
        if part.shape != saliency.shape:
            raise ValueError(f"map of {saliency.shape} and region '{name}' of {part.shape} do not match")
    positive = positive_part(saliency)
    if isinstance(positive, Absent):
        return positive
    scaled = positive / positive.max()
    sums = {name: float(scaled[part].sum()) for name, part in parts.items()}
    total = sum(sums.values())
    return {name: value / total for name, value in sums.items()}


def _sides(mark: BoolArray, lungs: BoolArray) -> tuple[BoolArray, BoolArray]:
    """The lung of the mark and the other one; all of it and nothing where the mark belongs to both."""
    nothing = np.zeros_like(lungs)
    pair = _two_lungs(lungs)
    if pair is None:
        return lungs, nothing
    away = [ndimage.distance_transform_edt(~lung) for lung in pair]
    marks, n_marks = ndimage.label(mark, structure=_TOUCHING)
    index = np.arange(1, n_marks + 1)
    first, second = (np.asarray(ndimage.minimum(distance, marks, index)) for distance in away)
    touches_one = (first == 0) ^ (second == 0)
    midline = ~touches_one & (np.abs(first - second) < MIDLINE_SHARE * mark.shape[1])
    in_first = first < second
    if midline.any() or (in_first.any() and not in_first.all()):
        return lungs, nothing
    return pair if in_first.all() else (pair[1], pair[0])


def _two_lungs(lungs: BoolArray) -> tuple[BoolArray, BoolArray] | None:
    """The mask as two lungs, each fragment with the nearer one; None where it shows a single lung.

    The two largest connected pieces are the lungs. A single piece that is wider than it is high is two lungs that
    touch, and is cut at the midline of its bounding box; one that is higher than wide is one lung.
    """
    pieces, n_pieces = ndimage.label(lungs, structure=_TOUCHING)
    sizes = np.bincount(pieces.reshape(-1))[1:]
    largest = np.argsort(-sizes, kind="stable")[:2]
    if n_pieces >= 2 and sizes[largest[1]] >= LUNG_SHARE * sizes[largest[0]]:
        cores = [pieces == label + 1 for label in largest]
        nearer = np.argmin([ndimage.distance_transform_edt(~core) for core in cores], axis=0)
        return lungs & (nearer == 0), lungs & (nearer == 1)
    largest_piece = pieces == largest[0] + 1
    rows, cols = np.flatnonzero(largest_piece.any(1)), np.flatnonzero(largest_piece.any(0))
    if cols[-1] - cols[0] <= rows[-1] - rows[0]:
        return None
    left = np.arange(lungs.shape[1]) + 0.5 < (cols[0] + cols[-1] + 1) / 2
    return lungs & left, lungs & ~left
