"""What is done to one chunk of cases: explain it, score the maps, and ask the model what it depends on.

A chunk's images are read once and shared by all explainers; nothing here outlives its chunk, so memory does not
grow with the number of cases. Every random choice is seeded by case and explainer, so neither the chunk's size nor
its company changes a result.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

import numpy as np

from xaudit.cases.morphology import dilated
from xaudit.catalog import CEILING, REGIONS, STRUCTURES, explainer_row, metric_row
from xaudit.config import ExplainerSpec, MetricSpec, RelianceSection
from xaudit.errors import XauditError
from xaudit.explainers import AskingExplainer, Explainer, make_explainer
from xaudit.explainers.native_grids import native_grids
from xaudit.geometry import Geometry, image_to_model, map_to_original, mask_to_model, union
from xaudit.metrics import ask_faithfulness, score_complexity, score_marked_map
from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.categories import measure_map
from xaudit.metrics.curve import Curve
from xaudit.metrics.localization.marked_map import MarkedMap
from xaudit.metrics.localization.tuning import iou_curve
from xaudit.metrics.regions import partition, region_masses
from xaudit.metrics.reliance import RegionEffect, ask_region_reliance, reliance_agreement
from xaudit.native_grid import NativeGrid
from xaudit.records import (
    MODEL_LEVEL,
    NO_READER,
    BoolArray,
    Case,
    FloatArray,
    MapFacts,
    Prediction,
    Problem,
    Reliance,
    SaliencyMap,
    Score,
    ScoreCurve,
    ScoreKey,
    ScoreResult,
    Surroundings,
    TuningCurve,
    Unscored,
)
from xaudit.seeds import generator_for, seed_for

Thresholds = Mapping[str, float]
"""At which share of its range a map is cut, by the class that is explained, where that was tuned on other cases."""

if TYPE_CHECKING:
    import torch

    from xaudit.models.classifier import Classifier
    from xaudit.perturb.asking import Answered


class CaseSource(Protocol):
    """What a chunk needs of a data set."""

    def pixels(self, case: Case) -> FloatArray:
        """The image in the original frame, (H, W) or (H, W, 3), 0 to 1."""
        ...

    def surroundings(self, case: Case) -> Surroundings:
        """The anatomy around the case's marks, as far as it is known."""
        ...

    def regions(self, case: Case) -> Mapping[str, BoolArray]:
        """(H, W) masks of what the readers marked, by reader or reader policy."""
        ...


@dataclass(frozen=True, eq=False)
class Subject:
    """One case made ready for one model: its image in the model's frame, its marks in both frames."""

    case: Case
    prediction: Prediction
    image: "torch.Tensor"
    geometry: Geometry
    regions: Mapping[str, BoolArray]
    surroundings: Surroundings

    @cached_property
    def mark(self) -> BoolArray:
        """(H, W) of the original frame: what any reader marked, under the reader policy."""
        return union(list(self.regions.values()), self.geometry.original_hw)

    @cached_property
    def _reach(self) -> BoolArray | None:
        """The mark with its tolerance; None where there is none."""
        around = self.surroundings
        if around.tolerance_px == 0:
            return None
        return dilated(self.mark, around.tolerance_px, aspect=around.aspect)

    @cached_property
    def parts(self) -> Mapping[str, BoolArray]:
        """The disjoint regions of the original frame; see :data:`xaudit.catalog.REGIONS`."""
        around = self.surroundings
        return partition(self.mark, around.lungs, thorax=around.thorax, body=around.body, reach=self._reach)

    @cached_property
    def anatomy(self) -> Mapping[str, BoolArray]:
        """The same without a border of its own: the parts of the patient, and what lies around."""
        around = self.surroundings
        return partition(
            self.mark,
            around.lungs,
            thorax=around.thorax,
            body=around.body,
            reach=self._reach,
            with_border=False,
        )

    @cached_property
    def parts_in_model(self) -> Mapping[str, BoolArray]:
        """The disjoint regions of the model's frame."""

        def carried(mask: BoolArray | None) -> BoolArray | None:
            return None if mask is None else mask_to_model(mask, self.geometry)

        around = self.surroundings
        return partition(
            mask_to_model(self.mark, self.geometry),
            carried(around.lungs),
            thorax=carried(around.thorax),
            body=carried(around.body),
            reach=carried(self._reach),
        )

    @property
    def asked_regions(self) -> tuple[str, ...]:
        """The regions that this case is asked about: all that its data set has masks for, here or elsewhere."""
        around = self.surroundings
        thorax = around.thorax is not None or "thorax" in around.unknown
        body = around.body is not None or "body" in around.unknown
        there = {"thorax": thorax, "body": body, "empty": body, "outside": not body}
        return tuple(region for region in REGIONS if there.get(region, True))

    @property
    def target_index(self) -> int:
        """Where the explained class stands among the logits."""
        return self.prediction.class_names.index(self.prediction.target)


