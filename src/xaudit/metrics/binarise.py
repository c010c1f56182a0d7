"""A map made binary, for measures that ask which pixels it shows rather than how strongly."""

import numpy as np
from skimage.filters import threshold_otsu

from xaudit.records import BoolArray, FloatArray

OTSU_LEVELS = 256
"""Equal steps between the smallest and the largest value among which Otsu's threshold is sought."""


def otsu(saliency: FloatArray) -> BoolArray:
    """The pixels above Otsu's threshold on the values' range in :data:`OTSU_LEVELS` levels.

    A level is kept or left as a whole. On the values themselves scikit-image's threshold is the middle of a bin,
    which keeps one half of that bin and so, by chance, the whole of a superpixel that Otsu counts among the low ones.

    Args:
        saliency: any shape, finite, not constant.

    Source: Otsu 1979.

    Example:
        >>> otsu(np.array([0.0, 0.1, 0.9, 1.0])).astype(int)
        array([0, 0, 1, 1])
    """
    low, high = saliency.min(), saliency.max()
    levels = np.minimum((saliency - low) / (high - low) * OTSU_LEVELS, OTSU_LEVELS - 1).astype(np.uint8)
    return np.asarray(levels > threshold_otsu(levels))  # type: ignore[no-untyped-call]
