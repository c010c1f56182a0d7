"""Growing, shrinking, closing and splitting of masks with discs; radii are in pixels and need not be whole.

All operations use distance transforms, so a disc of 40 pixels costs the same as one of 2. Pixels beyond the
frame count as outside the mask when it shrinks, and never make it grow.
"""

import numpy as np
from scipy import ndimage

from xaudit.records import BoolArray, IntArray

_TOUCHING = np.ones((3, 3), dtype=bool)


def dilated(mask: BoolArray, radius_px: float, *, aspect: float = 1.0) -> BoolArray:
    """Return all pixels whose centres lie within ``radius_px`` of one of the mask's.

    Args:
        radius_px: along a row; 0 leaves the mask as it is.
        aspect: length of a step down relative to a step along a row, if pixels are not square.

    Example:
        >>> dilated(np.array([[False, False, True, False, False]]), 1).astype(int)
        array([[0, 1, 1, 1, 0]])
    """
    if radius_px <= 0 or not mask.any():
        return mask.copy()
    away = ndimage.distance_transform_edt(~mask, sampling=(aspect, 1.0))
    return np.asarray(away <= radius_px)


def eroded(mask: BoolArray, radius_px: float) -> BoolArray:
    """Return the pixels whose every neighbour within ``radius_px`` lies in the mask; the frame's outside does not.

    Example:
        >>> eroded(np.array([[True, True, True]] * 3), 1).astype(int).tolist()
        [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    """
    if radius_px <= 0:
        return mask.copy()
    inside = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    return np.asarray(inside > radius_px)


def closed(mask: BoolArray, radius_px: float) -> BoolArray:
    """Fill every bay and gap of the mask that a disc of ``radius_px`` does not fit into.

    The frame's edge is no wall: a bay that is open to it fills as it would in a larger image.

    Example:
        >>> closed(np.array([[True, True, False, True, True]] * 3), 1)[1].astype(int)
        array([1, 1, 1, 1, 1])
    """
    margin = int(np.ceil(radius_px)) + 1
    grown = dilated(np.pad(mask, margin), radius_px)
    return eroded(grown, radius_px)[margin:-margin, margin:-margin] | mask


def opened(mask: BoolArray, radius_px: float) -> BoolArray:
    """Return the parts of the mask that discs of ``radius_px`` inside it cover."""
    return dilated(eroded(mask, radius_px), radius_px) & mask


def filled(mask: BoolArray) -> BoolArray:
    """Fill the holes of the mask: everything that it cuts off from the frame's edge.

    Example:
        >>> filled(np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=bool)).all()
        np.True_
    """
    return np.asarray(ndimage.binary_fill_holes(mask))


def pieces(mask: BoolArray) -> list[BoolArray]:
    """Return the connected pieces of a mask, diagonals included, the largest first."""
    labels, sizes = _labelled(mask)
    order = np.argsort(-sizes, kind="stable")
    return [labels == index + 1 for index in order]


def largest(mask: BoolArray) -> BoolArray:
    """Return the largest connected piece; empty for an empty mask."""
    labels, sizes = _labelled(mask)
    return np.asarray(labels == int(np.argmax(sizes)) + 1) if sizes.size else np.zeros_like(mask)


def _labelled(mask: BoolArray) -> tuple[IntArray, IntArray]:
    labels, _ = ndimage.label(mask, structure=_TOUCHING)
    return labels, np.bincount(labels.reshape(-1))[1:]
