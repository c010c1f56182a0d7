"""From scores to summaries and comparisons: estimates with intervals, always over patients and beside the controls.

Conventions of this file: a *group* is one model, metric, reader and explainer; explainers of the same model, metric
and reader share bootstrap draws and are compared on the cases that both have a value for. Results do not depend on
the order of the scores.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Literal, assert_never

import numpy as np

from xaudit.catalog import METRICS, MetricRow
from xaudit.config import StatisticsSection
from xaudit.records import (
    MODEL_LEVEL,
    Comparison,
    FloatArray,
    Interval,
    Score,
    ScoreResult,
    Summary,
    Unscored,
)
from xaudit.seeds import seed_for
from xaudit.statistics.bootstrap import MIN_CLUSTERS, ClusterBootstrap
from xaudit.statistics.digits import counted, shown, shown_interval
from xaudit.statistics.paired import cluster_means, holm, wilcoxon_p

_ROWS = {row.id: row for row in METRICS}
_PLACES = {row.id: place for place, row in enumerate(METRICS)}


@dataclass(slots=True)
class _Group:
    """The values of one explainer, by case."""

    family: str
    values: dict[str, float] = field(default_factory=dict)
    n_unscored: int = 0


@dataclass(frozen=True, slots=True)
class _Panel:
    """Every explainer's group for one model, metric and reader."""

    model_id: str
    metric_id: str
    reader: str
    row: MetricRow | None
    groups: Mapping[str, _Group]


def summarise(
    scores: Sequence[ScoreResult],
    *,
    controls: Collection[str],
    patients_known: bool,
    settings: StatisticsSection,
    seed: int,
    metric_names: Mapping[str, str] | None = None,
) -> tuple[Summary, ...]:
    """One summary per model, metric, reader and explainer that has a value for at least one case.

    Each explainer stands beside the best control: the one with the best mean over its own cases, by the metric's
    direction, the first by name where two are equal. The difference is paired on the cases that both have. A
    metric without a direction, a control itself and a question to the model have no control beside them.

    Args:
        controls: ids of the explainers that are controls.
        metric_names: catalog name of each metric id, where an audit gives a metric its own id.

    Returns:
        Sorted by model, metric (as in the catalog), reader and explainer.

    Raises:
        ValueError: if a case stands twice in a group or a value is not finite.
    """
    bootstrap = _bootstrap(settings, seed)
    panels, clusters = _panels(scores, metric_names or {}, patients_known=patients_known)
    summaries = []
    for panel in panels:
        control_id = _best_control(panel, controls)
        for explainer_id, group in sorted(panel.groups.items()):
            if not group.values:
                continue
            cases = sorted(group.values)
            names = [clusters[case] for case in cases]
            values = _values(group, cases)
            is_share = panel.row is not None and panel.row.is_share
            beside = None if explainer_id in controls or explainer_id == MODEL_LEVEL else control_id
            summaries.append(
                Summary(
                    model_id=panel.model_id,
                    explainer_id=explainer_id,
                    metric_id=panel.metric_id,
                    family=group.family,
                    reader=panel.reader,
                    interval=bootstrap.share(values, names) if is_share else bootstrap.mean(values, names),
                    n_cases=len(cases),
                    n_patients=len(set(names)),
                    n_unscored=group.n_unscored,
                    cluster="patient" if patients_known else "case",
                    control_id=beside,
                    control_difference=None
                    if beside is None
                    else _difference(group, panel.groups[beside], clusters, bootstrap),
                )
            )
    return tuple(summaries)


