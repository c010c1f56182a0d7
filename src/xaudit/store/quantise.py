"""What a saliency map is after it was stored, so that scores are computed on exactly the stored map.

A map is kept as float16 fractions of its largest magnitude, and that magnitude as one float32.
"""

import numpy as np
import numpy.typing as npt

from xaudit.records import FloatArray

Half = npt.NDArray[np.float16]


def to_half(values: FloatArray) -> tuple[Half, np.float32]:
    """A map as fractions in [-1, 1] and the scale that turns them back.

    The scale is the largest finite magnitude, 1 where that is zero. What is not finite stays what it is.

    Returns:
        float16 of the map's shape, and the scale.
    """
    with np.errstate(over="ignore", under="ignore"):
        single = np.asarray(values, dtype=np.float32)
        finite = np.abs(single[np.isfinite(single)])
        largest = finite.max() if finite.size else np.float32(0)
        scale = np.float32(largest if largest > 0 else 1)
        return (single / scale).astype(np.float16), scale


def from_half(fractions: Half, scale: np.float32) -> FloatArray:
    """The float32 map that :func:`to_half` stored."""
    with np.errstate(under="ignore"):
        return np.asarray(fractions.astype(np.float32) * np.float32(scale), dtype=np.float32)


def quantise(values: FloatArray) -> FloatArray:
    """Exactly the map that reading gives back after it was stored.

    Off by at most 2⁻¹¹ of the value plus 2⁻²⁵ of the largest magnitude, which itself is kept to the bit.

    Example:
        >>> quantise(np.array([[0.0, -3.0], [0.75, 0.3]], dtype=np.float32))
        array([[ 0.        , -3.        ],
               [ 0.75      ,  0.29992676]], dtype=float32)
    """
    return from_half(*to_half(values))
