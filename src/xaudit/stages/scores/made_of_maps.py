"""Controls that need all maps first: an explainer's mean map, and its maps under other patients' marks.

They cost no model evaluations. Maps are read from the run folder part by part, so memory does not grow with the number
of cases, and sums are kept in whole numbers, so that neither the order of the cases nor the cut of the shards changes
a bit.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np

from xaudit.cases.dataset import Dataset
from xaudit.catalog import made_of_maps_id
from xaudit.chunks import Subject, Thresholds, facts_of_map, localize
from xaudit.config import ExplainerSpec, MetricSpec, fingerprint
from xaudit.geometry import Fit, Geometry, fit_geometry, image_to_model, map_to_original, union
from xaudit.metrics.absent import Absent
from xaudit.metrics.guard import positive_part
from xaudit.records import (
    BoolArray,
    Case,
    FloatArray,
    IntArray,
    MapFacts,
    Prediction,
    SaliencyMap,
    Score,
    ScoreResult,
    Unscored,
)
from xaudit.seeds import generator_for

UNIT = 2**40
"""A map's positive mass in whole numbers: sums over eight million maps fit 64 bits, and no sum is ever rounded."""


@dataclass(frozen=True)
class MapPool:
    """All maps of one explainer for one model, as they are stored.

    Attributes:
        chunks: the clusters (patients, or cases where none are known) of each stored part.
        read: the maps of one part.
        signed: whether the explainer is.
        frame_hw: the model's frame, in which maps of other grids meet; None where all maps have one grid.
    """

    chunks: Sequence[frozenset[str]]
    read: Callable[[int], Sequence[SaliencyMap]]
    cluster_of: Mapping[str, str]
    signed: bool
    frame_hw: tuple[int, int] | None = None

    def mean_without(self, cluster: str) -> FloatArray | Absent:
        """The mean of the maps of all others, (h, w) float32, not negative.

        Each map counts by its positive part alone, scaled to a sum of 1: what one image's large values say must not
        drown the others. A map without a positive part has no place to give and does not count.
        """
        total, n_maps = self._total
        own, n_own = self._sum(
            saliency
            for index, clusters in enumerate(self.chunks)
            if cluster in clusters
            for saliency in self.read(index)
            if self.cluster_of[saliency.case_id] == cluster
        )
        if total is None or n_maps == n_own:
            return Absent("no other patient has a map to take the mean of")
        others = total if own is None else total - own
        return np.asarray(others / ((n_maps - n_own) * UNIT), dtype=np.float32)

    @cached_property
    def _total(self) -> tuple[IntArray | None, int]:
        return self._sum(saliency for index in range(len(self.chunks)) for saliency in self.read(index))

    def _sum(self, maps: Iterable[SaliencyMap]) -> tuple[IntArray | None, int]:
        total: IntArray | None = None
        n_maps = 0
        for saliency in maps:
            values = self._on_frame(saliency.values)
            positive = positive_part(values if self.signed else np.abs(values))
            if isinstance(positive, Absent):
                continue
            weighed = np.rint(positive / positive.sum() * UNIT).astype(np.int64)
            total = weighed if total is None else total + weighed
            n_maps += 1
        return total, n_maps

    def _on_frame(self, values: FloatArray) -> FloatArray:
        height, width = values.shape
        if self.frame_hw in (None, (height, width)):
            return values
        return image_to_model(values, fit_geometry((height, width), self.frame_hw or (height, width)))


def score_mean_map(
    subject: Subject,
    saliency: SaliencyMap,
    mean: FloatArray | Absent,
    control: ExplainerSpec,
    *,
    metrics: Sequence[MetricSpec],
    thresholds: Thresholds = MappingProxyType({}),
) -> list[ScoreResult]:
    """The mean of the other patients' maps in the place of this case's map.

    Args:
        saliency: this case's own map, for what the scores are about.
        mean: of :meth:`MapPool.mean_without`.
        thresholds: that were tuned for the explainer.
    """
    match mean:
        case Absent(reason):
            nothing = _as_control(saliency, control, np.zeros_like(saliency.values))
            placed = localize(subject, nothing, metrics, signed=True, thresholds=thresholds)
            return [Unscored(result.key, reason) for result in placed]
        case _:
            made = _as_control(saliency, control, mean)
            return localize(subject, made, metrics, signed=True, thresholds=thresholds)


def mean_map_facts(
    subject: Subject, saliency: SaliencyMap, mean: FloatArray | Absent, control: ExplainerSpec
) -> MapFacts | None:
    """Measure the mean of the other patients' maps under this case's mark; None where there is no mean."""
    match mean:
        case Absent():
            return None
        case _:
            return facts_of_map(subject, _as_control(saliency, control, mean))


