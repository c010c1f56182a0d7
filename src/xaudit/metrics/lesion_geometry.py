"""Size and shape of a mark, as CheXlocalize measures them, to set localization against.

Lengths are between pixel centres, as OpenCV has them, so that numbers compare with the published ones: a lesion of
10 × 10 pixels measures 9 × 9. Source: Saporta et al. 2022, Benchmarking saliency methods for chest X-ray
interpretation, and its published compute_pathology_features.py.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import QhullError

from xaudit.metrics.absent import Absent, Measured
from xaudit.records import BoolArray
from xaudit.statistics.lesion_shape import smallest_rectangle

_TOUCHING = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True, slots=True)
class LesionGeometry:
    """The shape of a mark.

    Attributes:
        n_lesions: connected parts, corners touching. CheXlocalize counts what readers drew instead, so that two
            outlines that overlap are two.
        area_share: the mark's share of the image.
        elongation: long over short side of the smallest rectangle, at any angle, around the lesion with the longest
            border; 1 or more, absent where that lesion is a line.
        irrectangularity: share of that rectangle which the lesion's outline leaves free; 0 to 1.
    """

    n_lesions: int
    area_share: float
    elongation: Measured
    irrectangularity: Measured


def lesion_geometry(mark: BoolArray) -> LesionGeometry | Absent:
    """The shape of a mark, (H, W); absent where nothing is marked.

    Example:
        A box of 5 × 3 pixels, 4 × 2 between the centres, on 10 × 6.

        >>> mark = np.zeros((6, 10), bool)
        >>> mark[1:4, 2:7] = True
        >>> lesion_geometry(mark)
        LesionGeometry(n_lesions=1, area_share=0.25, elongation=2.0, irrectangularity=0.0)
    """
    if not mark.any():
        return Absent("nothing is marked, so there is no lesion to measure")
    labels, n_lesions = ndimage.label(mark, structure=_TOUCHING)
    border = mark & ~ndimage.binary_erosion(mark)
    longest = int(np.argmax(np.bincount(labels[border], minlength=n_lesions + 1)[1:])) + 1
    lesion: BoolArray = ndimage.binary_fill_holes(labels == longest)
    elongation, irrectangularity = _shape(lesion)
    return LesionGeometry(int(n_lesions), float(mark.mean()), elongation, irrectangularity)


def _shape(lesion: BoolArray) -> tuple[Measured, Measured]:
    rows, cols = np.nonzero(lesion)
    try:
        short_side, long_side = smallest_rectangle(np.column_stack([cols, rows]).astype(np.float64))
    except QhullError:
        thin = Absent("the lesion is a line or a point of single pixels, so it has no width")
        return thin, thin
    filled = _outline_area(lesion) / (long_side * short_side)
    return long_side / short_side, max(0.0, 1 - filled)


def _outline_area(lesion: BoolArray) -> float:
    """The area within the outline through the centres of the border pixels of a lesion without holes.

    Of each square between four neighbouring centres all belongs to it where the four are in the lesion, and half
    where three are.
    """
    inside = lesion.astype(np.int64)
    corners = inside[:-1, :-1] + inside[:-1, 1:] + inside[1:, :-1] + inside[1:, 1:]
    return float(np.count_nonzero(corners == 4) + np.count_nonzero(corners == 3) / 2)
