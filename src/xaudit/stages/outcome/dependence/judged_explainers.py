"""Judgement of every explainer and control by the reliance that its maps capture, beside the prior."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xaudit.catalog import CAPTURED, PRIOR
from xaudit.compare import Contestant, Pair, compare, pairs_of
from xaudit.config import AuditFile
from xaudit.metrics.reliance_map.captured import NO_RELIANCE
from xaudit.records import (
    ALL_CASES,
    Comparison,
    ExplainerJudgement,
    MapFacts,
    ScoreResult,
    Summary,
    Unscored,
)
from xaudit.verdict import Decision, decide


@dataclass(frozen=True)
class _Measured:
    """The summaries and scores of one model, of the metric that explainers are judged by."""

    model_id: str
    summaries: Mapping[str, Summary]
    scores: Sequence[ScoreResult]
    n_without: Mapping[str, int]
    costs: Mapping[str, tuple[float | None, float | None]]


def judged_explainers(
    audit: AuditFile, summaries: Iterable[Summary], scores: Sequence[ScoreResult], maps: Sequence[MapFacts]
) -> tuple[ExplainerJudgement, ...]:
    """Judge each model's explainers, then its controls, in the audit's order; none whose maps were not compared.

    If one explainer shows what the model uses, another does not, and `xaudit compare` says that chance may explain their
    difference, both are undecided: no two words may say more than the comparison of the two.
    """
    own = [one for one in scores if one.key.metric_id == CAPTURED]
    by_model: dict[str, list[ScoreResult]] = defaultdict(list)
    for one in own:
        by_model[one.key.model_id].append(one)
    chosen = [one for one in summaries if one.metric_id == CAPTURED and one.stratum == ALL_CASES]
    judgements: list[ExplainerJudgement] = []
    for model in audit.models:
        measured = _Measured(
            model.id,
            {one.explainer_id: one for one in chosen if one.model_id == model.id},
            by_model[model.id],
            Counter(
                one.key.explainer_id
                for one in by_model[model.id]
                if isinstance(one, Unscored) and one.reason == NO_RELIANCE
            ),
            _costs([one for one in maps if one.model_id == model.id]),
        )
        explainers = [spec.id for spec in audit.explainers]
        judgements += _without_contradiction(_judged(audit, measured, explainers), audit, measured)
        judgements += _judged(audit, measured, audit.control_ids)
    return tuple(judgements)


def _judged(audit: AuditFile, measured: _Measured, names: Sequence[str]) -> list[ExplainerJudgement]:
    known = [name for name in names if name in {one.key.explainer_id for one in measured.scores}]
    beside = _beside_prior(audit, measured, known)
    prior = measured.summaries.get(PRIOR)
    judgements = []
    for name in known:
        summary = measured.summaries.get(name)
        against = beside.get(name)
        decision = Decision("undecided", NO_RELIANCE if measured.n_without[name] else "no case has a value")
        if summary is not None:
            decision = decide(
                summary.interval,
                None if prior is None else prior.interval,
                against,
                audit.reliance.explainers,
                alpha=1 - audit.statistics.confidence,
            )
        n_evals, seconds = measured.costs.get(name, (None, None))
        judgements.append(
            ExplainerJudgement(
                model_id=measured.model_id,
                explainer_id=name,
                captured=None if summary is None else summary.interval,
                prior=None if prior is None else prior.interval,
                difference=None if against is None else against.difference,
                n_cases=0 if summary is None else summary.n_cases,
                n_patients=0 if summary is None else summary.n_patients,
                n_without_reliance=measured.n_without[name],
                n_needed=decision.n_needed,
                state=decision.state,
                reason=decision.reason,
                cluster="patient" if summary is None else summary.cluster,
                n_evals=n_evals,
                seconds=seconds,
            )
        )
    return judgements


def _beside_prior(audit: AuditFile, measured: _Measured, names: Sequence[str]) -> dict[str, Comparison]:
    """Compare each with the prior, as one family, exactly as `xaudit compare` does."""
    prior = Contestant("", measured.model_id, PRIOR)
    pairs = [Pair(Contestant("", measured.model_id, name), prior, "explainer") for name in names]
    compared = compare(
        {"": measured.scores}, pairs, metrics=[CAPTURED], settings=audit.statistics, seed=audit.seed
    )
    return {one.explainer_id: one for one in compared}


def _without_contradiction(
    judgements: list[ExplainerJudgement], audit: AuditFile, measured: _Measured
) -> list[ExplainerJudgement]:
    states = {one.explainer_id: one.state for one in judgements}
    if {"shows", "does-not-show"} - set(states.values()):
        return judgements
    compared = compare(
        {"": measured.scores},
        pairs_of("explainer", runs=[""], models=[measured.model_id], explainers=list(states)),
        metrics=[CAPTURED],
        settings=audit.statistics,
        seed=audit.seed,
    )
    doubtful: dict[str, str] = {}
    for one in compared:
        told = {states[one.explainer_id], states[one.other_id]}
        if told == {"shows", "does-not-show"} and one.conclusion not in ("higher", "lower"):
            doubtful.setdefault(one.explainer_id, one.other_id)
            doubtful.setdefault(one.other_id, one.explainer_id)
    return [
        replace(
            one,
            state="undecided",
            reason=f"chance may explain its difference to {doubtful[one.explainer_id]}, of which the opposite would be said",
        )
        if one.explainer_id in doubtful
        else one
        for one in judgements
    ]


def _costs(maps: Sequence[MapFacts]) -> dict[str, tuple[float | None, float | None]]:
    """Return the mean evaluations and seconds of each explainer's maps, as far as they are known."""
    by_explainer: dict[str, list[MapFacts]] = defaultdict(list)
    for one in maps:
        by_explainer[one.explainer_id].append(one)
    return {
        name: (_mean([one.n_evals for one in own]), _mean([one.seconds for one in own]))
        for name, own in by_explainer.items()
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