class Partners:
    """Whose marks a case's map is held against: other patients' cases of the same class, drawn by the run's seed.

    Which are drawn depends on the cases that are explained, never on how the work is cut up.
    """

    def __init__(
        self, dataset: Dataset, pairs: Sequence[tuple[Case, Prediction]], *, seed: int, fit: Fit
    ) -> None:
        self._dataset = dataset
        self._seed = seed
        self._fit: Fit = fit
        marked = {mark.case_id for mark in dataset.annotations if mark.region is not None}
        self._marked = sorted(
            (case for case, _ in pairs if case.case_id in marked), key=lambda case: case.case_id
        )

    def of(self, case: Case, *, draws: int) -> list[Case]:
        """At most ``draws`` of them, each once; none where no other patient of the class has a mark."""
        others = [
            other for other in self._marked if other.label == case.label and other.cluster != case.cluster
        ]
        generator = generator_for(self._seed, case.image_id, "shuffled-marks")
        drawn = generator.permutation(len(others))[:draws]
        return [others[index] for index in drawn]

    def regions(self, partner: Case, subject: Subject) -> Mapping[str, BoolArray]:
        """The partner's marks on the subject's frame, for each reader of the subject.

        Where the reader has not seen the partner, all its marks together stand in.
        """
        frame = (partner.height, partner.width)
        marks = self._dataset.regions(partner)
        together = union(list(marks.values()), frame)
        geometry = fit_geometry(frame, subject.geometry.model_hw, self._fit)
        return {
            reader: _carried(marks.get(reader, together), geometry, subject.geometry)
            for reader in subject.regions
        }


def _carried(mask: BoolArray, geometry: Geometry, onto: Geometry) -> BoolArray:
    """A mask of one case where it would lie on another, by way of the model's frame."""
    if geometry.original_hw == onto.original_hw:
        return mask
    cover, _ = map_to_original(image_to_model(mask.astype(np.float32), geometry), onto)
    return cover >= 0.5


def score_shuffled(
    subject: Subject,
    saliency: SaliencyMap,
    partners: Partners,
    control: ExplainerSpec,
    *,
    metrics: Sequence[MetricSpec],
    signed: bool,
    thresholds: Thresholds = MappingProxyType({}),
) -> list[ScoreResult]:
    """A case's map held against other patients' marks: the mean over those drawn.

    Args:
        saliency: the case's own map.
        thresholds: that were tuned for the explainer.
    """
    named = _as_control(saliency, control, saliency.values)
    own = localize(subject, named, metrics, signed=signed, thresholds=thresholds)
    if not subject.mark.any():
        return own
    drawn = partners.of(subject.case, draws=int(control.options["draws"] or 0))
    if not drawn:
        reason = f"no other patient of class '{subject.case.label}' has a mark"
        return [Unscored(result.key, reason) for result in own]
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    for partner in drawn:
        shuffled = replace(subject, regions=partners.regions(partner, subject))
        for result in localize(shuffled, named, metrics, signed=signed, thresholds=thresholds):
            if isinstance(result, Score):
                values[result.key.metric_id, result.key.reader].append(result.value)
    return [_mean_of(result, values[result.key.metric_id, result.key.reader]) for result in own]


def shuffled_facts(
    subject: Subject, saliency: SaliencyMap, partners: Partners, control: ExplainerSpec, *, signed: bool
) -> MapFacts | None:
    """Measure a case's map under the mark of the first patient drawn; None where none has a mark.

    A map has one category, so the further draws of the scores have none.
    """
    values = saliency.values if signed else np.abs(saliency.values)
    named = _as_control(saliency, control, values)
    if not subject.mark.any():
        return facts_of_map(subject, named)
    drawn = partners.of(subject.case, draws=1)
    if not drawn:
        return None
    return facts_of_map(replace(subject, regions=partners.regions(drawn[0], subject)), named)


def _mean_of(own: ScoreResult, values: Sequence[float]) -> ScoreResult:
    """The shuffled score of one metric; where the case's own map has no value, for the same reason."""
    match own:
        case Unscored():
            return own
        case Score():
            if not values:
                return Unscored(own.key, "under no other patient's mark does this metric have a value")
            return replace(own, value=float(np.mean(values)))


def _as_control(saliency: SaliencyMap, control: ExplainerSpec, values: FloatArray) -> SaliencyMap:
    return replace(
        saliency,
        explainer_id=made_of_maps_id(saliency.explainer_id, control.id),
        explainer_hash=fingerprint([control.fingerprint, saliency.explainer_hash]),
        values=values,
    )
