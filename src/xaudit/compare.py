"""Paired comparisons of explainers, models or runs on the same cases and bootstrap draws.

Conventions of this file: a *contestant* is one explainer on one model in one run. The two of a pair differ in one of
the three, which is the comparison's *axis*. A difference is the first minus the second. Results do not depend on the
order of the scores.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Literal

import numpy as np

from xaudit.catalog import METRICS, MetricRow
from xaudit.config import StatisticsSection
from xaudit.records import ALL_CASES, Comparison, Interval, ScoreResult
from xaudit.seeds import seed_for
from xaudit.statistics.bootstrap import MIN_CLUSTERS, ClusterBootstrap, Sample
from xaudit.statistics.digits import counted, shown, shown_difference
from xaudit.statistics.mcnemar import mcnemar
from xaudit.statistics.paired import cluster_means, holm, wilcoxon_p
from xaudit.statistics.panels import Group, Panel, panels_of
from xaudit.statistics.rank_biserial import rank_biserial
from xaudit.statistics.sign_flip import sign_flip_p
from xaudit.statistics.strata import StratumCases

Axis = Literal["explainer", "model", "run"]

_PLACES = METRICS.places


@dataclass(frozen=True, slots=True, order=True)
class Contestant:
    """An explainer on one model in one run; the run's id is empty if there is only one run."""

    run_id: str
    model_id: str
    explainer_id: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two contestants that differ only in the axis."""

    first: Contestant
    second: Contestant
    axis: Axis


def pairs_of(
    axis: Axis, *, runs: Sequence[str], models: Sequence[str], explainers: Sequence[str]
) -> tuple[Pair, ...]:
    """Return every pair that differs only in the axis, in the order of the names given.

    Example:
        >>> [pair] = pairs_of("model", runs=[""], models=["honest", "shortcut"], explainers=["lime"])
        >>> pair.first.model_id, pair.second.model_id, pair.first.explainer_id
        ('honest', 'shortcut', 'lime')
    """
    names = {"run": runs, "model": models, "explainer": explainers}
    unique = {what: list(dict.fromkeys(these)) for what, these in names.items()}
    varied = list(combinations(unique.pop(axis), 2))
    fixed = [dict(zip(unique, values, strict=True)) for values in product(*unique.values())]
    return tuple(
        Pair(_contestant({**rest, axis: first}), _contestant({**rest, axis: second}), axis)
        for rest in fixed
        for first, second in varied
    )


def _contestant(names: Mapping[str, str]) -> Contestant:
    return Contestant(names["run"], names["model"], names["explainer"])


def compare(
    scores: Mapping[str, Sequence[ScoreResult]],
    pairs: Sequence[Pair],
    *,
    metrics: Sequence[str] | None,
    settings: StatisticsSection,
    seed: int,
    metric_names: Mapping[str, str] | None = None,
    strata: Mapping[str, StratumCases] | None = None,
) -> tuple[Comparison, ...]:
    """Compare every pair, for each metric and reader, on the cases for which both have a value.

    The conclusion is ``higher`` or ``lower`` only if the interval leaves out zero *and* the Wilcoxon p, Holm-adjusted
    over all comparisons of the same family, is at most 1 − confidence. Neither is enough alone: the interval ignores
    how many pairs were tried, and the rank test ignores size. A family is the metrics of one catalog family, for
    one model if explainers are compared; strata count as further comparisons of it. The sign-flip test and
    McNemar's are adjusted in the same families and inform only: choosing the smallest of three p would undo Holm.

    Args:
        scores: the scores of each run, by its id; a single run may have the id ``""``.
        metrics: the metrics wanted, None for all.
        metric_names: catalog name of each metric id, if an audit gives a metric its own id.
        strata: parts of the cases by model, each compared on its own *instead of* all cases; the parts are those
            of the first contestant's model.
    """
    contestants = {one for pair in pairs for one in (pair.first, pair.second)}
    patients_known = all(result.key.patient_id is not None for rows in scores.values() for result in rows)
    panels: dict[tuple[str, str, str, str], Panel] = {}
    clusters: dict[str, str] = {}
    for run_id, rows in scores.items():
        wanted = [
            result
            for result in rows
            if (metrics is None or result.key.metric_id in metrics)
            and Contestant(run_id, result.key.model_id, result.key.explainer_id) in contestants
        ]
        own_panels, own = panels_of(wanted, metric_names or {})
        clusters |= own
        panels |= {(run_id, p.model_id, p.metric_id, p.reader): p for p in own_panels}
    matches = _matches(pairs, panels, clusters, strata)
    intervals = _intervals(matches, settings, seed_for(seed, "summaries"))
    flip_seed = seed_for(seed, "sign-flip")
    compared = _adjusted(
        [
            _compared(match, next(intervals) if match.cases else None, flip_seed, patients_known)
            for match in matches
        ]
    )
    several_models = len({one.model_id for one in compared}) > 1
    readers = Counter(metric for metric, _ in {(one.panel.metric_id, one.panel.reader) for one in matches})
    return tuple(
        _concluded(
            comparison,
            match.panel.row,
            alpha=1 - settings.confidence,
            name_reader=readers[comparison.metric_id] > 1,
            name_model=several_models,
        )
        for comparison, match in zip(compared, matches, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Match:
    """A pair on one metric, reader and stratum.

    Attributes:
        panel: the panel of either contestant, for the properties that both share.
        cases: common cases, sorted.
        sample: the first's values minus the second's.
        n_unpaired: cases on which only one of the two has a value.
    """

    pair: Pair
    panel: Panel
    stratum: str
    groups: tuple[Group, Group]
    cases: tuple[str, ...]
    sample: Sample
    n_unpaired: int


def _intervals(matches: Sequence[_Match], settings: StatisticsSection, seed: int) -> Iterator[Interval]:
    bootstrap = ClusterBootstrap(replicates=settings.replicates, confidence=settings.confidence, seed=seed)
    return iter(bootstrap.means([match.sample for match in matches if len(match.cases)]))


def _matches(
    pairs: Sequence[Pair],
    panels: Mapping[tuple[str, str, str, str], Panel],
    clusters: Mapping[str, str],
    strata: Mapping[str, StratumCases] | None,
) -> list[_Match]:
    ranked: list[tuple[tuple[str, int, str, str, int, int], _Match]] = []
    questions = dict.fromkeys((metric, reader) for _, _, metric, reader in panels)
    for index, pair in enumerate(pairs):
        parts: list[tuple[str, frozenset[str] | None]] = [(ALL_CASES, None)]
        if strata is not None:
            parts = list(strata.get(pair.first.model_id, {}).items())
        for metric, reader in questions:
            sides = [
                panels.get((one.run_id, one.model_id, metric, reader)) for one in (pair.first, pair.second)
            ]
            groups = [
                side.groups.get(one.explainer_id) if side is not None else None
                for side, one in zip(sides, (pair.first, pair.second), strict=True)
            ]
            panel = sides[0] or sides[1]
            if panel is None or not any(groups):
                continue
            metric_rank = len(_PLACES) if panel.row is None else _PLACES[panel.row.id]
            model = pair.first.model_id if pair.axis == "explainer" else ""
            for rank, (stratum, cases) in enumerate(parts):
                match = _match(pair, panel, stratum, groups, cases, clusters)
                ranked.append(((model, metric_rank, metric, reader, rank, index), match))
    return [match for _, match in sorted(ranked, key=lambda item: item[0])]


def _match(
    pair: Pair,
    panel: Panel,
    stratum: str,
    groups: Sequence[Group | None],
    cases: frozenset[str] | None,
    clusters: Mapping[str, str],
) -> _Match:
    family = next(iter(panel.groups.values())).family
    first, second = (group or Group(family) for group in groups)
    either = first.values.keys() | second.values.keys()
    either = either if cases is None else either & cases
    common = sorted(case for case in either if case in first.values and case in second.values)
    sample = Sample(first.at(common) - second.at(common), [clusters[case] for case in common])
    return _Match(pair, panel, stratum, (first, second), tuple(common), sample, len(either) - len(common))


def _compared(match: _Match, difference: Interval | None, flip_seed: int, patients_known: bool) -> Comparison:
    """Compute the figures of one pair; Holm's correction, conclusion and sentence are added once all pairs are known."""
    (first, second), panel, pair = match.groups, match.panel, match.pair
    names = match.sample.clusters
    by_case = np.round(match.sample.values, 12)
    by_patient = np.round(cluster_means(match.sample.values, names), 12) if names else np.zeros(0)
    values = first.at(match.cases), second.at(match.cases)
    sign = -1.0 if panel.row is not None and panel.row.higher_is_better is False else 1.0
    are_hits = panel.is_share and bool(names) and max(float(one.max()) for one in values) == 1.0
    of_hits = mcnemar(*values, names) if are_hits else None
    return Comparison(
        model_id=pair.first.model_id,
        metric_id=panel.metric_id,
        family=first.family,
        reader=panel.reader,
        explainer_id=pair.first.explainer_id,
        other_id=pair.second.explainer_id,
        means=(float(values[0].mean()), float(values[1].mean())) if names else None,
        difference=difference,
        p_value=wilcoxon_p(by_patient),
        p_adjusted=None,
        n_wins=int((sign * by_case > 0).sum()),
        n_ties=int((by_case == 0).sum()),
        n_losses=int((sign * by_case < 0).sum()),
        n_cases=len(by_case),
        n_patients=len(by_patient),
        n_unpaired=match.n_unpaired,
        cluster="patient" if patients_known else "case",
        conclusion="none",
        sentence="",
        axis=pair.axis,
        run_id=pair.first.run_id,
        other_run_id=pair.second.run_id,
        other_model_id=pair.second.model_id,
        stratum=match.stratum,
        effect_size=rank_biserial(by_patient),
        p_sign_flip=sign_flip_p(match.sample.values, names, seed=flip_seed),
        p_mcnemar=None if of_hits is None else of_hits.mid,
        p_mcnemar_exact=None if of_hits is None else of_hits.exact,
    )