class Chunk:
    """A few cases of one model, read on first use; what cannot be read becomes a problem, not a crash."""

    def __init__(
        self, classifier: "Classifier", source: CaseSource, pairs: Sequence[tuple[Case, Prediction]]
    ) -> None:
        self.classifier = classifier
        self.pairs = tuple(pairs)
        self._source = source

    @cached_property
    def _read(self) -> tuple[tuple[Subject, ...], tuple[Problem, ...]]:
        subjects: list[Subject] = []
        problems: list[Problem] = []
        for case, prediction in self.pairs:
            try:
                image, geometry = self.classifier.to_input(self._source.pixels(case))
                regions, around = self._source.regions(case), self._source.surroundings(case)
            except XauditError as error:
                problems.append(Problem(case.case_id, "explain", str(error)))
                continue
            subjects.append(Subject(case, prediction, image, geometry, regions, around))
        return tuple(subjects), tuple(problems)

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The cases that could be read."""
        return self._read[0]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The cases that could not."""
        return self._read[1]


def explain(chunk: Chunk, spec: ExplainerSpec, *, seed: int) -> list[SaliencyMap]:
    """One explainer's maps of a chunk, in the chunk's order."""
    import torch

    if not chunk.subjects:
        return []
    seeds = [seed_for(seed, subject.case.case_id, spec.fingerprint) for subject in chunk.subjects]
    images = torch.stack([subject.image for subject in chunk.subjects])
    targets = [subject.target_index for subject in chunk.subjects]
    made = _made(make_explainer(spec, chunk.classifier), chunk.classifier, images, (targets, seeds))
    return [
        SaliencyMap(
            subject.case.case_id, chunk.classifier.id, spec.id, spec.fingerprint, subject.prediction.target,
            np.asarray(one.value, dtype=np.float32), own_seed, one.n_evals, one.seconds,
        )
        for subject, own_seed, one in zip(chunk.subjects, seeds, made, strict=True)
    ]  # fmt: skip


def _made(
    explainer: Explainer,
    classifier: "Classifier",
    images: "torch.Tensor",
    request: tuple[Sequence[int], Sequence[int]],
) -> "Sequence[Answered[FloatArray]]":
    """The map of each image with what it cost; shared in equal parts where a method does not tell."""
    from xaudit.perturb.asking import Answered, answer

    if isinstance(explainer, AskingExplainer):
        askings = explainer.askings(images, *request)
        return answer(askings, classifier.logits, batch_size=classifier.batch_size)
    evals, started = classifier.meter.n_evals, time.perf_counter()
    maps = explainer.explain(images, *request)
    seconds = (time.perf_counter() - started) / len(images)
    n_evals = (classifier.meter.n_evals - evals) // len(images)
    return [Answered(values, n_evals, seconds) for values in maps]


def ask_reliance(chunk: Chunk, settings: RelianceSection, *, seed: int) -> list[Reliance]:
    """How much the model depends on each region of each case of a chunk."""
    from xaudit.perturb.asking import answer

    classifier = chunk.classifier
    asked = answer(
        [
            ask_region_reliance(
                subject.image,
                subject.target_index,
                subject.parts_in_model,
                infills=settings.infills,
                controls=settings.controls,
                generator=generator_for(seed, subject.case.case_id, "reliance"),
            )
            for subject in chunk.subjects
        ],
        classifier.logits,
        batch_size=classifier.batch_size,
    )
    return [
        _reliance(subject, classifier.id, effect)
        for subject, one in zip(chunk.subjects, asked, strict=True)
        for effect in one.value
    ]


