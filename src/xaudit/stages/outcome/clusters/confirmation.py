"""Comparison of a group of maps with the model's own reliance: what hiding the place of each map does to the answer."""

from collections.abc import Mapping, Sequence

import numpy as np

from xaudit.catalog import MARGIN
from xaudit.counts import counted
from xaudit.records import Interval, WindowEffects
from xaudit.records.map_cluster import Confirmation
from xaudit.stages.outcome.clusters.placed_maps import PlacedMap
from xaudit.statistics.bootstrap import MIN_CLUSTERS, ClusterBootstrap

Confirmed = tuple[Interval | None, int, Confirmation, str]
"""Effect, patients behind it, what it says, and why it says nothing."""


def confirmed_by_reliance(
    maps: Sequence[PlacedMap],
    windows: Mapping[str, Sequence[WindowEffects]],
    bootstrap: ClusterBootstrap,
    *,
    unit: str,
) -> Confirmed:
    """Measure the fall of the probability when the window that holds most of each map is hidden, by patient.

    Args:
        maps: of one group.
        windows: hidden windows by case.
        unit: ``patient``, or ``image`` where the data names no patients.
    """
    by_patient: dict[str, list[float]] = {}
    for one in maps:
        fall = None if one.window is None else window_fall(windows.get(one.case_id, ()), one.window)
        if fall is not None:
            by_patient.setdefault(one.cluster, []).append(fall)
    if not by_patient:
        return None, 0, "cannot be told", "this run measured no reliance on these images"
    names = sorted(by_patient)
    effect = bootstrap.mean(np.array([np.mean(by_patient[name]) for name in names]), names)
    if len(names) < MIN_CLUSTERS or effect.low is None or effect.high is None:
        reason = f"{counted(len(names), unit)}, and fewer than {MIN_CLUSTERS} tell nothing"
        return effect, len(names), "cannot be told", reason
    if effect.low > MARGIN:
        return effect, len(names), "confirmed", ""
    if effect.high < MARGIN:
        return effect, len(names), "not confirmed", ""
    return (
        effect,
        len(names),
        "cannot be told",
        f"the interval holds {MARGIN:g}, below which a place does not count",
    )


def window_fall(effects: Sequence[WindowEffects], window: int) -> float | None:
    """Return the fall for one of the largest windows, beyond that of their median; the mean over in-fills.

    Unlike in a reliance map, a rise counts as a negative fall, so that chance changes cancel. None if it was not measured.
    """
    scale = max((one.scale for one in effects), default=0.0)
    falls = []
    for one in effects:
        drop = one.probability_drop.ravel().astype(np.float64)
        if one.scale == scale and not np.isnan(drop[window]):
            falls.append(float(drop[window] - np.nanmedian(drop)))
    return float(np.mean(falls)) if falls else None
