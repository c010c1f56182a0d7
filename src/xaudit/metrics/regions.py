"""Regions: the image cut into disjoint parts, and the map's share in each.

The parts are those of :func:`xaudit.catalog.with_own_regions`, in order of precedence: a pixel belongs to the first that
claims it. The mark comes first because lung masks made by threshold leave out much of a tumour at the wall.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from scipy import ndimage

from xaudit.metrics.absent import Absent
from xaudit.metrics.guard import positive_part
from xaudit.metrics.lungs import Lungs, lungs_by_shape
from xaudit.records import BoolArray, FloatArray

BORDER_SHARE = 0.1
"""Width of the border, as a share of the side."""

MIDLINE_SHARE = 0.025
"""A mark outside both lungs whose distances to them differ by less than this share of the width is midline."""

_TOUCHING = np.ones((3, 3), dtype=bool)


def partition(
    mark: BoolArray,
    lungs: Lungs | BoolArray | None,
    *,
    thorax: BoolArray | None = None,
    body: BoolArray | None = None,
    reach: BoolArray | None = None,
    own: Mapping[str, BoolArray | None] = MappingProxyType({}),
    with_border: bool = True,
) -> dict[str, BoolArray]:
    """The image as disjoint parts that cover it, named as in the catalog; parts without a pixel are left out.

    The side is decided by the lung that the mark overlaps, else by the nearer one, never by image side: a flipped
    image gives flipped parts. Where marks lie in both lungs, or on the midline between them, every lung counts as
    the same lung and there is no opposite one. Where the lungs cannot be told apart they are the part ``lungs``. Without lungs, or without a mark to give them sides, the lungs count
    to what they lie in: thorax, body or outside.

    Args:
        mark: (H, W), true inside the annotation; it decides the sides.
        lungs: each by itself, or a mask of both, (H, W), which are then told apart by their shape; None where unknown.
        thorax: (H, W), true inside the ribs; None where unknown, and then there is no part ``thorax``.
        body: (H, W), true inside the patient; where it is known, what is left is ``empty`` instead of ``outside``.
        reach: (H, W), the mark with its tolerance; None where there is none.
        own: regions that the audit file names, in their order, which come right after the mark; None where unknown.
        with_border: false for anatomy alone, where the border goes to the parts beneath it.

    Raises:
        ValueError: if the shapes differ.
    """
    if lungs is not None and not isinstance(lungs, Lungs):
        lungs = lungs_by_shape(lungs)
    whole = None if lungs is None else lungs.whole
    for name, mask in (("lungs", whole), ("thorax", thorax), ("body", body), ("reach", reach), *own.items()):
        if mask is not None and mask.shape != mark.shape:
            raise ValueError(f"mark of {mark.shape} and {name} of {mask.shape} do not match")
    everything = np.ones(mark.shape, dtype=bool)
    claims: list[tuple[str, BoolArray]] = [("mark", mark if reach is None else reach)]
    claims += [(name, mask) for name, mask in own.items() if mask is not None]
    if lungs is not None and mark.any() and lungs.whole.any():
        claims += _lung_claims(mark, lungs)
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


def _lung_claims(mark: BoolArray, lungs: Lungs) -> list[tuple[str, BoolArray]]:
    """The lung of the mark and the other one; all of it as one where the mark belongs to both, or nobody can tell."""
    match lungs.each:
        case (first, second):
            pair = (first, second)
        case (_,):
            return [("same-lung", lungs.whole)]
        case _:
            return [("lungs", lungs.whole)]
    away = [ndimage.distance_transform_edt(~lung) for lung in pair]
    marks, n_marks = ndimage.label(mark, structure=_TOUCHING)
    index = np.arange(1, n_marks + 1)
    to_first, to_second = (np.asarray(ndimage.minimum(distance, marks, index)) for distance in away)
    touches_one = (to_first == 0) ^ (to_second == 0)
    midline = ~touches_one & (np.abs(to_first - to_second) < MIDLINE_SHARE * mark.shape[1])
    in_first = to_first < to_second
    if midline.any() or (in_first.any() and not in_first.all()):
        return [("same-lung", lungs.whole)]
    same, opposite = pair if in_first.all() else (pair[1], pair[0])
    return [("same-lung", same), ("opposite-lung", opposite)]
