"""Change of answers and maps when the image is changed: equivariance and resolution.

Both families ask the same: change the image, ask and explain again with the same target and the same seed, bring the
map back, compare. Results do not depend on the chunk: a changed image depends on its image alone.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np
import torch
from scipy.special import softmax

from xaudit.catalog import changed_metric_id, explainer_row
from xaudit.chunks import Chunk, Subject, Thresholds, localize
from xaudit.config import AuditFile, ExplainerSpec, MetricSpec, fingerprint
from xaudit.explainers import make_explainer
from xaudit.geometry import mask_to_model
from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.map_change import rank_agreement, top_overlap
from xaudit.perturb.image_change import Coarsening, ImageChange, movement
from xaudit.records import (
    MODEL_LEVEL,
    NO_READER,
    BoolArray,
    FloatArray,
    SaliencyMap,
    Score,
    ScoreKey,
    ScoreResult,
    Unscored,
)


@dataclass(frozen=True)
class ChangeFamily:
    """A section of the audit file that changes images.

    Attributes:
        explainers: those that explain the changed images.
    """

    id: Literal["equivariance", "resolution"]
    changes: tuple[ImageChange, ...]
    explainers: tuple[ExplainerSpec, ...]


def change_families(audit: AuditFile) -> tuple[ChangeFamily, ...]:
    """The sections that the audit file switches on."""
    found: list[ChangeFamily] = []
    if audit.equivariance is not None:
        moves = tuple(movement(name) for name in audit.equivariance.transforms)
        found.append(ChangeFamily("equivariance", moves, _asked(audit, audit.equivariance.explainers)))
    if audit.resolution is not None:
        steps = tuple(Coarsening(step) for step in audit.resolution.steps)
        found.append(ChangeFamily("resolution", steps, _asked(audit, audit.resolution.explainers)))
    return tuple(found)


def _asked(audit: AuditFile, names: Sequence[str]) -> tuple[ExplainerSpec, ...]:
    if not names:
        return audit.explainers
    return tuple(spec for spec in audit.explainers_and_controls if spec.id in names)


def score_answers(chunk: Chunk, family: ChangeFamily) -> list[ScoreResult]:
    """By how much the target's probability moves under each change, and whether the class stays."""
    results: list[ScoreResult] = []
    for change in family.changes if chunk.subjects else ():
        started = time.perf_counter()
        logits = chunk.classifier.logits(_changed_images(chunk, change)).double().numpy()
        seconds = (time.perf_counter() - started) / len(chunk.subjects)
        for subject, answer in zip(chunk.subjects, logits, strict=True):
            moved: Measured = Absent("the model's answer to the changed image is not a number")
            same: Measured = moved
            if np.isfinite(answer).all():
                target, said = subject.target_index, subject.prediction
                moved = float(abs(softmax(answer)[target] - said.probabilities[target]))
                same = float(said.class_names[int(np.argmax(answer))] == said.predicted)
            about = _About(subject, chunk.classifier.id, family.id, change)
            results.append(_as_score(about.key("probability"), moved, 1, seconds))
            results.append(_as_score(about.key("class"), same, 0, 0.0))
    return results


