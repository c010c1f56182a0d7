"""Effects of whole-image properties on each model's answer, by true class, with intervals over patients."""

from collections.abc import Sequence

import numpy as np

from xaudit.catalog.image_changes import IMAGE_CHANGES, IMAGE_PROPERTIES, ends
from xaudit.config import StatisticsSection
from xaudit.metrics.image_change import movement, with_finding_kept
from xaudit.records import (
    MODEL_LEVEL,
    NO_READER,
    FloatArray,
    ImageChange,
    Interval,
    PropertyEffect,
    Summary,
)
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


def property_summaries(effects: Sequence[PropertyEffect]) -> tuple[Summary, ...]:
    """Return, for each model and property, the effect that all true classes share, which gates are compared with.

    The classes' effects on one target that lie in one direction share the smallest of them; where they do not, they share
    none. The limits follow from the limits in the same way. With several targets, the largest counts. Fewer than two
    classes with an interval give no summary.
    """
    groups: dict[tuple[str, str], dict[str, list[PropertyEffect]]] = {}
    for effect in effects:
        if effect.probability.low is not None:
            by_target = groups.setdefault((effect.model_id, effect.property), {})
            by_target.setdefault(effect.target, []).append(effect)
    return tuple(
        max((_shared(group) for group in decided), key=lambda one: one.interval.estimate)
        for by_target in groups.values()
        if (decided := [group for group in by_target.values() if len(group) > 1])
    )


def _shared(group: Sequence[PropertyEffect]) -> Summary:
    """Return the summary of one property's effect on one target, of two classes or more with an interval."""
    intervals = [one.probability for one in group]
    lows = [one.low or 0.0 for one in intervals]
    highs = [one.high or 0.0 for one in intervals]
    estimates = [one.estimate for one in intervals]
    shared = Interval(
        max(0.0, min(estimates), -max(estimates)),
        max(0.0, min(lows), -max(highs)),
        max(0.0, min(highs), -max(lows)),
        intervals[0].method,
    )
    return Summary(
        model_id=group[0].model_id,
        explainer_id=MODEL_LEVEL,
        metric_id=f"image-{group[0].property}",
        family="image",
        reader=NO_READER,
        interval=shared,
        n_cases=sum(one.n_cases for one in group),
        n_patients=min(one.n_patients for one in group),
        n_unscored=0,
        cluster=group[0].cluster,
    )
