"""The reliance map of one case: how far the answer rests on each pixel, from the windows that cover it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xaudit.metrics.reliance_map.windows import window_grid
from xaudit.records import FloatArray, WindowEffects


@dataclass(frozen=True, slots=True, eq=False)
class CaseReliance:
    """The reliance map of one case.

    Attributes:
        values: (H, W) float64 of the model's frame; 0 where the answer needs the pixel no more than the median window.
        summed: effects of windows side by side that cover the frame once, added up; the largest of the scales.
    """

    values: FloatArray
    summed: float


def case_reliance(effects: Sequence[WindowEffects]) -> CaseReliance:
    """Combine the windows of every scale and in-fill of one case into a map of the fall of the probability.

    For each scale and in-fill: a rise counts as no fall, the scale's median window is taken off, and what is left is
    averaged for each pixel over the windows that cover it. In-fills are averaged, then scales.

    Args:
        effects: those of one model and case, question ``hide``; at least one.

    Raises:
        ValueError: if there are none, or their frames differ.
    """
    if not effects or len({one.frame_hw for one in effects}) != 1:
        raise ValueError(f"{len(effects)} grids of window effects do not make a map of one frame")
    by_scale: dict[tuple[float, float], list[FloatArray]] = {}
    for one in effects:
        fall = np.maximum(one.probability_drop.astype(np.float64), 0)
        beyond = np.maximum(fall - np.nanmedian(fall), 0)
        grid = window_grid(one.frame_hw, one.scale, one.stride)
        by_scale.setdefault((one.scale, one.stride), []).append(grid.spread(beyond))
    maps = {scale: np.mean(several, axis=0) for scale, several in by_scale.items()}
    areas = {}
    for scale, stride in maps:
        grid = window_grid(effects[0].frame_hw, scale, stride)
        areas[scale, stride] = grid.height * grid.width
    summed = max(float(values.sum()) / areas[scale] for scale, values in maps.items())
    return CaseReliance(np.mean(list(maps.values()), axis=0), summed)
