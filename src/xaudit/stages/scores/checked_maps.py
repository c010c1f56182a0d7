"""Maps that are checked: the stored ones of a few cases, and others of the same images made beside them."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from xaudit.catalog import explainer_row
from xaudit.chunks import Chunk, Subject
from xaudit.config import ExplainerSpec, fingerprint
from xaudit.explainers import make_explainer
from xaudit.geometry import mask_to_model
from xaudit.metrics.absent import Absent, Measured
from xaudit.records import (
    NO_READER,
    BoolArray,
    Case,
    FloatArray,
    Prediction,
    SaliencyMap,
    Score,
    ScoreKey,
    ScoreResult,
    Unscored,
)

if TYPE_CHECKING:
    from xaudit.models.classifier import Classifier
    from xaudit.models.network.meter import Meter


@dataclass(frozen=True, eq=False)
class CheckedMaps:
    """An explainer's maps of some cases, and the means to make further maps of them.

    Attributes:
        maps: as stored, by case id; a case without one is left out.
    """

    chunk: Chunk
    spec: ExplainerSpec
    maps: Mapping[str, SaliencyMap]

    @cached_property
    def subjects(self) -> tuple[Subject, ...]:
        """The cases that have a map, in the chunk's order."""
        return tuple(one for one in self.chunk.subjects if one.case.case_id in self.maps)

    @cached_property
    def originals(self) -> list[FloatArray]:
        """Their maps as scores see them."""
        return [self._scored(self.maps[one.case.case_id].values) for one in self.subjects]

    @cached_property
    def seeds(self) -> list[int]:
        """Seeds of the stored maps."""
        return [self.maps[one.case.case_id].seed for one in self.subjects]

    @cached_property
    def targets(self) -> list[int]:
        """The classes explained."""
        return [one.target_index for one in self.subjects]

    @cached_property
    def images(self) -> torch.Tensor:
        """(n, 3, h, w), normalised, on the CPU."""
        return torch.stack([one.image.detach().cpu() for one in self.subjects])

    @cached_property
    def valid(self) -> list[BoolArray]:
        """(h, w) each, true where the model saw the image."""
        return [mask_to_model(np.ones(s.geometry.original_hw, dtype=bool), s.geometry) for s in self.subjects]

    def explained(
        self,
        images: torch.Tensor,
        targets: Sequence[int],
        seeds: Sequence[int],
        *,
        by: "Classifier | None" = None,
    ) -> list[FloatArray]:
        """Maps as scores see them: float32 as stored ones are, magnitudes where the explainer is unsigned."""
        explainer = make_explainer(self.spec, by or self.chunk.classifier)
        return [
            self._scored(np.asarray(values, dtype=np.float32))
            for values in explainer.explain(images, targets, seeds)
        ]

    def _scored(self, values: FloatArray) -> FloatArray:
        return values if explainer_row(self.spec.name).signed else np.abs(values)

    def results(
        self,
        metric: str,
        values: Sequence[Measured],
        family: str,
        settings: object,
        cost: tuple[int, float] = (0, 0.0),
    ) -> list[ScoreResult]:
        """Return a result per subject."""
        found: list[ScoreResult] = []
        for subject, value in zip(self.subjects, values, strict=True):
            saliency = self.maps[subject.case.case_id]
            key = score_key(subject.case, subject.prediction, saliency, (metric, family), settings)
            found.append(as_score(key, value, *cost))
        return found

    def costs(self) -> "Costs":
        """Count the costs from now on."""
        return Costs(self.chunk.classifier.meter, len(self.subjects))


class Costs:
    """Model evaluations and seconds per case, from when it was made."""

    def __init__(self, meter: "Meter", n_cases: int) -> None:
        self._meter = meter
        self._n_cases = n_cases
        self._evals = meter.n_evals
        self._started = time.perf_counter()

    def each(self) -> tuple[int, float]:
        """Evaluations and seconds per case so far."""
        return (
            (self._meter.n_evals - self._evals) // self._n_cases,
            (time.perf_counter() - self._started) / self._n_cases,
        )


def score_key(
    case: Case, said: Prediction, saliency: SaliencyMap, metric: tuple[str, str], settings: object
) -> ScoreKey:
    """Return the key of a map's score.

    Args:
        metric: its id and its family.
        settings: all that the metric's value depends on beside the map.
    """
    metric_id, family = metric
    return ScoreKey(
        case_id=case.case_id,
        patient_id=case.patient_id,
        reader=NO_READER,
        model_id=saliency.model_id,
        explainer_id=saliency.explainer_id,
        explainer_hash=saliency.explainer_hash,
        target=said.target,
        correct=said.correct,
        metric_id=metric_id,
        metric_hash=fingerprint([family, metric_id, settings]),
        family=family,
    )


def as_score(key: ScoreKey, value: Measured, n_evals: int, seconds: float) -> ScoreResult:
    """A value, or the reason why there is none, as a score."""
    match value:
        case Absent(reason):
            return Unscored(key, reason)
        case _:
            return Score(key, value, n_evals, seconds)
