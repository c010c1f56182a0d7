"""Checks before a metric is asked: the map must say something, and the mark must be one to meet or miss."""

import numpy as np

from xaudit.metrics.absent import Absent
from xaudit.records import BoolArray, FloatArray

CONSTANT_WITHIN = 1e-6
"""A map whose values differ by less than this share of the largest is rounding noise on a constant."""


def signal(saliency: FloatArray) -> FloatArray | Absent:
    """The map as it is, signed, unless it holds no ranking at all.

    Args:
        saliency: of any shape, signed.

    Returns:
        float64 of the same shape; Absent where a value is not finite, or all are the same.
    """
    values = np.asarray(saliency, dtype=np.float64)
    if values.size == 0:
        return Absent("the model saw no part of the image")
    if not np.isfinite(values).all():
        share = 1 - np.isfinite(values).mean()
        return Absent(f"the map is not finite: {share:.0%} of its values are NaN or infinite")
    low, high = float(values.min()), float(values.max())
    if low == high == 0:
        return Absent("the map is zero everywhere: it points nowhere")
    if high - low <= CONSTANT_WITHIN * max(abs(low), abs(high)):
        return Absent(f"the map is constant at {high:.3g}: it points everywhere alike")
    return values


def positive_part(saliency: FloatArray) -> FloatArray | Absent:
    """The map with its negative values set to zero; Absent also where nothing positive is left."""
    values = signal(saliency)
    if isinstance(values, Absent):
        return values
    if not (values > 0).any():
        return Absent("no pixel of the map speaks for the target: its positive part is zero everywhere")
    return np.clip(values, 0, None)


def markable(region: BoolArray, valid: BoolArray) -> BoolArray | Absent:
    """The marked ones among the pixels that the model saw.

    Args:
        region: (H, W), true inside the mark.
        valid: (H, W), true where the model saw the image.

    Returns:
        (n,), one entry per valid pixel in row order; Absent where a map can neither meet nor miss the mark.
    """
    if not region.any():
        return Absent("the mark is empty: the readers left no pixel to be found")
    seen = region[valid]
    if not seen.any():
        return Absent("the mark lies wholly outside the part of the image that the model saw")
    if seen.all():
        return Absent("the mark covers all that the model saw, so every map would meet it")
    return seen
