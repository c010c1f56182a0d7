"""Score a control made of an explainer's maps on one chunk, with the facts of its failure categories."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from xaudit.catalog import EXTERNAL, explainer_row
from xaudit.chunks import Chunk, Subject, Thresholds, empty_map, without_map
from xaudit.config import ExplainerSpec, MetricSpec
from xaudit.metrics.absent import Absent
from xaudit.records import FloatArray, MapFacts, SaliencyMap, ScoreResult
from xaudit.stages.scores.made_of_maps import (
    MapPool,
    Partners,
    mean_map_facts,
    score_mean_map,
    score_shuffled,
    shuffled_facts,
)


@dataclass(frozen=True)
class ControlOfMaps:
    """A control and what it is made of.

    Attributes:
        read: the explainer's stored maps of the chunk.
        metrics: that hold a map against a mark.
        thresholds: that were tuned for the explainer.
    """

    chunk: Chunk
    explainer: ExplainerSpec
    control: ExplainerSpec
    read: Callable[[], Sequence[SaliencyMap]]
    pool: MapPool
    partners: Partners
    metrics: Sequence[MetricSpec]
    thresholds: Thresholds

    @cached_property
    def _maps(self) -> Mapping[str, SaliencyMap]:
        return {one.case_id: one for one in self.read()}

    @cached_property
    def _means(self) -> Mapping[str, FloatArray | Absent]:
        clusters = {subject.case.cluster for subject in self.chunk.subjects}
        return {cluster: self.pool.mean_without(cluster) for cluster in clusters}

    @property
    def _signed(self) -> bool:
        return explainer_row(self.explainer.name).signed

    def scores(self) -> list[ScoreResult]:
        """The scores of every case; without a file of its map, the reason for each."""
        results: list[ScoreResult] = []
        for subject in self.chunk.subjects:
            case_id = subject.case.case_id
            missing = self.explainer.name == EXTERNAL.id and case_id not in self._maps
            own = empty_map(self.chunk, self.explainer, case_id) if missing else self._maps[case_id]
            scored = self._scored(subject, own)
            results += [without_map(one) for one in scored] if missing else scored
        return results

    def facts(self) -> list[MapFacts]:
        """The facts of every case that has a map, and of which the control can be made."""
        found: list[MapFacts | None] = []
        for subject in self.chunk.subjects:
            own = self._maps.get(subject.case.case_id)
            if own is None:
                continue
            if self.control.name == "mean-map":
                mean = self._means[subject.case.cluster]
                found.append(mean_map_facts(subject, own, mean, self.control))
            else:
                found.append(shuffled_facts(subject, own, self.partners, self.control, signed=self._signed))
        return [one for one in found if one is not None]

    def _scored(self, subject: Subject, own: SaliencyMap) -> Sequence[ScoreResult]:
        match self.control.name:
            case "mean-map":
                return score_mean_map(
                    subject,
                    own,
                    self._means[subject.case.cluster],
                    self.control,
                    metrics=self.metrics,
                    thresholds=self.thresholds,
                )
            case "shuffled-marks":
                return score_shuffled(
                    subject,
                    own,
                    self.partners,
                    self.control,
                    metrics=self.metrics,
                    signed=self._signed,
                    thresholds=self.thresholds,
                )
            case name:
                raise ValueError(f"the catalog lists '{name}', but nothing makes it of maps")
