"""A map cut into what it points at and what it does not.

Conventions of this file: ``saliency`` holds the positive part of a map, of any shape, not all values alike. What is
kept comes back in the same shape as the share of each pixel that is kept: 0 or 1, but for pixels that are tied where
a cut by area falls, which are kept in equal part.
"""

import numpy as np
from skimage.filters import threshold_otsu

from xaudit.metrics.localization.marked_map import MarkedMap, Options
from xaudit.records import FloatArray

OTSU_LEVELS = 256
"""Equal steps between the smallest and the largest value among which Otsu's threshold is sought."""

THRESHOLDS: tuple[float, ...] = tuple(round(0.05 * step, 2) for step in range(1, 20))
"""From .05 to .95 of the range of a map; see :func:`above`."""


def kept_by(marked: MarkedMap, options: Options) -> FloatArray:
    """Cut a map to what it points at, by a metric's options ``binarisation`` and ``threshold``.

    Returns:
        (n,), one entry per valid pixel.

    Raises:
        ValueError: for a binarisation that is not in the catalog, or a tuned one without a threshold.
    """
    match options["binarisation"]:
        case "otsu":
            return above_otsu(marked.values)
        case "fixed":
            return above(marked.values, float(options["threshold"] or 0))
        case "area":
            return highest(marked.values, int(np.count_nonzero(marked.inside)))
        case "tuned":
            if marked.threshold is None:
                raise ValueError("no threshold was tuned for this map")
            return above(marked.values, marked.threshold)
        case other:
            raise ValueError(f"no binarisation is called '{other}'")


def above_otsu(saliency: FloatArray) -> FloatArray:
    """Keep the pixels above Otsu's threshold.

    The threshold is sought on the positive part, zeros included, in :data:`OTSU_LEVELS` levels, and a level is kept or
    left as a whole. On the values themselves scikit-image's threshold is the middle of a bin, which keeps one half
    of that bin and so, by chance, the whole of a superpixel that Otsu counts among the low ones.

    Source: Otsu 1979.

    Example:
        >>> above_otsu(np.array([0.0, 0.1, 0.9, 1.0]))
        array([0., 0., 1., 1.])
    """
    levels = np.minimum(min_max(saliency) * OTSU_LEVELS, OTSU_LEVELS - 1).astype(np.uint8)
    kept: FloatArray = (levels > threshold_otsu(levels)).astype(np.float64)  # type: ignore[no-untyped-call]
    return kept


def above(saliency: FloatArray, threshold: float) -> FloatArray:
    """Keep the pixels above a threshold of the map scaled to 0 to 1; below 1 the maximum always does.

    Example:
        >>> above(np.array([2.0, 3.0, 4.0]), 0.5)
        array([0., 0., 1.])
    """
    kept: FloatArray = (min_max(saliency) > threshold).astype(np.float64)
    return kept


def highest(saliency: FloatArray, n_pixels: int) -> FloatArray:
    """The share of each pixel among the ``n_pixels`` highest; tied ones share the places left equally.

    That share is the mean over every order of the tied pixels. All of them where there are no more than ``n_pixels``.

    Example:
        >>> highest(np.array([5.0, 1.0, 1.0, 0.0]), 2)
        array([1. , 0.5, 0.5, 0. ])
    """
    if n_pixels >= saliency.size:
        return np.ones(saliency.shape)
    last = np.partition(saliency, saliency.size - n_pixels, axis=None)[saliency.size - n_pixels]
    over, tied = saliency > last, saliency == last
    places = n_pixels - np.count_nonzero(over)
    kept: FloatArray = over + tied * (places / np.count_nonzero(tied))
    return kept


def min_max(saliency: FloatArray) -> FloatArray:
    """The map scaled so that its smallest value is 0 and its largest 1."""
    low, high = saliency.min(), saliency.max()
    scaled: FloatArray = (saliency - low) / (high - low)
    return scaled
