"""Distance of a map from the mark.

Conventions of this file: 0 is best. Positions are pixel centres of the original frame, ``scale`` is the length of a
pixel's height and width: millimetres where they are wanted, else one over the frame's diagonal, so that 1 is the whole
image. The two units have metrics of their own and never meet in one mean.
"""

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.localization.marked_map import MarkedMap, Options
from xaudit.records import BoolArray, FloatArray

Scale = tuple[float, float]


def in_mm(function: Callable[[MarkedMap, Scale], float], marked: MarkedMap, _options: Options) -> Measured:
    """Measure a distance in millimetres; Absent where the pixel spacing is not known."""
    if marked.spacing_mm is None:
        return Absent("the image's pixel spacing is not known, so there are no millimetres")
    return function(marked, marked.spacing_mm)


def in_diagonals(
    function: Callable[[MarkedMap, Scale], float], marked: MarkedMap, _options: Options
) -> float:
    """Measure a distance as a share of the image's diagonal."""
    return function(marked, share_of_diagonal(marked))


def centroid_distance(marked: MarkedMap, scale: Scale) -> float:
    """Measure from the centre of mass of the positive saliency to that of the mark.

    A map whose mass lies on both sides of the mark can score 0 without touching it; read it beside an overlap.

    Example:
        >>> row = MarkedMap(np.array([[1.0, 0, 0, 1]]), np.array([[True, 0, 0, 0]], bool), np.ones((1, 4), bool))
        >>> centroid_distance(row, (1, 1))
        1.5
    """
    seen_mark = marked.mark & marked.valid
    down, across = (
        of_map - of_mark for of_map, of_mark in zip(_centre(marked.positive), _centre(seen_mark), strict=True)
    )
    return float(np.hypot(down * scale[0], across * scale[1]))


def peak_distance(marked: MarkedMap, scale: Scale) -> float:
    """Measure from the map's highest pixel to the nearest marked one, 0 inside the mark; averaged over tied maxima.

    Example:
        >>> row = MarkedMap(np.array([[1.0, 0, 0, 1]]), np.array([[True, 0, 0, 0]], bool), np.ones((1, 4), bool))
        >>> peak_distance(row, (1, 1))
        1.5
    """
    away = ndimage.distance_transform_edt(~(marked.mark & marked.valid), sampling=scale)
    maxima = (marked.positive == marked.values.max()) & marked.valid
    return float(away[maxima].mean())


def share_of_diagonal(marked: MarkedMap) -> Scale:
    """The scale at which the frame's diagonal, corner to corner, has length 1."""
    one = 1 / float(np.hypot(*marked.mark.shape))
    return one, one


def _centre(weights: FloatArray | BoolArray) -> tuple[float, float]:
    total = float(weights.sum())
    down = float(weights.sum(axis=1) @ np.arange(weights.shape[0])) / total
    across = float(weights.sum(axis=0) @ np.arange(weights.shape[1])) / total
    return down, across