def _adjusted(compared: Sequence[Comparison]) -> list[Comparison]:
    """Adjust each kind of p by Holm's method within its family."""
    families: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, comparison in enumerate(compared):
        families[comparison.model_id if comparison.axis == "explainer" else "", comparison.family].append(
            index
        )
    changed = list(compared)
    for indices in families.values():
        for index, p in _holm_of(indices, [compared[index].p_value for index in indices]):
            changed[index] = replace(changed[index], p_adjusted=p)
        for index, p in _holm_of(indices, [compared[index].p_sign_flip for index in indices]):
            changed[index] = replace(changed[index], p_sign_flip_adjusted=p)
        for index, p in _holm_of(indices, [compared[index].p_mcnemar for index in indices]):
            changed[index] = replace(changed[index], p_mcnemar_adjusted=p)
        for index, p in _holm_of(indices, [compared[index].p_mcnemar_exact for index in indices]):
            changed[index] = replace(changed[index], p_mcnemar_exact_adjusted=p)
    return changed


def _holm_of(indices: Iterable[int], p_values: Iterable[float | None]) -> list[tuple[int, float]]:
    known = [(index, p) for index, p in zip(indices, p_values, strict=True) if p is not None]
    return list(zip((index for index, _ in known), holm([p for _, p in known]), strict=True))


