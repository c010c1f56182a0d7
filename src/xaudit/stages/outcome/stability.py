"""Verdicts reached again without single patients, under single in-fills and at other thresholds, without asking the model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, TypeVar

import numpy as np

from xaudit.catalog import CHEXLOCALIZE
from xaudit.config import Gate
from xaudit.records import (
    ALL_CASES,
    MODEL_LEVEL,
    InfillEffect,
    Interval,
    Reliance,
    ScoreResult,
    Stability,
    Summary,
    Verdict,
)
from xaudit.seeds import seed_for
from xaudit.stages.outcome.dependence.by_infill import scored_effects
from xaudit.stages.outcome.judging import Judge, metric_names
from xaudit.statistics.bootstrap import MIN_CLUSTERS, ClusterBootstrap, Sample
from xaudit.statistics.panels import panels_of
from xaudit.verdict.stability import (
    MARGINS,
    at_margin,
    effects_at_margin,
    holds,
    is_rejudged,
    moved_gates,
    under_infill,
)

MOST_LEFT_OUT = 200
"""Patients left out one at a time; of more, those that move a mean most."""

N_REDRAWN = 4
"""Other seeds of the resampling behind the intervals."""

_Key = tuple[str, str, str]
_Sample = TypeVar("_Sample", bound=tuple[str, ...])
_RELIANCE = "reliance-"


@dataclass(frozen=True, slots=True)
class StoredValues:
    """Summaries and effects of a run, with the values of single cases behind them."""

    summaries: Sequence[Summary]
    scores: Sequence[ScoreResult]
    reliances: Sequence[Reliance]
    by_infill: Sequence[InfillEffect]


def with_stability(verdicts: Sequence[Verdict], judge: Judge, stored: StoredValues) -> tuple[Verdict, ...]:
    """Add to each verdict on a gate or on regions if it is reached again; the others stay as they are."""
    models = list(dict.fromkeys(one.model_id for one in verdicts if is_rejudged(one)))
    again = {model: _Rejudged(model, judge, stored) for model in models}
    return tuple(
        replace(one, stability=again[one.model_id].stability(one)) if is_rejudged(one) else one
        for one in verdicts
    )


@dataclass(frozen=True)
class _Rejudged:
    """The verdicts on one model after each change."""

    model: str
    judge: Judge
    stored: StoredValues

    def stability(self, verdict: Verdict) -> Stability | None:
        """Return the changes under which a verdict is reached again; None if its values are not those of single cases."""
        gate = self._gate(verdict)
        used = self._used(verdict, gate)
        if not used:
            return None
        patients = sorted({name for one in used for name in self._samples[_key(one)].clusters})
        left_out = [name for name in self._left_out if name in patients]
        if len(patients) <= MIN_CLUSTERS:
            left_out = []
        cluster: Literal["patient", "case"] = "patient" if used[0].cluster == "patient" else "case"
        of_regions = all(one.metric_id.startswith(_RELIANCE) for one in used)
        return Stability(
            cluster,
            len(left_out),
            len(patients),
            tuple(name for name in left_out if not holds(verdict, self._without[name])),
            N_REDRAWN,
            sum(holds(verdict, own) for own in self._redrawn),
            tuple((name, holds(verdict, own)) for name, own in self._under_infill.items())
            if of_regions
            else (),
            self._at_thresholds(verdict, gate),
        )

    def _gate(self, verdict: Verdict) -> Gate | None:
        gates = self.judge.audit.gates if verdict.kind == "gate" else ()
        return next((gate for gate in gates if str(gate) == verdict.rule), None)

    def _used(self, verdict: Verdict, gate: Gate | None) -> list[Summary]:
        """Return the summaries that a verdict follows from; none if one of them has no values of single cases."""
        if verdict.kind == "gate" and (gate is None or gate.stratum != ALL_CASES):
            return []
        if gate is None or gate.finding is not None:
            return self._regions
        own = [one for one in self._summaries if one.metric_id == gate.metric]
        return own if all(_key(one) in self._samples for one in own) else []

    def _at_thresholds(self, verdict: Verdict, gate: Gate | None) -> tuple[tuple[float, bool], ...]:
        if gate is not None and gate.finding is None:
            return tuple(
                (
                    moved.value,
                    holds(verdict, self._judged(self._summaries, self._effects, [moved]), rule=str(moved)),
                )
                for moved in moved_gates(gate)
            )
        return tuple((margin, holds(verdict, own)) for margin, own in self._at_margin.items())

    def _judged(
        self,
        summaries: Sequence[Summary],
        effects: Sequence[InfillEffect],
        gates: Sequence[Gate] | None = None,
    ) -> tuple[Verdict, ...]:
        return self.judge.verdicts(summaries, effects, gates=gates, models=[self.model])

    @cached_property
    def _summaries(self) -> list[Summary]:
        metrics = {gate.metric for gate in self.judge.audit.gates}
        return [
            one
            for one in self.stored.summaries
            if (one.model_id, one.stratum) == (self.model, ALL_CASES)
            and (one.metric_id in metrics or one.metric_id.startswith(_RELIANCE))
        ]

    @cached_property
    def _regions(self) -> list[Summary]:
        return [
            one
            for one in self._summaries
            if one.explainer_id == MODEL_LEVEL
            and one.metric_id.startswith(_RELIANCE)
            and _key(one) in self._samples
        ]

    @cached_property
    def _effects(self) -> list[InfillEffect]:
        return [one for one in self.stored.by_infill if one.model_id == self.model]

    @cached_property
    def _samples(self) -> dict[_Key, Sample]:
        """Return the values of single cases behind the summaries; those of a published protocol have none."""
        names = metric_names(self.judge.audit)
        wanted = {_key(one) for one in self._summaries}
        metrics = {one.metric_id for one in self._summaries}
        own_scores = [
            one
            for one in self.stored.scores
            if one.key.model_id == self.model and one.key.metric_id in metrics
        ]
        panels, clusters = panels_of(own_scores, names)
        samples = {}
        for panel in panels:
            if names.get(panel.metric_id, panel.metric_id).startswith(CHEXLOCALIZE):
                continue
            for explainer, group in panel.groups.items():
                key = (explainer, panel.metric_id, panel.reader)
                if key in wanted and group.values:
                    cases = sorted(group.values)
                    own = [clusters[case] for case in cases]
                    samples[key] = Sample(group.at(cases), own, panel.is_share)
        return samples

    @cached_property
    def _infill_samples(self) -> dict[tuple[str, str], Sample]:
        effects = scored_effects(self.stored.reliances, self.stored.scores)
        return {
            (region, infill): Sample(
                np.array([row.beyond_random for row in rows]), [row.patient_id or row.case_id for row in rows]
            )
            for (model, region, infill), rows in effects.items()
            if model == self.model
        }

    @cached_property
    def _left_out(self) -> list[str]:
        """Return the patients to leave out, sorted; of many, those whose values move a mean most."""
        influence: dict[str, float] = {}
        for sample in self._samples.values():
            deviations = sample.values - sample.values.mean()
            spread = float(np.abs(deviations).sum()) or 1.0
            own: dict[str, float] = {}
            for name, deviation in zip(sample.clusters, deviations.tolist(), strict=True):
                own[name] = own.get(name, 0.0) + deviation / spread
            for name, share in own.items():
                influence[name] = max(influence.get(name, 0.0), abs(share))
        return sorted(sorted(influence, key=lambda name: (-influence[name], name))[:MOST_LEFT_OUT])

    @cached_property
    def _without(self) -> Mapping[str, tuple[Verdict, ...]]:
        """Return the verdicts without each patient."""
        summaries = _intervals_without(self._samples, self._left_out, self._bootstrap("summaries"))
        effects = _intervals_without(self._infill_samples, self._left_out, self._bootstrap("by in-fill"))
        return {
            name: self._judged_with(
                {key: own[name] for key, own in summaries.items() if name in own},
                {key: own[name] for key, own in effects.items() if name in own},
            )
            for name in self._left_out
        }

    @cached_property
    def _redrawn(self) -> list[tuple[Verdict, ...]]:
        """Return the verdicts with intervals of other seeds of the resampling."""
        return [
            self._judged_with(
                _intervals(self._samples, self._bootstrap("summaries", f"redrawn {number}")),
                _intervals(self._infill_samples, self._bootstrap("by in-fill", f"redrawn {number}")),
            )
            for number in range(N_REDRAWN)
        ]

    @cached_property
    def _under_infill(self) -> Mapping[str, tuple[Verdict, ...]]:
        """Return the verdicts with each in-fill alone, if there are several; effects know no reader.

        Its intervals use the draws of the summaries, so that nothing but the in-fill differs.
        """
        infills = sorted({one.infill for one in self._effects})
        readers = {one.reader for one in self._regions if one.metric_id == "reliance-mark"}
        if len(infills) < 2 or len(readers) > 1:
            return {}
        own = _intervals(self._infill_samples, self._bootstrap("summaries"))
        effects = [
            replace(one, effect=own.get((one.region, one.infill), one.effect)) for one in self._effects
        ]
        return {
            infill: self._judged(
                under_infill(self._regions, {one.region: one for one in effects if one.infill == infill}), ()
            )
            for infill in infills
        }

    def _judged_with(
        self, summaries: Mapping[_Key, Interval], effects: Mapping[tuple[str, str], Interval]
    ) -> tuple[Verdict, ...]:
        """Judge with other intervals; those that are not given stay."""
        return self._judged(
            [replace(one, interval=summaries.get(_key(one), one.interval)) for one in self._summaries],
            [replace(one, effect=effects.get((one.region, one.infill), one.effect)) for one in self._effects],
        )

    def _bootstrap(self, *names: str) -> ClusterBootstrap:
        settings, seed = self.judge.audit.statistics, self.judge.audit.seed
        return ClusterBootstrap(
            replicates=settings.replicates, confidence=settings.confidence, seed=seed_for(seed, *names)
        )

    @cached_property
    def _at_margin(self) -> Mapping[float, tuple[Verdict, ...]]:
        """Return the verdicts at other margins."""
        gates = [gate for gate in self.judge.audit.gates if gate.finding is not None]
        return {
            margin: self._judged(
                at_margin(self._regions, margin), effects_at_margin(self._effects, margin), gates
            )
            for margin in MARGINS
        }


def _key(summary: Summary) -> _Key:
    return summary.explainer_id, summary.metric_id, summary.reader


def _intervals(samples: Mapping[_Sample, Sample], bootstrap: ClusterBootstrap) -> dict[_Sample, Interval]:
    return dict(zip(samples, bootstrap.means(list(samples.values())), strict=True))


def _intervals_without(
    samples: Mapping[_Sample, Sample], left_out: Sequence[str], bootstrap: ClusterBootstrap
) -> dict[_Sample, dict[str, Interval]]:
    """Return each mean without each patient; samples of one patient only are left out."""
    return {
        key: bootstrap.means_without(sample, left_out)
        for key, sample in samples.items()
        if len(set(sample.clusters)) > 1
    }
