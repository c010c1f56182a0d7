"""Reliance on regions by the true class of the images, for and against the answer."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from xaudit.config import StatisticsSection
from xaudit.records import Reliance
from xaudit.records.region_by_class import Direction, RegionByClass
from xaudit.seeds import seed_for
from xaudit.statistics.bootstrap import ClusterBootstrap, Sample

_Group: TypeAlias = tuple[str, str, str, str]
"""Model, true class, target and region."""

_MEASURES: Mapping[Direction, tuple[str, str]] = {
    "for": ("beyond_random", "logit_beyond_random"),
    "against": ("rise_beyond_random", "logit_rise_beyond_random"),
}


def reliance_by_class(
    reliances: Sequence[Reliance], *, patients_known: bool, settings: StatisticsSection, seed: int
) -> tuple[RegionByClass, ...]:
    """Summarise the effect of each region on the images of each true class; in-fills are averaged within a case.

    Rows of versions that did not store the true class are left out.

    Returns:
        Sorted by model, true class, target, then in the order of the rows; ``for`` before ``against``.
    """
    groups: dict[_Group, dict[str, list[Reliance]]] = {}
    for row in reliances:
        if row.label:
            cases = groups.setdefault((row.model_id, row.label, row.target, row.region), {})
            cases.setdefault(row.case_id, []).append(row)
    ordered = sorted(groups.items(), key=lambda item: item[0][:3])
    samples: list[Sample] = []
    for _, cases in ordered:
        ids = sorted(cases)
        clusters = [cases[name][0].patient_id or name for name in ids]
        for measures in _MEASURES.values():
            for measure in measures:
                values = [
                    sum(getattr(one, measure) for one in cases[name]) / len(cases[name]) for name in ids
                ]
                samples.append(Sample(np.array(values), clusters))
    alone = _alone(ordered)
    bootstrap = ClusterBootstrap(
        replicates=settings.replicates, confidence=settings.confidence, seed=seed_for(seed, "by class")
    )
    intervals = iter(bootstrap.means(samples))
    of_infills = dict(zip(alone, bootstrap.means(list(alone.values())), strict=True))
    rows: list[RegionByClass] = []
    for (model_id, label, target, region), cases in ordered:
        n_patients = len({one[0].patient_id or name for name, one in cases.items()})
        for direction in _MEASURES:
            probability, logit = next(intervals), next(intervals)
            rows.append(
                RegionByClass(
                    model_id,
                    label,
                    target,
                    region,
                    direction,
                    probability,
                    logit,
                    n_cases=len(cases),
                    n_patients=n_patients,
                    cluster="patient" if patients_known else "case",
                    by_infill=tuple(
                        (infill, effect)
                        for (group, way, infill), effect in of_infills.items()
                        if (group, way) == ((model_id, label, target, region), direction)
                    ),
                )
            )
    return tuple(rows)


def _alone(
    ordered: Sequence[tuple[_Group, Mapping[str, Sequence[Reliance]]]],
) -> dict[tuple[_Group, Direction, str], Sample]:
    """Return the change of the probability under each in-fill alone; nothing where there is one in-fill only."""
    samples: dict[tuple[_Group, Direction, str], Sample] = {}
    for group, cases in ordered:
        infills = dict.fromkeys(row.infill for rows in cases.values() for row in rows)
        for direction, (measure, _) in _MEASURES.items():
            for infill in infills if len(infills) > 1 else ():
                rows = [row for name in sorted(cases) for row in cases[name] if row.infill == infill]
                clusters = [row.patient_id or row.case_id for row in rows]
                values = np.array([getattr(row, measure) for row in rows])
                samples[group, direction, infill] = Sample(values, clusters)
    return samples