def compare(
    scores: Sequence[ScoreResult],
    *,
    explainers: Sequence[str],
    metrics: Sequence[str] | None,
    settings: StatisticsSection,
    seed: int,
    metric_names: Mapping[str, str] | None = None,
) -> tuple[Comparison, ...]:
    """Every pair of the explainers, in their order, for each model, metric and reader.

    A difference is called one only if its interval leaves out zero *and* its Wilcoxon p, Holm-adjusted over all
    comparisons of the same model within the metric's family, is at most 1 − confidence. Neither is enough alone: the
    interval knows nothing of how many pairs were tried, and the rank test nothing of size.

    Args:
        metrics: the metrics wanted, None for all; questions put to the model itself are left out.
        metric_names: catalog name of each metric id, where an audit gives a metric its own id.
    """
    bootstrap = _bootstrap(settings, seed)
    patients_known = all(result.key.patient_id is not None for result in scores)
    wanted = [
        result
        for result in scores
        if result.key.explainer_id in explainers and (metrics is None or result.key.metric_id in metrics)
    ]
    panels, clusters = _panels(wanted, metric_names or {}, patients_known=patients_known)
    compared = [
        _compared(panel, pair, clusters, bootstrap, patients_known)
        for panel in panels
        for pair in combinations(dict.fromkeys(explainers), 2)
        if any(explainer_id in panel.groups for explainer_id in pair)
    ]
    families: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, comparison in enumerate(compared):
        if comparison.p_value is not None:
            families[comparison.model_id, comparison.family].append(index)
    for indices in families.values():
        adjusted = holm([compared[index].p_value or 0.0 for index in indices])
        for index, p_adjusted in zip(indices, adjusted, strict=True):
            compared[index] = replace(compared[index], p_adjusted=p_adjusted)
    rows = {panel.metric_id: panel.row for panel in panels}
    readers: dict[str, set[str]] = defaultdict(set)
    for panel in panels:
        readers[panel.metric_id].add(panel.reader)
    return tuple(
        _concluded(
            comparison,
            rows[comparison.metric_id],
            alpha=1 - settings.confidence,
            name_reader=len(readers[comparison.metric_id]) > 1,
        )
        for comparison in compared
    )


def _bootstrap(settings: StatisticsSection, seed: int) -> ClusterBootstrap:
    return ClusterBootstrap(
        replicates=settings.replicates, confidence=settings.confidence, seed=seed_for(seed, "summaries")
    )


def _panels(
    scores: Iterable[ScoreResult], metric_names: Mapping[str, str], *, patients_known: bool
) -> tuple[list[_Panel], dict[str, str]]:
    """The scores by panel, in report order, and each case's cluster."""
    found: dict[tuple[str, str, str], dict[str, _Group]] = defaultdict(dict)
    clusters: dict[str, str] = {}
    for result in scores:
        key = result.key
        clusters[key.case_id] = key.patient_id if patients_known and key.patient_id else key.case_id
        groups = found[key.model_id, key.metric_id, key.reader]
        group = groups.setdefault(key.explainer_id, _Group(key.family))
        match result:
            case Score():
                where = f"{key.model_id}, {key.explainer_id}, {key.metric_id}, {key.case_id}"
                if key.case_id in group.values:
                    raise ValueError(f"{where}: scored twice")
                if not np.isfinite(result.value):
                    raise ValueError(f"{where}: the value is {result.value}; a missing one is Unscored")
                group.values[key.case_id] = result.value
            case Unscored():
                group.n_unscored += 1
            case _:
                assert_never(result)

    def in_order(panel: _Panel) -> tuple[str, int, str, str]:
        place = len(_PLACES) if panel.row is None else _PLACES[panel.row.id]
        return panel.model_id, place, panel.metric_id, panel.reader

    panels = [
        _Panel(model_id, metric_id, reader, _ROWS.get(metric_names.get(metric_id, metric_id)), groups)
        for (model_id, metric_id, reader), groups in found.items()
    ]
    return sorted(panels, key=in_order), clusters


def _values(group: _Group, cases: Sequence[str]) -> FloatArray:
    return np.array([group.values[case] for case in cases], dtype=np.float64)


def _best_control(panel: _Panel, controls: Collection[str]) -> str | None:
    if panel.row is None or panel.row.higher_is_better is None:
        return None
    sign = 1.0 if panel.row.higher_is_better else -1.0
    means = {
        control_id: sign * float(np.sort(list(panel.groups[control_id].values.values())).mean())
        for control_id in sorted(controls)
        if control_id in panel.groups and panel.groups[control_id].values
    }
    return max(means, key=lambda control_id: means[control_id]) if means else None


