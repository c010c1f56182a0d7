"""Measures of how far a map stays the same when the image is changed and the change is undone on the map.

Conventions of this file: ``saliency`` is the map of the unchanged image, ``changed`` that of the changed one, brought
back; both are (h, w) of the model's frame, signed where the explainer is. ``valid`` is true where both images show
the same place; nothing else counts.
"""

import numpy as np
from scipy.stats import rankdata

from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.guard import signal
from xaudit.records import BoolArray, FloatArray

LEVELS = 1e-6
"""Values that differ by less than this share of the largest are tied.

Bringing a map back interpolates, and its rounding would put what is level, such as a superpixel, in an order.
"""

FEWEST_PIXELS = 3
"""Two pixels can only agree or disagree outright, so a rank correlation starts here."""


def rank_agreement(saliency: FloatArray, changed: FloatArray, valid: BoolArray) -> Measured:
    """Spearman's rank correlation between the two maps over the valid pixels.

    Higher is better, -1 to 1: 1 where the change moved the evidence and nothing else, 0 for two maps that have nothing
    to do with each other. Tied pixels share their mean rank. A map that is the same on every image, such as a blob in
    the middle, scores 1 under a flip; read it beside localization.

    Raises:
        ValueError: if the shapes differ.
    """
    pair = _levels(saliency, changed, valid)
    if isinstance(pair, Absent):
        return pair
    before, after = (rankdata(values) for values in pair)
    return float(np.corrcoef(before, after)[0, 1])


def top_overlap(saliency: FloatArray, changed: FloatArray, valid: BoolArray, *, n_top: int) -> Measured:
    """Overlap, intersection over union, of the ``n_top`` highest pixels of the two maps.

    Higher is better, 0 to 1. Only positive values count, and all pixels that share the last value do, so a map may put
    forward fewer or more of them; of two maps of random order with the share ``m`` on top, ``m / (2 - m)`` overlap.

    Args:
        n_top: at least 1; with the mark's number of pixels it asks whether the same place would be shown.

    Raises:
        ValueError: if the shapes differ or ``n_top`` is below 1.
    """
    if n_top < 1:
        raise ValueError(f"the highest {n_top} pixels are none")
    pair = _levels(saliency, changed, valid)
    if isinstance(pair, Absent):
        return pair
    before, after = (_top(values, n_top) for values in pair)
    if not before.any() and not after.any():
        return Absent("neither map speaks for the target anywhere")
    return float(np.count_nonzero(before & after) / np.count_nonzero(before | after))


def _levels(
    saliency: FloatArray, changed: FloatArray, valid: BoolArray
) -> tuple[FloatArray, FloatArray] | Absent:
    """Both maps over the valid pixels, as shares of their largest magnitude with rounding taken out."""
    if not saliency.shape == changed.shape == valid.shape:
        raise ValueError(
            f"maps of {saliency.shape} and {changed.shape} and valid pixels of {valid.shape} do not match"
        )
    if np.count_nonzero(valid) < FEWEST_PIXELS:
        return Absent(f"fewer than {FEWEST_PIXELS} pixels are on both images")
    before, after = signal(saliency[valid]), signal(changed[valid])
    if isinstance(before, Absent):
        return before
    if isinstance(after, Absent):
        return Absent(f"on the changed image {after.reason}")
    level_before, level_after = (
        np.round(values / np.abs(values).max() / LEVELS) for values in (before, after)
    )
    return level_before, level_after


def _top(values: FloatArray, n_top: int) -> BoolArray:
    place = max(0, values.size - n_top)
    last = np.partition(values, place)[place]
    top: BoolArray = (values >= last) & (values > 0)
    return top