def score_maps(
    chunk: Chunk,
    spec: ExplainerSpec,
    maps: Sequence[SaliencyMap],
    family: ChangeFamily,
    *,
    metrics: Sequence[MetricSpec],
    thresholds: Thresholds = MappingProxyType({}),
) -> list[ScoreResult]:
    """Score how far one explainer's maps stay the same under each change, and where the changed maps point.

    A changed map is float32, as a stored one is. A change that changes nothing costs no evaluation: its map is the
    stored one.

    Args:
        maps: of the unchanged images, as stored, one per subject.
        metrics: of the audit; those of the family ``localization`` are measured on the map brought back.
        thresholds: that were tuned for the explainer on unchanged images.
    """
    signed = explainer_row(spec.name).signed
    by_case = {saliency.case_id: saliency for saliency in maps}
    originals = [by_case[subject.case.case_id] for subject in chunk.subjects]
    results: list[ScoreResult] = []
    for change in family.changes if chunk.subjects else ():
        evals, started = chunk.classifier.meter.n_evals, time.perf_counter()
        changed = _explained(chunk, spec, originals, change)
        seconds = (time.perf_counter() - started) / len(originals)
        n_evals = (chunk.classifier.meter.n_evals - evals) // len(originals)
        for subject, original, values in zip(chunk.subjects, originals, changed, strict=True):
            about = _About(subject, original.model_id, family.id, change, original)
            back, seen = change.undo(values if signed else np.abs(values))
            before = original.values if signed else np.abs(original.values)
            valid = seen & mask_to_model(np.ones(subject.geometry.original_hw, dtype=bool), subject.geometry)
            results.append(_as_score(about.key(), rank_agreement(before, back, valid), n_evals, seconds))
            results.append(_as_score(about.key("overlap"), _overlap(subject, before, back, valid), 0, 0.0))
            moved = replace(original, values=back)
            placed = localize(subject, moved, metrics, signed=signed, seen=seen, thresholds=thresholds)
            results += [replace(one, key=about.renamed(one.key)) for one in placed]
    return results


@dataclass(frozen=True)
class _About:
    """The subject of a score; without a map, the model's answer."""

    subject: Subject
    model_id: str
    family: str
    change: ImageChange
    saliency: SaliencyMap | None = None

    def key(self, measure: str = "") -> ScoreKey:
        case, said, saliency = self.subject.case, self.subject.prediction, self.saliency
        return ScoreKey(
            case_id=case.case_id,
            patient_id=case.patient_id,
            reader=NO_READER,
            model_id=self.model_id,
            explainer_id=MODEL_LEVEL if saliency is None else saliency.explainer_id,
            explainer_hash="" if saliency is None else saliency.explainer_hash,
            target=said.target,
            correct=said.correct,
            metric_id=changed_metric_id(self.family, self.change.id, measure),
            metric_hash=fingerprint([self.family, self.change.id, measure]),
            family=self.family,
        )

    def renamed(self, key: ScoreKey) -> ScoreKey:
        """A localization score's key as one of the changed image."""
        return replace(
            key,
            metric_id=changed_metric_id(self.family, self.change.id, key.metric_id),
            metric_hash=fingerprint([self.family, self.change.id, key.metric_hash]),
            family=self.family,
        )


def _changed_images(chunk: Chunk, change: ImageChange) -> torch.Tensor:
    images = [subject.image.detach().cpu().numpy() for subject in chunk.subjects]
    return torch.stack([torch.from_numpy(change.apply(image)) for image in images])


def _explained(
    chunk: Chunk, spec: ExplainerSpec, originals: Sequence[SaliencyMap], change: ImageChange
) -> Sequence[FloatArray]:
    if change.changes_nothing:
        return [saliency.values for saliency in originals]
    maps = make_explainer(spec, chunk.classifier).explain(
        _changed_images(chunk, change),
        [subject.target_index for subject in chunk.subjects],
        [saliency.seed for saliency in originals],
    )
    return [np.asarray(values, dtype=np.float32) for values in maps]


def _overlap(subject: Subject, before: FloatArray, back: FloatArray, valid: BoolArray) -> Measured:
    if not subject.mark.any():
        return Absent("no reader marked anything on this case")
    n_marked = int(np.count_nonzero(mask_to_model(subject.mark, subject.geometry)))
    if n_marked == 0:
        return Absent("the mark lies wholly outside the part of the image that the model saw")
    return top_overlap(before, back, valid, n_top=n_marked)


def _as_score(key: ScoreKey, value: Measured, n_evals: int, seconds: float) -> ScoreResult:
    match value:
        case Absent(reason):
            return Unscored(key, reason)
        case _:
            return Score(key, value, n_evals, seconds)
