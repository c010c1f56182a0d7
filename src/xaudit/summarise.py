"""Summaries of scores: estimates with intervals, always over patients and beside the controls.

Conventions of this file: a *group* is one model, metric, reader and explainer; explainers of the same model, metric
and reader share bootstrap draws and are compared on the cases that both have a value for. Results do not depend on
the order of the scores.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xaudit.config import StatisticsSection
from xaudit.records import ALL_CASES, MODEL_LEVEL, Interval, ScoreResult, Summary
from xaudit.seeds import seed_for
from xaudit.statistics.bootstrap import ClusterBootstrap, Sample
from xaudit.statistics.panels import Group, Panel, panels_of
from xaudit.statistics.strata import StratumCases


@dataclass(frozen=True, slots=True)
class _Draft:
    """A summary before its intervals are known, and the samples that give them."""

    panel: Panel
    explainer_id: str
    stratum: str
    group: Group
    control_id: str | None
    own: Sample
    beside: Sample | None


def summarise(
    scores: Sequence[ScoreResult],
    *,
    controls: Collection[str],
    patients_known: bool,
    settings: StatisticsSection,
    seed: int,
    metric_names: Mapping[str, str] | None = None,
    strata: Mapping[str, StratumCases] | None = None,
) -> tuple[Summary, ...]:
    """Summarise each model, metric, reader and explainer that has a value for at least one case.

    Each explainer is compared with the best control: the one with the best mean over its own cases, by the metric's
    direction, the first by name if two are equal. The difference is paired on the cases that both have. Metrics without
    a direction, controls and scores of the model itself are not compared. Within a stratum, the control is still the
    best of all cases, so that a stratum does not choose its own.

    Args:
        controls: ids of the explainers that are controls.
        metric_names: catalog name of each metric id, if an audit gives a metric its own id.
        strata: the cases of each stratum, by model; every summary is repeated for each stratum that holds one of its cases.

    Returns:
        Sorted by model, metric (as in the catalog), reader and explainer, all cases before the strata in their order.

    Raises:
        ValueError: if a case occurs twice in a group or a value is not finite.
    """
    bootstrap = ClusterBootstrap(
        replicates=settings.replicates, confidence=settings.confidence, seed=seed_for(seed, "summaries")
    )
    panels, clusters = panels_of(scores, metric_names or {})
    drafts: list[_Draft] = []
    for panel in panels:
        control_id = _best_control(panel, controls)
        for explainer_id, group in sorted(panel.groups.items()):
            beside = None if explainer_id in controls or explainer_id == MODEL_LEVEL else control_id
            parts: list[tuple[str, frozenset[str] | None]] = [(ALL_CASES, None)]
            parts += list((strata or {}).get(panel.model_id, {}).items())
            for stratum, cases in parts:
                part = _within(group, cases)
                if part.values:
                    drafts.append(_draft(panel, explainer_id, stratum, part, beside, clusters))
    intervals = bootstrap.means([draft.own for draft in drafts])
    differences = iter(bootstrap.means([draft.beside for draft in drafts if draft.beside is not None]))
    return tuple(
        _summary(draft, interval, None if draft.beside is None else next(differences), patients_known)
        for draft, interval in zip(drafts, intervals, strict=True)
    )


def _within(group: Group, cases: frozenset[str] | None) -> Group:
    if cases is None:
        return group
    values = {case: value for case, value in group.values.items() if case in cases}
    return Group(group.family, values, group.unscored & cases)


def _draft(
    panel: Panel,
    explainer_id: str,
    stratum: str,
    group: Group,
    control_id: str | None,
    clusters: Mapping[str, str],
) -> _Draft:
    cases = sorted(group.values)
    own = Sample(group.at(cases), [clusters[case] for case in cases], panel.is_share)
    beside = None
    if control_id is not None:
        control = panel.groups[control_id]
        common = [case for case in cases if case in control.values]
        if common:
            beside = Sample(group.at(common) - control.at(common), [clusters[case] for case in common])
    return _Draft(panel, explainer_id, stratum, group, control_id, own, beside)


def _summary(draft: _Draft, interval: Interval, difference: Interval | None, patients_known: bool) -> Summary:
    return Summary(
        model_id=draft.panel.model_id,
        explainer_id=draft.explainer_id,
        metric_id=draft.panel.metric_id,
        family=draft.group.family,
        reader=draft.panel.reader,
        interval=interval,
        n_cases=len(draft.own.clusters),
        n_patients=len(set(draft.own.clusters)),
        n_unscored=len(draft.group.unscored),
        cluster="patient" if patients_known else "case",
        control_id=draft.control_id,
        control_difference=difference,
        stratum=draft.stratum,
    )


def _best_control(panel: Panel, controls: Collection[str]) -> str | None:
    if panel.row is None or panel.row.higher_is_better is None:
        return None
    sign = 1.0 if panel.row.higher_is_better else -1.0
    means = {
        control_id: sign * float(np.sort(list(panel.groups[control_id].values.values())).mean())
        for control_id in sorted(controls)
        if control_id in panel.groups and panel.groups[control_id].values
    }
    return max(means, key=lambda control_id: means[control_id]) if means else None
