"""CheXlocalize's own definitions, so that numbers can be held against its published tables.

They differ from this package's in what they do with ties and empty maps, and in the frame: the map is scaled from its
smallest to its largest value, negative ones included, over the whole image. The resize that comes before, bilinear
between pixel centres, is the one that every map goes through here. Source: Saporta et al. 2022, Benchmarking saliency
methods for chest X-ray interpretation, and its published code (eval.py, heatmap_to_segmentation.py).
"""

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu

from xaudit.metrics.absent import Absent, Measured
from xaudit.records import BoolArray, FloatArray

_TOUCHING = np.ones((3, 3), dtype=bool)


def segmentation(saliency: FloatArray) -> BoolArray:
    """Cut a map to what it points at: Otsu's cut of its 256 grey levels, every outline of the result filled.

    Their code traces the outlines and fills them as polygons. That closes holes, and drops a spot of a single pixel,
    whose outline has one point. In a hole nothing is left empty, whatever the map says there.

    Args:
        saliency: (H, W), finite, not all values alike.

    Example:
        >>> ring = np.zeros((5, 7))
        >>> ring[1:4, 1:4] = 1
        >>> ring[2, 2] = ring[0, 6] = 0
        >>> int(segmentation(ring).sum())
        9
    """
    scaled = saliency - saliency.min()
    levels = (255 * (scaled / scaled.max())).astype(np.uint8)
    above = levels > threshold_otsu(levels)  # type: ignore[no-untyped-call]
    spots, n_spots = ndimage.label(above, structure=_TOUCHING)
    single = np.flatnonzero(np.bincount(spots.reshape(-1), minlength=n_spots + 1) == 1)
    above &= ~np.isin(spots, single[single > 0])
    filled: BoolArray = ndimage.binary_fill_holes(above)
    return filled


def segmentation_iou(saliency: FloatArray, mark: BoolArray) -> Measured:
    """IoU of :func:`segmentation` with the mark, on cases that have both; 0 to 1, higher is better."""
    has_levels = np.isfinite(saliency).all() and np.ptp(saliency) > 0
    segmented = segmentation(saliency) if has_levels else np.zeros_like(mark)
    if not segmented.any():
        return Absent("CheXlocalize's segmentation of this map is empty, and its tables leave such cases out")
    return float(np.count_nonzero(segmented & mark) / np.count_nonzero(segmented | mark))


def hit(saliency: FloatArray, mark: BoolArray) -> float:
    """1 where the first of the map's highest pixels, row by row, is marked, else 0; its mean is the hit rate.

    Ties go to the pixel that comes first, so a constant map points at the top left corner.

    Example:
        >>> hit(np.array([[0.0, 2.0], [2.0, 1.0]]), np.array([[False, False], [True, False]]))
        0.0
    """
    return float(mark.reshape(-1)[int(np.argmax(saliency))])