def _difference(
    group: _Group, other: _Group, clusters: Mapping[str, str], bootstrap: ClusterBootstrap
) -> Interval | None:
    cases = sorted(group.values.keys() & other.values.keys())
    if not cases:
        return None
    return bootstrap.difference(
        _values(group, cases), _values(other, cases), [clusters[case] for case in cases]
    )


def _compared(
    panel: _Panel,
    pair: tuple[str, str],
    clusters: Mapping[str, str],
    bootstrap: ClusterBootstrap,
    patients_known: bool,
) -> Comparison:
    """The figures of one pair; Holm's correction, the conclusion and the sentence come when all are known."""
    family = next(iter(panel.groups.values())).family
    group, other = (panel.groups.get(explainer_id, _Group(family)) for explainer_id in pair)
    cases = sorted(group.values.keys() & other.values.keys())
    names = [clusters[case] for case in cases]
    by_patient = np.zeros(0)
    if cases:
        by_patient = np.round(cluster_means(_values(group, cases) - _values(other, cases), names), 12)
    sign = -1.0 if panel.row is not None and panel.row.higher_is_better is False else 1.0
    return Comparison(
        model_id=panel.model_id,
        metric_id=panel.metric_id,
        family=family,
        reader=panel.reader,
        explainer_id=pair[0],
        other_id=pair[1],
        means=(float(_values(group, cases).mean()), float(_values(other, cases).mean())) if cases else None,
        difference=_difference(group, other, clusters, bootstrap),
        p_value=wilcoxon_p(by_patient),
        p_adjusted=None,
        n_wins=int((sign * by_patient > 0).sum()),
        n_ties=int((by_patient == 0).sum()),
        n_losses=int((sign * by_patient < 0).sum()),
        n_cases=len(cases),
        n_patients=len(by_patient),
        n_unpaired=len(group.values.keys() ^ other.values.keys()),
        cluster="patient" if patients_known else "case",
        conclusion="none",
        sentence="",
    )


def _concluded(
    comparison: Comparison, row: MetricRow | None, *, alpha: float, name_reader: bool
) -> Comparison:
    difference = comparison.difference
    metric = f"{comparison.metric_id} (reader {comparison.reader})" if name_reader else comparison.metric_id
    who = f"{comparison.explainer_id}'s and {comparison.other_id}'s {metric}"
    where = f"on the same {counted(comparison.n_patients, comparison.cluster)}"
    conclusion: Literal["higher", "lower", "undecided", "none"] = "undecided"
    if difference is None:
        conclusion, sentence = "none", f"{who} cannot be compared: no case has a value for both"
    elif difference.low is None or difference.high is None or comparison.p_adjusted is None:
        sentence = (
            f"{who} differ by {shown(difference.estimate)} {where}: "
            f"too few to tell it from chance, which takes at least {MIN_CLUSTERS}"
        )
    elif difference.low <= 0 <= difference.high:
        sentence = f"{who} differ by {_size(difference)} {where}: chance may explain it"
    elif comparison.p_adjusted > alpha:
        sentence = (
            f"{who} differ by {_size(difference)} {where}: chance may explain it "
            f"(Wilcoxon p = {shown(comparison.p_adjusted, beside=alpha)} after Holm's correction)"
        )
    else:
        higher = difference.low > 0
        conclusion = "higher" if higher else "lower"
        size = _size(difference if higher else _negated(difference))
        sentence = (
            f"{comparison.explainer_id}'s {metric} is {conclusion}{_worth(row, higher)} than "
            f"{comparison.other_id}'s by {size} {where}"
        )
    return replace(comparison, conclusion=conclusion, sentence=sentence)


def _worth(row: MetricRow | None, higher: bool) -> str:
    if row is None or row.higher_is_better is None:
        return ""
    return " (better)" if row.higher_is_better == higher else " (worse)"


def _size(difference: Interval) -> str:
    return shown_interval(difference, beside=0.0, estimate_too=False)


def _negated(interval: Interval) -> Interval:
    low = None if interval.high is None else -interval.high
    high = None if interval.low is None else -interval.low
    return replace(interval, estimate=-interval.estimate, low=low, high=high)
