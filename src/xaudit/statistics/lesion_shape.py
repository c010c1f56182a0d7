"""Size and shape of the readers' marks on one case."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull

from xaudit.geometry import rasterise, union
from xaudit.records import BoolArray, FloatArray, Region

_TOUCHING = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True, slots=True)
class LesionShape:
    """The marks of one case, all readers together.

    Attributes:
        area_px: pixels inside any mark.
        n_lesions: separate marked areas; areas that touch, if only by a corner, are one.
        elongation: long over short side of the smallest rectangle around the largest lesion, at any angle; 1 or more.
        irrectangularity: the share of that rectangle that the lesion does not fill; 0 for a rectangle.
    """

    area_px: float
    n_lesions: int
    elongation: float
    irrectangularity: float


def lesion_shape(regions: Sequence[Region], frame: tuple[int, int]) -> LesionShape | None:
    """Return size and shape of the union of the regions, None if it is empty.

    Elongation and irrectangularity are CheXlocalize's (Saporta et al. 2022), for the largest lesion, and between the
    outer edges of its pixels. :func:`xaudit.metrics.lesion_geometry.lesion_geometry` reproduces their numbers exactly,
    between pixel centres.

    Example:
        A box of 4 × 2 pixels fills its rectangle, which is twice as long as wide.

        >>> from xaudit.records import Box
        >>> lesion_shape([Box(1, 1, 5, 3)], (8, 8))
        LesionShape(area_px=8.0, n_lesions=1, elongation=2.0, irrectangularity=0.0)
    """
    mask = union((rasterise(region, frame) for region in regions), frame)
    if not mask.any():
        return None
    labels, n_lesions = ndimage.label(mask, structure=_TOUCHING)
    largest = labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    short, long = smallest_rectangle(_pixel_corners(largest))
    filled = float(np.count_nonzero(largest)) / (short * long)
    return LesionShape(
        area_px=float(np.count_nonzero(mask)),
        n_lesions=int(n_lesions),
        elongation=round(long / short, 9),
        irrectangularity=round(max(0.0, 1 - filled), 9),
    )


def _pixel_corners(mask: BoolArray) -> FloatArray:
    """Return the corners of all pixels of a mask, (n, 2)."""
    rows, cols = np.nonzero(mask)
    offsets = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])
    corners = np.stack([rows, cols], axis=1)[:, None, :] + offsets
    return np.unique(corners.reshape(-1, 2), axis=0).astype(np.float64)


def smallest_rectangle(points: FloatArray) -> tuple[float, float]:
    """Return the sides of the rectangle of least area, at any angle, around points in the plane, short side first.

    One of its sides lies on a side of the convex hull (Freeman and Shapira 1975).

    Args:
        points: (n, 2).

    Raises:
        scipy.spatial.QhullError: if all points lie on one line.
    """
    hull: FloatArray = points[ConvexHull(points).vertices]
    sides = np.roll(hull, -1, axis=0) - hull
    along = sides / np.linalg.norm(sides, axis=1, keepdims=True)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    spans = [np.ptp(hull @ axis.T, axis=0) for axis in (along, across)]
    best = int(np.argmin(spans[0] * spans[1]))
    first, second = float(spans[0][best]), float(spans[1][best])
    return min(first, second), max(first, second)
