"""The change of every metric between two runs, paired case by case on the same resamples."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from xaudit.catalog import METRICS
from xaudit.config import StatisticsSection
from xaudit.records import MODEL_LEVEL, FloatArray, Move, Score, ScoreResult
from xaudit.seeds import seed_for
from xaudit.statistics.bootstrap import MIN_CLUSTERS, ClusterBootstrap
from xaudit.statistics.digits import counted, shown, shown_difference
from xaudit.statistics.paired import cluster_means, holm, wilcoxon_p

_ROWS = METRICS.by_id
_PLACES = METRICS.places

Key = tuple[str, str, str, str]
"""Model, metric, reader and explainer of a group of scores."""


@dataclass(slots=True)
class _Group:
    """The values of one run for one key, by case."""

    family: str
    metric_hash: str
    values: dict[str, float] = field(default_factory=dict)


def moves(
    base: Iterable[ScoreResult],
    head: Iterable[ScoreResult],
    *,
    cases: Collection[str],
    settings: StatisticsSection,
    seed: int,
    metric_names: Mapping[str, str] | None = None,
) -> tuple[Move, ...]:
    """Compare each model, metric, reader and explainer that has a value in one run and was requested in both.

    All moves over the same number of patients use the same draws. The conclusion is ``higher`` or ``lower`` only if the
    interval leaves out zero *and* the Wilcoxon p, Holm-adjusted over all moves of the same model within the metric's
    family, is at most 1 − confidence. If no case changed, nothing is tested, and Holm's family does not grow. A
    metric that was measured with other settings is not compared.

    Args:
        cases: ids of the cases that both runs hold.
        metric_names: catalog name of each metric id, if an audit gives a metric its own id.

    Returns:
        Sorted by model, metric (as in the catalog), reader and explainer.
    """
    bootstrap = ClusterBootstrap(
        replicates=settings.replicates, confidence=settings.confidence, seed=seed_for(seed, "summaries")
    )
    head = list(head)
    before, after = _groups(base, cases), _groups(head, cases)
    patients_known = all(result.key.patient_id is not None for result in head)
    clusters = {result.key.case_id: result.key.patient_id or result.key.case_id for result in head}
    names = metric_names or {}

    def in_order(key: Key) -> tuple[str, int, str, str, str]:
        model_id, metric_id, reader, explainer_id = key
        rank = _PLACES.get(names.get(metric_id, metric_id), len(_PLACES))
        return model_id, rank, metric_id, reader, explainer_id

    compared: list[Move] = []
    for key in sorted(before.keys() & after.keys(), key=in_order):
        row = _ROWS.get(names.get(key[1], key[1]))
        if not before[key].values and not after[key].values:
            continue
        measured = _measured(key, before[key], after[key], clusters, bootstrap)
        compared.append(
            replace(
                measured,
                higher_is_better=None if row is None else row.higher_is_better,
                cluster="patient" if patients_known else "case",
            )
        )
    return tuple(_concluded(move, alpha=1 - settings.confidence) for move in _adjusted(compared))


def _groups(results: Iterable[ScoreResult], cases: Collection[str]) -> dict[Key, _Group]:
    groups: dict[Key, _Group] = {}
    for result in results:
        key = result.key
        if key.case_id not in cases:
            continue
        group = groups.setdefault(
            (key.model_id, key.metric_id, key.reader, key.explainer_id), _Group(key.family, key.metric_hash)
        )
        if isinstance(result, Score):
            group.values[key.case_id] = result.value
    return groups


def _measured(
    key: Key, before: _Group, after: _Group, clusters: Mapping[str, str], bootstrap: ClusterBootstrap
) -> Move:
    model_id, metric_id, reader, explainer_id = key
    comparable = before.metric_hash == after.metric_hash
    cases = sorted(before.values.keys() & after.values.keys()) if comparable else []
    names = [clusters[case] for case in cases]
    earlier, later = _values(before, cases), _values(after, cases)
    difference, by_patient = None, np.zeros(0)
    if cases:
        difference = bootstrap.difference(later, earlier, names)
        by_patient = np.round(cluster_means(later - earlier, names), 12)
    conclusion: Literal["none", "same", "undecided"] = "undecided" if cases else "none"
    if cases and not np.round(later - earlier, 12).any():
        conclusion = "same"
    return Move(
        model_id=model_id,
        explainer_id=explainer_id,
        metric_id=metric_id,
        family=after.family,
        reader=reader,
        higher_is_better=None,
        means=(float(earlier.mean()), float(later.mean())) if cases else None,
        difference=difference,
        p_value=wilcoxon_p(by_patient),
        p_adjusted=None,
        n_cases=len(cases),
        n_patients=len(by_patient),
        n_unpaired=len(before.values.keys() ^ after.values.keys()),
        cluster="",
        conclusion=conclusion,
        sentence="" if comparable else "it was measured with other settings",
    )


def _values(group: _Group, cases: Sequence[str]) -> FloatArray:
    return np.array([group.values[case] for case in cases], dtype=np.float64)


def _adjusted(compared: Sequence[Move]) -> list[Move]:
    """Apply Holm's correction within each model's metric family."""
    adjusted = list(compared)
    families: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, move in enumerate(compared):
        if move.conclusion == "same":
            adjusted[index] = replace(move, p_adjusted=move.p_value)
        elif move.p_value is not None:
            families[move.model_id, move.family].append(index)
    for indices in families.values():
        values = holm([compared[index].p_value or 0.0 for index in indices])
        for index, p_adjusted in zip(indices, values, strict=True):
            adjusted[index] = replace(compared[index], p_adjusted=p_adjusted)
    return adjusted


def _concluded(move: Move, *, alpha: float) -> Move:
    whose = move.model_id if move.explainer_id == MODEL_LEVEL else f"{move.explainer_id} on {move.model_id}"
    who = f"{move.metric_id} of {whose}"
    where = f"on the same {counted(move.n_patients, move.cluster)}"
    difference = move.difference
    if difference is None:
        reason = move.sentence or "no case has a value in both runs"
        return replace(move, sentence=f"{who} cannot be compared: {reason}")
    if move.conclusion == "same":
        return replace(move, sentence=f"{who} is the same {where}")
    if difference.low is None or difference.high is None or move.p_adjusted is None:
        return replace(
            move,
            sentence=f"{who} differs by {shown(difference.estimate)} {where}: too few to rule out chance; "
            f"at least {MIN_CLUSTERS} are needed",
        )
    if difference.low <= 0 <= difference.high:
        return replace(
            move, sentence=f"{who} differs by {shown_difference(difference)} {where}: chance may explain it"
        )
    if move.p_adjusted > alpha:
        p = shown(move.p_adjusted, beside=alpha)
        return replace(
            move,
            sentence=f"{who} differs by {shown_difference(difference)} {where}: chance may explain it "
            f"(Wilcoxon p = {p} after Holm's correction)",
        )
    higher = difference.low > 0
    size = shown_difference(difference, negated=not higher)
    worth = {None: "", higher: " (better)"}.get(move.higher_is_better, " (worse)")
    verb = "rose" if higher else "fell"
    return replace(
        move,
        conclusion="higher" if higher else "lower",
        sentence=f"{who} {verb} by {size} {where}{worth}",
    )
