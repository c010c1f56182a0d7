"""Cutting an image into patches of similar intensity."""

import numpy as np
from skimage.segmentation import slic

from xaudit.records import FloatArray, IntArray


def superpixels(pixels: FloatArray, *, n_segments: int, compactness: float) -> IntArray:
    """Superpixels by SLIC, without randomness.

    Args:
        pixels: (H, W, 3) intensities in [0, 1].
        n_segments: how many are asked for; SLIC may return fewer or more.
        compactness: above 0, weight of nearness against likeness. Likeness is distance between intensities, not
            between Lab colours, whose range of 100 would leave a compactness below 10 without effect.

    Returns:
        (H, W), labels 0 to n - 1, each present.

    Source: Achanta et al. 2012.
    """
    labels = slic(pixels, n_segments=n_segments, compactness=compactness, start_label=0, convert2lab=False)
    _, consecutive = np.unique(labels, return_inverse=True)
    segments: IntArray = consecutive.reshape(labels.shape)
    return segments
