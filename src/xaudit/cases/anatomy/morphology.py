"""Masks grown, shrunk, closed and taken apart with discs; radii are in pixels and need not be whole.

Everything goes by distance transforms, so a disc of 40 pixels costs what one of 2 does. What lies beyond the
frame counts as outside the mask when it shrinks, and never makes it grow.
"""

import numpy as np
from scipy import ndimage

from xaudit.records import BoolArray, IntArray

_TOUCHING = np.ones((3, 3), dtype=bool)


def dilated(mask: BoolArray, radius_px: float, *, aspect: float = 1.0) -> BoolArray:
    """All pixels whose centres lie within ``radius_px`` of one of the mask's.

    Args:
        radius_px: along a row; 0 leaves the mask as it is.
        aspect: how much more a step down counts than a step along a row, where pixels are not square.

    Example:
        >>> dilated(np.array([[False, False, True, False, False]]), 1).astype(int)
        array([[0, 1, 1, 1, 0]])
    """
    if radius_px <= 0 or not mask.any():
        return mask.copy()
    away = ndimage.distance_transform_edt(~mask, sampling=(aspect, 1.0))
    return np.asarray(away <= radius_px)


def eroded(mask: BoolArray, radius_px: float) -> BoolArray:
    """The pixels whose every neighbour within ``radius_px`` lies in the mask, the frame's outside being none of it.

    Example:
        >>> eroded(np.array([[True, True, True]] * 3), 1).astype(int).tolist()
        [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    """
    if radius_px <= 0:
        return mask.copy()
    inside = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    return np.asarray(inside > radius_px)


def closed(mask: BoolArray, radius_px: float) -> BoolArray:
    """The mask with every bay and gap filled that a disc of ``radius_px`` does not fit into.

    The frame's edge is no wall: a bay that is open to it fills as it would in a larger image.

    Example:
        >>> closed(np.array([[True, True, False, True, True]] * 3), 1)[1].astype(int)
        array([1, 1, 1, 1, 1])
    """
    margin = int(np.ceil(radius_px)) + 1
    grown = dilated(np.pad(mask, margin), radius_px)
    return eroded(grown, radius_px)[margin:-margin, margin:-margin] | mask


def opened(mask: BoolArray, radius_px: float) -> BoolArray:
    """The parts of the mask into which a disc of ``radius_px`` fits, as far as such discs reach."""
    return dilated(eroded(mask, radius_px), radius_px) & mask


def filled(mask: BoolArray) -> BoolArray:
    """The mask with its holes: whatever it cuts off from the frame's edge.

    Example:
        >>> filled(np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=bool)).all()
        np.True_
    """
    return np.asarray(ndimage.binary_fill_holes(mask))


def pieces(mask: BoolArray) -> list[BoolArray]:
    """The connected pieces of a mask, diagonals included, the largest first."""
    labels, sizes = _labelled(mask)
    order = np.argsort(-sizes, kind="stable")
    return [labels == index + 1 for index in order]


def largest(mask: BoolArray) -> BoolArray:
    """The largest connected piece; nothing of an empty mask."""
    labels, sizes = _labelled(mask)
    return np.asarray(labels == int(np.argmax(sizes)) + 1) if sizes.size else np.zeros_like(mask)


def _labelled(mask: BoolArray) -> tuple[IntArray, IntArray]:
    labels, _ = ndimage.label(mask, structure=_TOUCHING)
    return labels, np.bincount(labels.reshape(-1))[1:]
