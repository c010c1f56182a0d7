"""Reliance maps of all cases, averaged over patients, for each model and true class."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xaudit.metrics.reliance_map.case_map import case_reliance
from xaudit.records import FloatArray, MeanReliance, PatientSide, WindowEffects, WindowQuestion
from xaudit.stages.views.gallery_view import shrunk

DIRECTIONS = ("for", "against")
"""Falls of the probability, and rises."""


@dataclass(frozen=True, slots=True, order=True)
class _About:
    """Images that are averaged together."""

    model_id: str
    images: str
    target: str
    question: WindowQuestion
    frame_hw: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class _CaseMap:
    """A map of one case, averaged down, and the probability on the untouched image."""

    case_id: str
    cluster: str
    probability: float
    values: FloatArray


def mean_reliance(
    effects: Iterable[WindowEffects], left_edges: Mapping[tuple[str, str], PatientSide | None]
) -> tuple[MeanReliance, ...]:
    """Return two maps for each model, true class, target and question: of falls of the probability, and of rises.

    A patient's maps are averaged first, so that each patient counts the same.

    Args:
        left_edges: side of the patient at an image's left edge, by model and case.
    """
    cases: dict[tuple[_About, str], list[WindowEffects]] = defaultdict(list)
    patients_known = True
    for one in effects:
        about = _About(one.model_id, one.label, one.target, one.question, one.frame_hw)
        if not np.isnan(one.probability_drop).all():
            cases[about, one.case_id].append(one)
            patients_known &= one.patient_id is not None
    maps: dict[_About, dict[str, list[_CaseMap]]] = defaultdict(lambda: defaultdict(list))
    for (about, case_id), own in sorted(cases.items(), key=lambda item: item[0]):
        for direction in DIRECTIONS:
            values = shrunk(reliance_values(own, direction))
            maps[about][direction].append(_CaseMap(case_id, own[0].cluster, own[0].probability, values))
    cluster = "patient" if patients_known else "case"
    return tuple(
        _mean(about, direction, of_cases, cluster, left_edges)
        for about, by_direction in maps.items()
        for direction, of_cases in by_direction.items()
    )


def reliance_values(effects: Sequence[WindowEffects], direction: str) -> FloatArray:
    """Return the map of one case, (H, W) of the model's frame: falls of the probability, or rises.

    Args:
        effects: those of one model, case and question.
        direction: ``for`` or ``against``.
    """
    if direction == "against":
        effects = [replace(one, probability_drop=-one.probability_drop) for one in effects]
    return case_reliance(effects).values


def _mean(
    about: _About,
    direction: str,
    maps: Sequence[_CaseMap],
    cluster: str,
    left_edges: Mapping[tuple[str, str], PatientSide | None],
) -> MeanReliance:
    by_patient: dict[str, list[_CaseMap]] = defaultdict(list)
    for one in maps:
        by_patient[one.cluster].append(one)
    weights = [1 / (len(by_patient) * len(by_patient[one.cluster])) for one in maps]
    values = sum(w * one.values.astype(np.float64) for w, one in zip(weights, maps, strict=True))
    values = np.asarray(values, dtype=np.float32)
    nearest = min(maps, key=lambda one: (float(((one.values - values) ** 2).sum()), one.case_id))
    sides = {left_edges.get((about.model_id, one.case_id)) for one in maps}
    return MeanReliance(
        model_id=about.model_id,
        images=about.images,
        target=about.target,
        question=about.question,
        direction=direction,
        frame_hw=about.frame_hw,
        rows=tuple(tuple(row) for row in values.tolist()),
        n_cases=len(maps),
        n_patients=len(by_patient),
        cluster=cluster,
        probability=sum(w * one.probability for w, one in zip(weights, maps, strict=True)),
        typical=nearest.case_id,
        left_edge=sides.pop() if len(sides) == 1 else None,
    )
