"""Effects of whole-image properties on each model's answer, by true class, with intervals over patients."""

from collections.abc import Sequence

import numpy as np

from xaudit.catalog.image_changes import IMAGE_CHANGES, IMAGE_PROPERTIES, ends
from xaudit.config import StatisticsSection
from xaudit.metrics.image_change import movement, with_finding_kept
from xaudit.records import FloatArray, ImageChange, Interval, PropertyEffect
from xaudit.seeds import seed_for
from xaudit.statistics.bootstrap import ClusterBootstrap

_Group = tuple[str, str, str, str]
"""Model, property, target and true class."""


def property_effects(
    rows: Sequence[ImageChange], *, patients_known: bool, settings: StatisticsSection, seed: int
) -> tuple[PropertyEffect, ...]:
    """Return the effect of each property on each model's answer for each target and true class.

    Returns:
        By model in the order of the rows, then property as in the catalog, then target and true class by name.
    """
    bootstrap = ClusterBootstrap(
        replicates=settings.replicates, confidence=settings.confidence, seed=seed_for(seed, "summaries")
    )
    groups: dict[_Group, list[ImageChange]] = {}
    for row in rows:
        group = (row.model_id, IMAGE_CHANGES[row.change].property, row.target, row.label)
        groups.setdefault(group, []).append(row)
    models, properties = list(dict.fromkeys(row.model_id for row in rows)), list(IMAGE_PROPERTIES)
    order = sorted(groups, key=lambda one: (models.index(one[0]), properties.index(one[1]), one[2:]))
    spreads = {key: _spread(key, rows) for key in dict.fromkeys(group[:2] for group in order)}
    return tuple(
        _effect(group, groups[group], spreads[group[:2]], bootstrap, patients_known) for group in order
    )


def _spread(key: tuple[str, str], rows: Sequence[ImageChange]) -> float:
    """Return the standard deviation of a property's natural values between a model's images of all classes."""
    model_id, name = key
    natural = {
        row.case_id: row.value
        for row in rows
        if row.model_id == model_id and IMAGE_CHANGES[row.change].property == name
    }
    return float(np.std([natural[case] for case in sorted(natural)]))


def _effect(
    group: _Group,
    rows: Sequence[ImageChange],
    spread: float,
    bootstrap: ClusterBootstrap,
    patients_known: bool,
) -> PropertyEffect:
    by_case: dict[str, list[ImageChange]] = {}
    for row in rows:
        by_case.setdefault(row.case_id, []).append(row)
    cases = sorted(by_case)
    clusters = [by_case[case][0].cluster for case in cases]
    kept = [with_finding_kept(by_case[case]) for case in cases]
    whole = [[row for row in by_case[case] if not row.finding_kept] for case in cases]
    less, more = ends(group[1], kept[0])

    def between(name: str) -> FloatArray:
        """Return each case's change of a column from the end with less of the property to that with more."""
        return np.array([_at(own, more, name) - _at(own, less, name) for own in kept])

    def mean(values: FloatArray) -> Interval:
        return bootstrap.mean(values, clusters)

    moved = abs(float(between("value_change").mean()))
    return PropertyEffect(
        model_id=group[0],
        property=group[1],
        images=group[3],
        target=group[2],
        less=less or "",
        more=more or "",
        n_cases=len(cases),
        n_patients=len(set(clusters)),
        n_marked=sum(any(row.finding_kept for row in by_case[case]) for case in cases),
        cluster="patient" if patients_known else "case",
        probability=mean(between("probability_change")),
        log_odds=mean(between("log_odds_change")),
        movement=mean(np.array([movement(own.values()) for own in kept])),
        with_finding=mean(np.array([movement(own) for own in whole])),
        n_spreads=moved / spread if spread > 0 else None,
    )


def _at(effects: dict[str, ImageChange], step: str | None, name: str) -> float:
    """Return a column's value at a step; 0 on the untouched image, which every column is compared with."""
    return 0.0 if step is None else float(getattr(effects[step], name))
