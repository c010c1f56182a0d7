"""Reliance captured: how much of what the model relies on lies where a map is strongest.

Conventions of this file: both maps are (H, W) of the model's frame. ``reliance`` is that of one case and holds no negative
value; of ``saliency`` the positive part counts.
"""

import math
from collections.abc import Sequence

import numpy as np

from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.guard import positive_part
from xaudit.metrics.localization.binarisation import highest
from xaudit.metrics.reliance_map.case_map import CaseReliance
from xaudit.metrics.reliance_map.windows import window_grid
from xaudit.records import FloatArray, WindowEffects

NO_RELIANCE = "no window matters on this image, so there is no reliance that a map could show"
"""Reason of a case that does not count."""

OWN_WINDOWS = "the reliance map is made of this explainer's own windows and in-fill; add an in-fill or a scale to `reliance.map`"


def reliance_captured(
    saliency: FloatArray, reliance: CaseReliance, *, share: float, margin: float
) -> Measured:
    """Divide the reliance that the map's strongest pixels hold by the most that as many pixels can hold.

    Higher is better; 0 to 1. A map that points nowhere (zero, constant, not finite, nothing positive) captures nothing: 0.
    Pixels of equal saliency share the places that are left, so the value is the mean over every order of them.

    Args:
        share: of the frame's area that counts as strongest, above 0 and at most 1.
        margin: summed reliance up to which a case does not count: whatever is ranked there is noise.

    Raises:
        ValueError: if the shapes differ.
    """
    values = reliance.values
    if saliency.shape != values.shape:
        raise ValueError(f"a map of {saliency.shape} and a reliance map of {values.shape} do not match")
    if reliance.summed <= margin:
        return Absent(NO_RELIANCE)
    n_pixels = max(1, round(share * values.size))
    most = float(np.partition(values, values.size - n_pixels, axis=None)[values.size - n_pixels :].sum())
    positive = positive_part(saliency)
    if isinstance(positive, Absent):
        return 0.0
    # The quotient of two sums of the same pixels in another order can pass 1 by its last bit.
    return min(1.0, float((highest(positive, n_pixels) * values).sum()) / most)


def through_windows(saliency: FloatArray, effects: Sequence[WindowEffects]) -> FloatArray:
    """Read a map as the reliance map reads the model: per pixel the mean saliency of the windows that cover it.

    Of the positive part; scales are averaged. The reliance map cannot tell places within a window apart, so a map that marks
    exactly the evidence would be outranked there by ties of zeros. Zero everywhere for a map that points nowhere.

    Args:
        effects: of one case, for its windows.
    """
    positive = positive_part(saliency)
    if isinstance(positive, Absent):
        return np.zeros(saliency.shape)
    seen = []
    for scale, stride in dict.fromkeys((one.scale, one.stride) for one in effects):
        grid = window_grid(effects[0].frame_hw, scale, stride)
        means = [float(positive[top:bottom, left:right].mean()) for top, left, bottom, right in grid.boxes()]
        seen.append(grid.spread(np.array(means).reshape(grid.shape)))
    total = np.mean(seen, axis=0)
    # Windows of equal saliency tie, whatever the last bits of their sums say.
    rounded: FloatArray = np.round(total / total.max(), 12)
    return rounded


def of_other_making(
    effects: Sequence[WindowEffects], *, window: float, step: float, infill: str
) -> list[WindowEffects]:
    """Leave out the windows that a map itself is made of, so that it is not compared with itself.

    Args:
        window: side of the map's own windows, as a share of the frame's side.
        step: distance between them, as a share of the frame's side.
        infill: what they are replaced by.
    """
    return [
        one
        for one in effects
        if one.infill != infill
        or not math.isclose(one.scale, window)
        or not math.isclose(one.scale * one.stride, step)
    ]