def score_reliance(chunk: Chunk, reliances: Sequence[Reliance]) -> list[ScoreResult]:
    """The reliance of each region as scores of the model itself: its drop minus that of random areas.

    Once of the target's probability, which decides verdicts, and once of its logit, which still moves where the
    probability is near 0 or 1.
    """
    results: list[ScoreResult] = []
    for subject in chunk.subjects:
        own = [r for r in reliances if r.case_id == subject.case.case_id]
        for region in subject.asked_regions:
            there = [r for r in own if r.region == region]
            for metric, beyond in (
                (f"reliance-{region}", [r.beyond_random for r in there]),
                (f"reliance-logit-{region}", [r.logit_beyond_random for r in there]),
            ):
                value: Measured = (
                    float(np.mean(beyond)) if beyond else Absent(_why_no_region(subject, region))
                )
                if region != "border" and not subject.mark.any():
                    value = Absent("no reader marked anything on this case")
                key = _key(subject, None, metric, model_id=chunk.classifier.id)
                results.append(_result(key, value, 0, 0.0))
    return results


def score(
    chunk: Chunk,
    spec: ExplainerSpec,
    maps: Sequence[SaliencyMap],
    *,
    metrics: Sequence[MetricSpec],
    reliances: Sequence[Reliance],
    ceilings: bool = True,
    thresholds: Thresholds = MappingProxyType({}),
    seed: int = 0,
) -> list[ScoreResult]:
    """Every metric of the audit on one explainer's maps of a chunk.

    Args:
        maps: as stored, one per subject.
        reliances: of the same cases; empty where reliance was not asked.
        ceilings: score the best map on the explainer's native grid as well, by each metric that has a ceiling.
        thresholds: that were tuned for the explainer; a ceiling is cut at them too.
        seed: the audit's, of metrics that draw samples.
    """
    by_case = {saliency.case_id: saliency for saliency in maps}
    placed = [metric for metric in metrics if metric_row(metric.name).family == "localization"]
    grid_of = native_grids(spec, chunk.classifier) if placed and chunk.subjects else None
    signed = explainer_row(spec.name).signed
    values_of = {one.case_id: one.values if signed else np.abs(one.values) for one in maps}
    faithful = _faithfulness(chunk, spec, by_case, values_of, metrics, seed=seed)
    results: list[ScoreResult] = []
    for subject in chunk.subjects:
        saliency, values = by_case[subject.case.case_id], values_of[subject.case.case_id]
        carried, valid = map_to_original(values, subject.geometry)
        grid = None if grid_of is None else grid_of(subject.image)
        marked = {
            reader: _laid_over(subject, region, carried, valid, grid, thresholds)
            for reader, region in subject.regions.items()
        }
        for metric in metrics:
            match metric_row(metric.name).family:
                case "localization":
                    results += _localize(subject, saliency, metric, marked)
                case "faithfulness":
                    results.append(faithful[subject.case.case_id, metric.id])
                case "complexity":
                    value, seconds = _timed(lambda m=metric, v=values: score_complexity(m, v))  # type: ignore[misc]
                    results.append(_result(_key(subject, saliency, metric), value, 0, seconds))
                case _:
                    continue
        if placed:
            results += _missing(subject, saliency, marked)
        if grid is not None and ceilings:
            results += _ceilings(subject, saliency, placed, grid, thresholds)
        results += _where(subject, saliency, carried, values, reliances)
    return results


def _laid_over(
    subject: Subject,
    region: BoolArray,
    carried: FloatArray,
    valid: BoolArray,
    grid: NativeGrid | None,
    thresholds: Thresholds,
) -> MarkedMap:
    """A map in the original frame over one reader's mark."""
    cell_px = None
    if grid is not None:
        height, width = grid.cell_px
        cell_px = (height / subject.geometry.scale_y, width / subject.geometry.scale_x)
    threshold = thresholds.get(subject.prediction.target)
    return MarkedMap(carried, region, valid, subject.case.spacing_mm, cell_px, threshold)


