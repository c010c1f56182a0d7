"""The metrics that compare a map with the marks of its case."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from xaudit.catalog import CEILING, metric_row
from xaudit.chunks.chunk import Subject
from xaudit.chunks.results import key_of, result_of, timed
from xaudit.config import MetricSpec
from xaudit.geometry import image_to_model, map_to_original
from xaudit.metrics import score_marked_map
from xaudit.metrics.localization.marked_map import MarkedMap
from xaudit.native_grid import NativeGrid
from xaudit.records import (
    BoolArray,
    FloatArray,
    SaliencyMap,
    ScoreResult,
    Unscored,
)

Thresholds = Mapping[str, float]
"""Tuned threshold of a map, as a share of its range, by explained class."""


def localize(
    subject: Subject,
    saliency: SaliencyMap,
    metrics: Sequence[MetricSpec],
    *,
    signed: bool,
    seen: BoolArray | None = None,
    thresholds: Thresholds = MappingProxyType({}),
) -> list[ScoreResult]:
    """Compute the ``localization`` metrics among ``metrics`` on one map of one case.

    Args:
        signed: True if negative values mean evidence against the target; else their magnitude counts.
        seen: (h, w) of the model's frame, True where the map has a value; by default everywhere.
        thresholds: those tuned for the explainer.
    """
    values = saliency.values if signed else np.abs(saliency.values)
    carried, valid = map_to_original(values, subject.road(values))
    if seen is not None:
        cover, _ = map_to_original(seen.astype(np.float32), subject.geometry)
        valid = valid & (cover >= 1)
    marked = {
        reader: laid_over(subject, region, carried, valid, None, thresholds)
        for reader, region in subject.regions.items()
    }
    return [
        result
        for metric in metrics
        if metric_row(metric.name).family == "localization"
        for result in localize_on(subject, saliency, metric, marked)
    ]


def localize_on(
    subject: Subject, saliency: SaliencyMap, metric: MetricSpec, marked: Mapping[str, MarkedMap]
) -> list[ScoreResult]:
    """Compute one metric of one map against each reader's mark; without marks, return the reason."""
    if not marked:
        return [Unscored(key_of(subject, saliency, metric), "no reader has annotated this case")]
    results: list[ScoreResult] = []
    for reader, mark in marked.items():
        value, seconds = timed(lambda mark=mark: score_marked_map(metric, mark))  # type: ignore[misc]
        results.append(result_of(key_of(subject, saliency, metric, reader=reader), value, 0, seconds))
    return results


def laid_over(
    subject: Subject,
    region: BoolArray,
    carried: FloatArray,
    valid: BoolArray,
    grid: NativeGrid | None,
    thresholds: Thresholds,
) -> MarkedMap:
    """Combine a map in the original frame with one reader's mark."""
    cell_px = None
    if grid is not None:
        height, width = grid.cell_px
        cell_px = (height / subject.geometry.scale_y, width / subject.geometry.scale_x)
    threshold = thresholds.get(subject.prediction.target)
    return MarkedMap(carried, region, valid, subject.case.spacing_mm, cell_px, threshold)


def missing_map(
    subject: Subject, saliency: SaliencyMap, marked: Mapping[str, MarkedMap]
) -> list[ScoreResult]:
    """Score 1 if the map of a marked case points nowhere, else 0, so that zeros for that reason can be counted."""
    return [
        result_of(
            key_of(subject, saliency, "map-missing", reader=reader),
            mark.no_mark or (0.0 if mark.no_map is None else 1.0),
            0,
            0.0,
        )
        for reader, mark in marked.items()
    ]


def ceilings_of(
    subject: Subject,
    saliency: SaliencyMap,
    metrics: Sequence[MetricSpec],
    grid: NativeGrid,
    thresholds: Thresholds,
) -> list[ScoreResult]:
    """Score the mark itself, drawn on the explainer's native grid, with each metric that has a ceiling."""
    results: list[ScoreResult] = []
    for reader, region in subject.regions.items():
        truth = image_to_model(region.astype(np.float32), subject.geometry)
        carried, valid = map_to_original(grid.best_map(truth), subject.geometry)
        best = laid_over(subject, region, carried, valid, grid, thresholds)
        for metric in metrics:
            if metric_row(metric.name).has_ceiling:
                value, seconds = timed(lambda metric=metric, best=best: score_marked_map(metric, best))  # type: ignore[misc]
                key = replace(
                    key_of(subject, saliency, metric, reader=reader),
                    metric_id=metric.id + CEILING,
                    family=metric_row(metric.name + CEILING).family,
                )
                results.append(result_of(key, value, 0, seconds))
    return results
