"""All metrics of an audit on one explainer's maps of a chunk."""

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from xaudit.catalog import EXTERNAL, metric_row
from xaudit.chunks.chunk import Chunk, Subject, counted_values
from xaudit.chunks.faithfulness import faithfulness_of
from xaudit.chunks.localizing import Thresholds, ceilings_of, laid_over, localize_on, missing_map
from xaudit.chunks.reliance import effect_of
from xaudit.chunks.results import key_of, result_of, timed, why_no_region, without_map
from xaudit.config import ExplainerSpec, MetricSpec
from xaudit.explainers.native_grids import native_grids
from xaudit.geometry import map_to_original
from xaudit.metrics import score_complexity
from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.regions import region_masses
from xaudit.metrics.reliance import reliance_agreement
from xaudit.records import (
    FloatArray,
    Reliance,
    SaliencyMap,
    ScoreResult,
)


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
    """Compute every metric of the audit on one explainer's maps of a chunk.

    Args:
        maps: as stored, one per subject; none for a case whose file is missing.
        reliances: those of the same cases; empty if reliance is not measured.
        ceilings: True to score the best map on the explainer's native grid too, with each metric that has a ceiling.
        thresholds: those tuned for the explainer; a ceiling is cut at them too.
        seed: the audit's seed, for metrics that draw samples.
    """
    by_case = {saliency.case_id: saliency for saliency in maps}
    may_miss = spec.name == EXTERNAL.id
    missing = {one.case.case_id for one in chunk.subjects} - by_case.keys() if may_miss else set()
    by_case |= {name: empty_map(chunk, spec, name) for name in missing}
    maps = list(by_case.values())
    placed = [metric for metric in metrics if metric_row(metric.name).family == "localization"]
    grid_of = native_grids(spec, chunk.classifier) if placed and chunk.subjects else None
    values_of = {one.case_id: counted_values(one, spec) for one in maps}
    faithful = faithfulness_of(chunk, spec, by_case, values_of, metrics, seed=seed)
    results: list[ScoreResult] = []
    for subject in chunk.subjects:
        saliency, values = by_case[subject.case.case_id], values_of[subject.case.case_id]
        carried, valid = map_to_original(values, subject.road(values))
        grid = None if grid_of is None else grid_of(subject.image)
        marked = {
            reader: laid_over(subject, region, carried, valid, grid, thresholds)
            for reader, region in subject.regions.items()
        }
        for metric in metrics:
            row = metric_row(metric.name)
            match row.family:
                case "localization":
                    results += localize_on(subject, saliency, metric, marked)
                case _ if row.asks_model:
                    results.append(faithful[subject.case.case_id, metric.id])
                case "complexity":
                    value, seconds = timed(lambda m=metric, v=values: score_complexity(m, v))  # type: ignore[misc]
                    results.append(result_of(key_of(subject, saliency, metric), value, 0, seconds))
                case _:
                    continue
        if placed:
            results += missing_map(subject, saliency, marked)
        if grid is not None and ceilings:
            results += ceilings_of(subject, saliency, placed, grid, thresholds)
        results += _where(subject, saliency, carried, values, reliances)
    return [without_map(one) if one.key.case_id in missing else one for one in results]


def empty_map(chunk: Chunk, spec: ExplainerSpec, case_id: str) -> SaliencyMap:
    """Return a placeholder for a map whose file is missing, so that each of its scores is counted as missing."""
    target = next(one.prediction.target for one in chunk.subjects if one.case.case_id == case_id)
    nothing = np.full(chunk.classifier.model_hw, np.nan, dtype=np.float32)
    return SaliencyMap(case_id, chunk.classifier.id, spec.id, spec.fingerprint, target, nothing, 0, 0, 0.0)


def _where(
    subject: Subject,
    saliency: SaliencyMap,
    carried: FloatArray,
    values: FloatArray,
    reliances: Sequence[Reliance],
) -> list[ScoreResult]:
    """Score the map's mass by region, and its agreement with the regions that the model depends on."""
    results: list[ScoreResult] = []
    masses = region_masses(carried, subject.parts)
    for region in subject.asked_regions:
        match masses:
            case _ if not subject.mark.any() and region not in subject.surroundings.own:
                value: Measured = Absent("no reader marked anything on this case")
            case Absent():
                value = masses
            case _:
                value = masses.get(region, Absent(why_no_region(subject, region)))
        results.append(result_of(key_of(subject, saliency, f"mass-{region}"), value, 0, 0.0))
    own = [effect_of(r) for r in reliances if r.case_id == subject.case.case_id]
    if own:
        in_model = region_masses(values, subject.parts_in_model)
        match in_model:
            case Absent():
                agreement: Measured = in_model
            case _:
                agreement = reliance_agreement(in_model, subject.parts_in_model, own)
        results.append(result_of(key_of(subject, saliency, "reliance-agreement"), agreement, 0, 0.0))
    return results