def tuning_curves(
    chunk: Chunk, spec: ExplainerSpec, maps: Sequence[SaliencyMap], *, thresholds: Sequence[float]
) -> list[TuningCurve]:
    """How well one explainer's maps of a chunk meet their marks at each threshold, in the chunk's order.

    A map that points nowhere meets nothing at any. A case whose marks can be neither met nor missed has no curve.

    Args:
        maps: one per subject.
        thresholds: of the map scaled to 0 to 1, rising.
    """
    by_case = {saliency.case_id: saliency for saliency in maps}
    found: list[TuningCurve] = []
    for subject in chunk.subjects:
        saliency = by_case[subject.case.case_id]
        values = saliency.values if explainer_row(spec.name).signed else np.abs(saliency.values)
        carried, valid = map_to_original(values, subject.geometry)
        curves = [
            curve
            for region in subject.regions.values()
            if not isinstance(curve := iou_curve(MarkedMap(carried, region, valid), thresholds), Absent)
        ]
        if curves:
            found.append(
                TuningCurve(
                    case_id=subject.case.case_id,
                    patient_id=subject.case.patient_id,
                    model_id=saliency.model_id,
                    explainer_id=saliency.explainer_id,
                    explainer_hash=saliency.explainer_hash,
                    target=subject.prediction.target,
                    thresholds=tuple(thresholds),
                    ious=tuple(float(iou) for iou in np.mean(curves, axis=0)),
                )
            )
    return found


def map_facts(chunk: Chunk, spec: ExplainerSpec, maps: Sequence[SaliencyMap]) -> list[MapFacts]:
    """What the failure category of each of one explainer's maps is decided from, in the chunk's order.

    With several readers' marks to score against, it is all of their marks together.
    """
    by_case = {saliency.case_id: saliency for saliency in maps}
    found: list[MapFacts] = []
    for subject in chunk.subjects:
        saliency, prediction = by_case[subject.case.case_id], subject.prediction
        values = saliency.values if explainer_row(spec.name).signed else np.abs(saliency.values)
        carried, valid = map_to_original(values, subject.geometry)
        measures = measure_map(carried, subject.mark, valid, subject.anatomy)
        found.append(
            MapFacts(
                case_id=subject.case.case_id,
                patient_id=subject.case.patient_id,
                model_id=saliency.model_id,
                explainer_id=saliency.explainer_id,
                explainer_hash=saliency.explainer_hash,
                target=prediction.target,
                label=prediction.label,
                predicted=prediction.predicted,
                **asdict(measures),
            )
        )
    return found


def localize(
    subject: Subject,
    saliency: SaliencyMap,
    metrics: Sequence[MetricSpec],
    *,
    signed: bool,
    seen: BoolArray | None = None,
    thresholds: Thresholds = MappingProxyType({}),
) -> list[ScoreResult]:
    """The metrics of the family ``localization`` among ``metrics``, on one map of one case.

    Args:
        signed: whether negative values mean evidence against the target; else their magnitude counts.
        seen: (h, w) of the model's frame, true where the map says something; by default everywhere.
        thresholds: that were tuned for the explainer.
    """
    values = saliency.values if signed else np.abs(saliency.values)
    carried, valid = map_to_original(values, subject.geometry)
    if seen is not None:
        cover, _ = map_to_original(seen.astype(np.float32), subject.geometry)
        valid = valid & (cover >= 1)
    marked = {
        reader: _laid_over(subject, region, carried, valid, None, thresholds)
        for reader, region in subject.regions.items()
    }
    return [
        result
        for metric in metrics
        if metric_row(metric.name).family == "localization"
        for result in _localize(subject, saliency, metric, marked)
    ]


