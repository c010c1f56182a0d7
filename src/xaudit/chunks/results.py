"""Conversion of measured values to scores, or to the reason why there is none."""

import time
from collections.abc import Callable

from xaudit.catalog import STRUCTURES, metric_row, region_family
from xaudit.chunks.chunk import Subject
from xaudit.config import MetricSpec
from xaudit.metrics.absent import Absent, Measured
from xaudit.records import (
    MODEL_LEVEL,
    NO_READER,
    SaliencyMap,
    Score,
    ScoreKey,
    ScoreResult,
    Unscored,
)


def timed(measure: Callable[[], Measured]) -> tuple[Measured, float]:
    """Call a function; return its result and the seconds it took."""
    started = time.perf_counter()
    return measure(), time.perf_counter() - started


def result_of(key: ScoreKey, value: Measured, n_evals: int, seconds: float) -> ScoreResult:
    """Return a score, or the reason why there is none."""
    match value:
        case Absent(reason):
            return Unscored(key, reason)
        case _:
            return Score(key, float(value), n_evals, seconds)


NO_FILE = "no file holds a map of this case"


def without_map(result: ScoreResult) -> Unscored:
    """Replace a score by the reason that its map's file is missing."""
    return Unscored(result.key, NO_FILE)


def key_of(
    subject: Subject,
    saliency: SaliencyMap | None,
    metric: MetricSpec | str,
    *,
    model_id: str = "",
    reader: str = NO_READER,
) -> ScoreKey:
    """Return the key of a score; without a map, the score concerns the model itself."""
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
        family=region_family(name) or metric_row(name).family,
    )


def why_no_region(subject: Subject, region: str) -> str:
    """Return the reason why a region is missing on this case, in words for the report."""
    if region in subject.surroundings.own:
        return _why_no_own_region(subject, region)
    structure = STRUCTURES.get(region)
    if structure is not None and getattr(subject.surroundings, structure) is None:
        return subject.surroundings.unknown.get(structure, "no lung mask for this case")
    lungs = subject.lungs
    if (
        region in ("same-lung", "opposite-lung")
        and lungs is not None
        and lungs.whole.any()
        and not lungs.each
    ):
        return "the left and the right lung cannot be told apart on this image"
    if region == "opposite-lung":
        return "no lung lies opposite the marks"
    return f"this case has no region '{region}'"


def _why_no_own_region(subject: Subject, region: str) -> str:
    """Return the reason why a region that the audit file names is missing on this case."""
    words, mask = region.replace("-", " "), subject.surroundings.own[region]
    if mask is None:
        return subject.surroundings.unknown[region]
    if not mask.any():
        return f"this case shows no {words}"
    if region in subject.parts:
        return f"the model's frame leaves out the {words} of this case"
    return f"the mark, or a region named before it, covers the whole {words} of this case"
