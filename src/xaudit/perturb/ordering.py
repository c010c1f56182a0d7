"""In which order pixels are taken away."""

import numpy as np

from xaudit.records import FloatArray, IntArray
from xaudit.seeds import generator_for


def removal_steps(saliency: FloatArray, steps: int) -> IntArray:
    """The step at which each pixel goes when the highest go first, in ``steps`` equal portions.

    Equal values go in a scattered order that is fixed for a frame's size: a plateau, such as one of LIME's
    superpixels, is thinned out evenly rather than from its top row down, and a map always gives the same order.

    Args:
        saliency: (h, w), signed.

    Returns:
        (h, w), from 1 to ``steps``; portions differ by at most one pixel.

    Example:
        >>> removal_steps(np.array([[4.0, 1.0], [2.0, 3.0]]), 2)
        array([[1, 2],
               [2, 1]])
    """
    scattered = generator_for(0, "removal-order", *map(str, saliency.shape)).permutation(saliency.size)
    order = np.lexsort((scattered, -saliency.reshape(-1).astype(np.float64)))
    step = np.empty(saliency.size, dtype=np.int64)
    step[order] = np.arange(saliency.size) * steps // saliency.size + 1
    return step.reshape(saliency.shape)