def _localize(
    subject: Subject, saliency: SaliencyMap, metric: MetricSpec, marked: Mapping[str, MarkedMap]
) -> list[ScoreResult]:
    if not marked:
        return [Unscored(_key(subject, saliency, metric), "no reader has annotated this case")]
    results: list[ScoreResult] = []
    for reader, one in marked.items():
        value, seconds = _timed(lambda one=one: score_marked_map(metric, one))  # type: ignore[misc]
        results.append(_result(_key(subject, saliency, metric, reader=reader), value, 0, seconds))
    return results


def _missing(subject: Subject, saliency: SaliencyMap, marked: Mapping[str, MarkedMap]) -> list[ScoreResult]:
    """Whether the map of a marked case points nowhere, so that zeros which mean that can be counted."""
    return [
        _result(
            _key(subject, saliency, "map-missing", reader=reader),
            one.no_mark or (0.0 if one.no_map is None else 1.0),
            0,
            0.0,
        )
        for reader, one in marked.items()
    ]


def _ceilings(
    subject: Subject,
    saliency: SaliencyMap,
    metrics: Sequence[MetricSpec],
    grid: NativeGrid,
    thresholds: Thresholds,
) -> list[ScoreResult]:
    """What each metric says of the mark itself, drawn on the explainer's native grid."""
    results: list[ScoreResult] = []
    for reader, region in subject.regions.items():
        truth = image_to_model(region.astype(np.float32), subject.geometry)
        carried, valid = map_to_original(grid.best_map(truth), subject.geometry)
        best = _laid_over(subject, region, carried, valid, grid, thresholds)
        for metric in metrics:
            if metric_row(metric.name).has_ceiling:
                value, seconds = _timed(lambda metric=metric, best=best: score_marked_map(metric, best))  # type: ignore[misc]
                key = replace(
                    _key(subject, saliency, metric, reader=reader),
                    metric_id=metric.id + CEILING,
                    family=metric_row(metric.name + CEILING).family,
                )
                results.append(_result(key, value, 0, seconds))
    return results


def _faithfulness(
    chunk: Chunk,
    spec: ExplainerSpec,
    maps: Mapping[str, SaliencyMap],
    values_of: Mapping[str, FloatArray],
    metrics: Sequence[MetricSpec],
    *,
    seed: int,
) -> dict[tuple[str, str], ScoreResult]:
    """The metrics of the family ``faithfulness``, by case and metric, all asked together."""
    from xaudit.perturb.asking import answer

    asked = [
        (subject, metric)
        for subject in chunk.subjects
        for metric in metrics
        if metric_row(metric.name).family == "faithfulness"
    ]
    classifier = chunk.classifier
    blank = str(spec.options["baseline"]) if explainer_row(spec.name).sums_to_answer else None
    found = answer(
        [
            ask_faithfulness(
                metric,
                classifier,
                subject.image,
                subject.target_index,
                values_of[subject.case.case_id],
                about=subject.case.case_id,
                seed=seed_for(seed, subject.case.case_id, "faithfulness"),
                blank=blank,
            )
            for subject, metric in asked
        ],
        classifier.logits,
        batch_size=classifier.batch_size,
    )
    results: dict[tuple[str, str], ScoreResult] = {}
    for (subject, metric), one in zip(asked, found, strict=True):
        key = _key(subject, maps[subject.case.case_id], metric)
        result = _result(key, one.value.value, one.n_evals, one.seconds)
        if isinstance(result, Score) and one.value.curve is not None:
            result = replace(result, curve=_curve(key, one.value.curve))
        results[subject.case.case_id, metric.id] = result
    return results


def curves_of(results: Sequence[ScoreResult]) -> list[ScoreCurve]:
    """The curves from which scores were read, of those that were just measured."""
    return [one.curve for one in results if isinstance(one, Score) and one.curve is not None]


def _curve(key: ScoreKey, curve: Curve) -> ScoreCurve:
    return ScoreCurve(
        case_id=key.case_id,
        model_id=key.model_id,
        explainer_id=key.explainer_id,
        explainer_hash=key.explainer_hash,
        metric_id=key.metric_id,
        metric_hash=key.metric_hash,
        share=tuple(np.asarray(curve.share, dtype=np.float32).tolist()),
        value=tuple(np.asarray(curve.value, dtype=np.float32).tolist()),
    )


