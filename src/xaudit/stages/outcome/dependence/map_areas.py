"""Areas of the reliance map: windows that stand out and touch, with their place, extent and effect."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse.csgraph import connected_components

from xaudit.metrics.reliance_map.frames import BACKGROUND, CaseWindows, CommonFrame, position_in_words
from xaudit.records import Area, BoolArray, FloatArray, FrameBox, IntArray, Interval
from xaudit.statistics.bootstrap import MIN_CLUSTERS, ClusterBootstrap

ALPHA = 0.05
"""Family-wise error rate: of 20 maps without any effect, one shows an area."""

_EXAMPLES = 3
_EDGE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """The effects of every cell of a common frame, by case and by patient; NaN where there is none.

    Attributes:
        cases: those that have a place in the frame.
        cells: (windows,) of each case, the cell of each window.
        by_case: (cases, cells).
        by_patient: (patients, cells), the mean over the patient's cases.
        base: (patients, cells), effects that the mean over windows is taken of.
        names: of the patients.
        margin: effect below which an area does not count.
    """

    frame: CommonFrame
    cases: tuple[CaseWindows, ...]
    cells: tuple[IntArray, ...]
    by_case: FloatArray
    by_patient: FloatArray
    base: FloatArray
    names: tuple[str, ...]
    margin: float

    def interval(self, cell: int, bootstrap: ClusterBootstrap) -> Interval:
        """Return the mean effect of a cell over patients."""
        return mean_over_patients(self.by_patient[:, cell], self.names, bootstrap)

    def beyond_mean(self, cell: int, bootstrap: ClusterBootstrap) -> Interval:
        """Return by how much a cell's effect is above the patient's mean window of its scale."""
        own = self.base[:, self.frame.groups == self.frame.groups[cell]]
        counts = (~np.isnan(own)).sum(axis=1)
        means = np.divide(np.nansum(own, axis=1), counts, out=np.full(len(own), np.nan), where=counts > 0)
        return mean_over_patients(self.by_patient[:, cell] - means, self.names, bootstrap)

    def largest(self, bootstrap: ClusterBootstrap) -> Interval | None:
        """Return the effect of the cell with the largest mean of those that 5 patients have; None if there is none."""
        cell = largest_cell(self.by_patient)
        return None if cell is None else self.interval(cell, bootstrap)


def mean_over_patients(values: FloatArray, names: Sequence[str], bootstrap: ClusterBootstrap) -> Interval:
    """Return the mean of one value for each patient with its interval; patients without a value are left out."""
    known = ~np.isnan(values)
    return bootstrap.mean(
        values[known], [name for name, has in zip(names, known.tolist(), strict=True) if has]
    )


def largest_cell(by_patient: FloatArray) -> int | None:
    """Return the cell with the largest mean over patients of those that 5 patients have, or None."""
    means = cell_averages(by_patient)
    means = np.where((~np.isnan(by_patient)).sum(axis=0) >= MIN_CLUSTERS, means, -np.inf)
    return int(np.argmax(means)) if len(means) and np.isfinite(means.max()) else None


def cell_averages(by_patient: FloatArray) -> FloatArray:
    """Return the mean of each column over the rows that have a value, 0 where none has."""
    counts = (~np.isnan(by_patient)).sum(axis=0)
    averages: FloatArray = np.nansum(by_patient, axis=0) / np.maximum(counts, 1)
    return averages


def areas_of(
    effects: Effects,
    p: FloatArray,
    p_by_infill: Sequence[tuple[str, FloatArray]],
    bootstrap: ClusterBootstrap,
) -> tuple[Area, ...]:
    """Join cells that stand out and touch into areas, and keep those whose effect is surely above the margin.

    The effect must be above that of the mean window by the margin: where every window has an effect, no place matters more
    than others, however surely they differ by a trifle.

    Windows over an organ and windows beside it make different areas, so that an area has one meaning.

    Args:
        p: (cells,), family-wise.
        p_by_infill: the same for each in-fill by itself.
    """
    shown = np.flatnonzero(p <= ALPHA)
    areas = []
    for members in _touching(effects, shown):
        peak = int(members[np.argmax(cell_averages(effects.by_patient[:, members]))])
        beyond = effects.beyond_mean(peak, bootstrap).low
        if beyond is not None and beyond > effects.margin:
            areas.append(_area(effects, members, peak, effects.interval(peak, bootstrap), p, p_by_infill))
    areas.sort(key=lambda area: -area.effect.estimate)
    return tuple(replace(area, number=number) for number, area in enumerate(areas, start=1))


def _area(
    effects: Effects,
    members: IntArray,
    peak: int,
    effect: Interval,
    p: FloatArray,
    p_by_infill: Sequence[tuple[str, FloatArray]],
) -> Area:
    boxes = effects.frame.boxes[members]
    at_peak = effects.by_patient[:, peak]
    known = at_peak[~np.isnan(at_peak)]
    ranked = sorted(
        (-value, case.case_id)
        for value, case in zip(effects.by_case[:, peak].tolist(), effects.cases, strict=True)
        if value > 0
    )
    return Area(
        number=0,
        box=_box([*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)]),
        n_windows=len(members),
        peak=_box(effects.frame.boxes[peak]),
        effect=effect,
        p=float(p[members].min()),
        share_of_patients=float((known > effects.margin).mean()),
        place=_place(effects, members),
        examples=tuple(case_id for _, case_id in ranked[:_EXAMPLES]),
        position=_position(effects.frame, peak),
        infills=tuple(name for name, own in p_by_infill if own[members].min() <= ALPHA),
        on_mark=_mean_at(effects, peak, [case.mark_share for case in effects.cases]),
        windows=tuple(_box(box) for box in boxes),
        same_lung=_mean_at(
            effects, peak, [np.array([name == "same-lung" for name in case.place]) for case in effects.cases]
        ),
        odd=_odd(effects, peak),
    )


def _odd(effects: Effects, cell: int) -> float | None:
    """Return the share of odd images, over all in-fills, among those that have an effect above the margin in a cell."""
    odd = np.concatenate(
        [
            case.odd[:, cells == cell].ravel()
            for case, cells, value in zip(
                effects.cases, effects.cells, effects.by_case[:, cell].tolist(), strict=True
            )
            if value > effects.margin
        ]
        or [np.empty(0)]
    )
    known = odd[~np.isnan(odd)]
    return float(known.mean()) if len(known) else None


def _touching(effects: Effects, shown: IntArray) -> list[IntArray]:
    """Return the cells that stand out, those that touch together; a corner in common is not enough."""
    boxes, over_organ = effects.frame.boxes[shown], _over_organ(effects)[shown]
    reach = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:]) - np.maximum(
        boxes[:, None, :2], boxes[None, :, :2]
    )
    touch = (reach >= -_EDGE).all(axis=2) & (reach > _EDGE).any(axis=2)
    n, labels = connected_components(touch & (over_organ[:, None] == over_organ[None, :]), directed=False)
    return [shown[labels == label] for label in range(n)]


def _over_organ(effects: Effects) -> BoolArray:
    """Return for each cell if most images have an organ there; only in the frame of the image."""
    over = np.zeros(len(effects.frame.groups), dtype=bool)
    if effects.frame.name == "image":
        organs = [[name not in ("border", *BACKGROUND) for name in case.place] for case in effects.cases]
        over[:] = np.mean(organs, axis=0) > 0.5
    return over


def _place(effects: Effects, members: IntArray) -> str:
    """Name the region in which the area's effect lies on most images, by its smallest windows."""
    groups = effects.frame.groups[members]
    finest = set(members[groups == groups.min()].tolist())
    votes: dict[str, float] = {}
    for case, cells, values in zip(effects.cases, effects.cells, effects.by_case, strict=True):
        for name, cell in zip(case.place, cells.tolist(), strict=True):
            if cell in finest and values[cell] > 0:
                votes[name] = votes.get(name, 0.0) + float(values[cell])
    return max(votes, key=lambda name: (votes[name], name)) if votes else "outside"


