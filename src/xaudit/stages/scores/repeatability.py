"""Do models that agree in their answers agree in their maps: every two models of an audit on the cases of both.

Models of one family are the same network trained anew, and their agreement is repeatability; others' is
reproducibility. It costs no evaluations: stored maps are compared.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from xaudit.catalog import explainer_row, with_model_id
from xaudit.config import AuditFile, ExplainerSpec, fingerprint
from xaudit.geometry import fit_geometry, map_to_original, on_grid
from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.guard import signal
from xaudit.metrics.map_change import rank_agreement
from xaudit.models.classifier import Classifier
from xaudit.records import (
    MODEL_LEVEL,
    NO_READER,
    BoolArray,
    Case,
    FloatArray,
    Prediction,
    SaliencyMap,
    ScoreKey,
    ScoreResult,
)
from xaudit.stages.scores.audited_model import AuditedModel, Cut
from xaudit.stages.scores.checked_maps import as_score
from xaudit.stages.scores.further_scores import Group, Piece
from xaudit.store.parts import shard_key


@dataclass(frozen=True)
class ModelPairs:
    """The pieces in which each model of an audit is held against every other one of the same data set."""

    audit: AuditFile
    models: Sequence[AuditedModel]

    def groups(self) -> list[tuple[AuditedModel, Group]]:
        """Return a group for each chunk of each model that is compared with another, once all maps are stored."""
        return [
            (model, Group(1, partial(self._of_chunk, model, index)))
            for model in self.models
            for index in range(len(model.chunks) if self._others(model) else 0)
        ]

    def _of_chunk(self, model: AuditedModel, index: int) -> Iterator[Piece]:
        cut, others = model.cuts[index], self._others(model)
        chunk = model.chunk(cut.pairs)
        beside = {one.classifier.id: [c.inputs for c in self._touching(one, cut)] for one in others}
        key = shard_key(
            {
                "inputs": cut.inputs,
                "beside": beside,
                "kinds": {one.classifier.id: self._kind(model, one) for one in others},
                "explainers": [[spec.id, spec.fingerprint] for spec in self._own(model)],
            }
        )
        name = f"{model.classifier.id}: beside the other models"
        yield Piece(name, chunk, key, partial(self._scores, model, cut))

    def _touching(self, model: AuditedModel, cut: Cut) -> list[Cut]:
        wanted = {case.case_id for case, _ in cut.pairs}
        return [one for one in model.cuts if not wanted.isdisjoint(case.case_id for case, _ in one.pairs)]

    @property
    def _asked(self) -> tuple[ExplainerSpec, ...]:
        section = self.audit.repeatability
        if section is None or not section.explainers:
            return self.audit.explainers
        return tuple(s for s in self.audit.explainers_and_controls if s.id in section.explainers)

    def _own(self, model: AuditedModel) -> tuple[ExplainerSpec, ...]:
        """Those that are asked and explain this model; maps from files are there for their own model only."""
        names = {spec.id for spec in self._asked}
        return tuple(spec for spec in model.audit.explainers_and_controls if spec.id in names)

    def _others(self, model: AuditedModel) -> list[AuditedModel]:
        if self.audit.repeatability is None:
            return []
        return [one for one in self.models if one is not model and one.dataset.id == model.dataset.id]

    def _kind(self, model: AuditedModel, other: AuditedModel) -> str:
        families = {model.id: model.family_name for model in self.audit.models}
        same = families[model.classifier.id] == families[other.classifier.id]
        return "repeatability" if same else "reproducibility"

    def _scores(self, model: AuditedModel, cut: Cut) -> list[ScoreResult]:
        results = self._of_answers(model, cut)
        for spec in self._own(model):
            results += self._of_maps(model, cut, spec)
        return results

    def _of_answers(self, model: AuditedModel, cut: Cut) -> list[ScoreResult]:
        """Compare the predicted class and the target's probability with those of the other models."""
        found: _Found = defaultdict(list)
        for other in self._others(model):
            kind, name = self._kind(model, other), other.classifier.id
            answers = {case.case_id: said for case, said in other.pairs}
            for case, said in cut.pairs:
                theirs = answers.get(case.case_id)
                same: Measured = Absent(f"{name} was not asked about this case")
                apart: Measured = same
                if theirs is not None:
                    same = float(said.predicted == theirs.predicted)
                    apart = abs(_probability(said, said.target) - _probability(theirs, said.target))
                found[case.case_id, f"{kind}-class"].append((name, same))
                found[case.case_id, f"{kind}-probability"].append((name, apart))
        return _results(found, cut.pairs, model.classifier.id, None)

    def _of_maps(self, model: AuditedModel, cut: Cut, spec: ExplainerSpec) -> list[ScoreResult]:
        """Spearman's rank correlation with the other models' maps of the same class."""
        own = model.maps_by_case([cut], cut.pairs, spec)
        found: _Found = defaultdict(list)
        for other in self._others(model):
            kind, name = self._kind(model, other), other.classifier.id
            same = next((one for one in self._own(other) if one.id == spec.id), None)
            if same is None:
                continue
            theirs = other.maps_by_case(self._touching(other, cut), cut.pairs, same)
            for case, _ in cut.pairs:
                if case.case_id not in own:
                    continue
                value: Measured = Absent(f"{name} has no map of this case")
                if case.case_id in theirs:
                    pair = (own[case.case_id], theirs[case.case_id])
                    value = _likeness(case, pair, (model.classifier, other.classifier), spec)
                found[case.case_id, kind].append((name, value))
        pairs = [pair for pair in cut.pairs if pair[0].case_id in own]
        return _results(found, pairs, model.classifier.id, spec)