def _where(
    subject: Subject,
    saliency: SaliencyMap,
    carried: FloatArray,
    values: FloatArray,
    reliances: Sequence[Reliance],
) -> list[ScoreResult]:
    """The map's mass by region, and whether its densest regions are those that the model depends on."""
    results: list[ScoreResult] = []
    masses: Mapping[str, float] | Absent = (
        region_masses(carried, subject.parts)
        if subject.mark.any()
        else Absent("no reader marked anything on this case")
    )
    for region in subject.asked_regions:
        match masses:
            case Absent():
                value: Measured = masses
            case _:
                value = masses.get(region, Absent(_why_no_region(subject, region)))
        results.append(_result(_key(subject, saliency, f"mass-{region}"), value, 0, 0.0))
    own = [_effect(r) for r in reliances if r.case_id == subject.case.case_id]
    if own:
        in_model = region_masses(values, subject.parts_in_model)
        match in_model:
            case Absent():
                agreement: Measured = in_model
            case _:
                agreement = reliance_agreement(in_model, subject.parts_in_model, own)
        results.append(_result(_key(subject, saliency, "reliance-agreement"), agreement, 0, 0.0))
    return results


def _why_no_region(subject: Subject, region: str) -> str:
    structure = STRUCTURES.get(region)
    if structure is not None and getattr(subject.surroundings, structure) is None:
        return subject.surroundings.unknown.get(structure, "no lung mask for this case")
    if region == "opposite-lung":
        return "no lung lies opposite the marks"
    return f"this case has no region '{region}'"


def _timed(measure: Callable[[], Measured]) -> tuple[Measured, float]:
    started = time.perf_counter()
    return measure(), time.perf_counter() - started


def _result(key: ScoreKey, value: Measured, n_evals: int, seconds: float) -> ScoreResult:
    match value:
        case Absent(reason):
            return Unscored(key, reason)
        case _:
            return Score(key, float(value), n_evals, seconds)


def _key(
    subject: Subject,
    saliency: SaliencyMap | None,
    metric: MetricSpec | str,
    *,
    model_id: str = "",
    reader: str = NO_READER,
) -> ScoreKey:
    """What a score is about; without a map it asks the model itself."""
    match metric:
        case str():
            metric_id, metric_hash, name = metric, "", metric
        case MetricSpec():
            metric_id, metric_hash, name = metric.id, metric.fingerprint, metric.name
    return ScoreKey(
        case_id=subject.case.case_id,
        patient_id=subject.case.patient_id,
        reader=reader,
        model_id=saliency.model_id if saliency else model_id,
        explainer_id=saliency.explainer_id if saliency else MODEL_LEVEL,
        explainer_hash=saliency.explainer_hash if saliency else "",
        target=subject.prediction.target,
        correct=subject.prediction.correct,
        metric_id=metric_id,
        metric_hash=metric_hash,
        family=metric_row(name).family,
    )


def _reliance(subject: Subject, model_id: str, effect: RegionEffect) -> Reliance:
    return Reliance(
        case_id=subject.case.case_id,
        patient_id=subject.case.patient_id,
        model_id=model_id,
        target=subject.prediction.target,
        correct=subject.prediction.correct,
        region=effect.region,
        infill=effect.infill,
        fraction=effect.fraction,
        probability=effect.probability,
        probability_drop=effect.probability_drop,
        logit_drop=effect.logit_drop,
        control_probability_drop=effect.control_probability_drop,
        control_logit_drop=effect.control_logit_drop,
        beyond_random=effect.beyond_random,
        logit_beyond_random=effect.logit_beyond_random,
    )


def _effect(reliance: Reliance) -> RegionEffect:
    return RegionEffect(
        region=reliance.region,
        infill=reliance.infill,
        fraction=reliance.fraction,
        probability=reliance.probability,
        probability_drop=reliance.probability_drop,
        logit_drop=reliance.logit_drop,
        control_probability_drop=reliance.control_probability_drop,
        control_logit_drop=reliance.control_logit_drop,
        beyond_random=reliance.beyond_random,
        logit_beyond_random=reliance.logit_beyond_random,
    )