def _concluded(
    comparison: Comparison, row: MetricRow | None, *, alpha: float, name_reader: bool, name_model: bool
) -> Comparison:
    difference = comparison.difference
    metric = f"{comparison.metric_id} (reader {comparison.reader})" if name_reader else comparison.metric_id
    if name_model and comparison.axis == "explainer":
        metric += f" on {comparison.model_id}"
    where = f"on the same {counted(comparison.n_patients, comparison.cluster)}"
    if comparison.stratum != ALL_CASES:
        where += f" with {comparison.stratum}"
    conclusion: Literal["higher", "lower", "same", "undecided", "none"] = "undecided"
    both, first, second = _named(comparison, metric)
    if difference is None:
        conclusion, sentence = "none", f"{both} cannot be compared: no case has a value for both"
    elif comparison.n_ties == comparison.n_cases:
        conclusion = "same"
        sentence = f"{both} show no difference {where}: equal in every case"
    elif difference.low is None or difference.high is None or comparison.p_adjusted is None:
        sentence = (
            f"{both} differ by {shown(difference.estimate)} {where}: "
            f"too few to rule out chance; at least {MIN_CLUSTERS} are needed"
        )
    elif difference.low <= 0 <= difference.high:
        sentence = f"{both} differ by {shown_difference(difference)} {where}: chance may explain it"
    elif comparison.p_adjusted > alpha:
        sentence = (
            f"{both} differ by {shown_difference(difference)} {where}: chance may explain it "
            f"(Wilcoxon p = {shown(comparison.p_adjusted, beside=alpha)} after Holm's correction)"
        )
    else:
        higher = difference.low > 0
        conclusion = "higher" if higher else "lower"
        size = shown_difference(difference, negated=not higher)
        sentence = f"{first} is {conclusion}{_worth(row, higher)} than {second} by {size} {where}"
    return replace(comparison, conclusion=conclusion, sentence=sentence)


def _named(c: Comparison, metric: str) -> tuple[str, str, str]:
    """Return the phrases that name both together, the first, and the second."""
    match c.axis:
        case "explainer":
            return (
                f"{c.explainer_id}'s and {c.other_id}'s {metric}",
                f"{c.explainer_id}'s {metric}",
                f"{c.other_id}'s",
            )
        case "model":
            return (
                f"{c.explainer_id}'s {metric} on {c.model_id} and on {c.other_model_id}",
                f"{c.explainer_id}'s {metric} on {c.model_id}",
                f"on {c.other_model_id}",
            )
        case "run":
            return (
                f"{c.explainer_id}'s {metric} on {c.model_id} in {c.run_id} and in {c.other_run_id}",
                f"{c.explainer_id}'s {metric} on {c.model_id} in {c.run_id}",
                f"in {c.other_run_id}",
            )


def _worth(row: MetricRow | None, higher: bool) -> str:
    if row is None or row.higher_is_better is None:
        return ""
    return " (better)" if row.higher_is_better == higher else " (worse)"