_Found = defaultdict[tuple[str, str], list[tuple[str, Measured]]]
"""By case and measure: the other model, and the value beside it."""


def _probability(said: Prediction, target: str) -> float:
    return said.probabilities[said.class_names.index(target)]


def _likeness(
    case: Case,
    maps: tuple[SaliencyMap, SaliencyMap],
    classifiers: tuple[Classifier, Classifier],
    spec: ExplainerSpec,
) -> Measured:
    first, second = maps
    if first.target != second.target:
        return Absent("the two models are explained for different classes of this case")
    signed = explainer_row(spec.name).signed
    values = [one.values if signed else np.abs(one.values) for one in maps]
    for one, name in zip(values, (first.model_id, second.model_id), strict=True):
        said = signal(one)
        if isinstance(said, Absent):
            return Absent(f"{name}: {said.reason}")
    carried = [
        _in_original_frame(case, one, classifier) for one, classifier in zip(values, classifiers, strict=True)
    ]
    (before, seen), (after, also_seen) = carried
    return rank_agreement(before, after, seen & also_seen)


def _in_original_frame(
    case: Case, values: FloatArray, classifier: Classifier
) -> tuple[FloatArray, BoolArray]:
    """Models may differ in their frames, so maps meet in the frame of the image."""
    frame = fit_geometry((case.height, case.width), classifier.model_hw, classifier.fit)
    height, width = values.shape
    return map_to_original(values, on_grid(frame, (height, width)))


def _results(
    found: _Found, pairs: Sequence[tuple[Case, Prediction]], model_id: str, spec: ExplainerSpec | None
) -> list[ScoreResult]:
    """Return a result for every other model, and one for the mean over those that have a value."""
    results: list[ScoreResult] = []
    by_case = {case.case_id: (case, said) for case, said in pairs}
    for (case_id, metric), values in found.items():
        case, said = by_case[case_id]
        known = [value for _, value in values if not isinstance(value, Absent)]
        mean: Measured = float(np.mean(known)) if known else values[0][1]
        for metric_id, value in (
            (metric, mean),
            *((with_model_id(metric, name), value) for name, value in values),
        ):
            key = ScoreKey(
                case_id=case_id,
                patient_id=case.patient_id,
                reader=NO_READER,
                model_id=model_id,
                explainer_id=MODEL_LEVEL if spec is None else spec.id,
                explainer_hash="" if spec is None else spec.fingerprint,
                target=said.target,
                correct=said.correct,
                metric_id=metric_id,
                metric_hash=fingerprint(["repeatability", metric_id]),
                family="repeatability",
            )
            results.append(as_score(key, value, 0, 0.0))
    return results