def _position(frame: CommonFrame, peak: int) -> str:
    x0, y0, x1, y1 = frame.boxes[peak].tolist()
    if frame.name == "image":
        return position_in_words((x0, y0, x1, y1))
    x, y = (x0 + x1) / 2 - 0.5, (y0 + y1) / 2 - 0.5
    if frame.name == "lungs":
        height = "upper" if y < -1 / 6 else "lower" if y > 1 / 6 else "middle"
        return f"{height} third of the lung on the image's {'left' if x < 0 else 'right'}"
    down = "" if abs(y) < (y1 - y0) / 2 else "above" if y < 0 else "below"
    across = "" if abs(x) < (x1 - x0) / 2 else "left of" if x < 0 else "right of"
    return f"{' and '.join(filter(None, [down, across]))} the mark" if down or across else "on the mark"


def _mean_at(effects: Effects, cell: int, of_windows: Sequence[FloatArray | BoolArray]) -> float:
    """Return the mean of a property of the windows in a cell, over the images that have an effect there."""
    values = [
        float(own[cells == cell].mean())
        for own, cells, known in zip(
            of_windows, effects.cells, ~np.isnan(effects.by_case[:, cell]), strict=True
        )
        if known and (cells == cell).any()
    ]
    return float(np.mean(values)) if values else 0.0


def _box(values: Sequence[float] | FloatArray) -> FrameBox:
    x0, y0, x1, y1 = (float(value) for value in values)
    return x0, y0, x1, y1
