"""Score maps by the model's reliance that they capture."""

from collections.abc import Sequence

from xaudit.catalog import CAPTURED
from xaudit.chunks.chunk import Chunk, Subject, counted_values
from xaudit.chunks.results import key_of, result_of
from xaudit.config import ExplainerSpec, ExplainersSection
from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.reliance_map.captured import (
    OWN_WINDOWS,
    of_other_making,
    reliance_captured,
    through_windows,
)
from xaudit.metrics.reliance_map.case_map import case_reliance
from xaudit.records import FloatArray, SaliencyMap, ScoreResult, WindowEffects


def windows_of(subject: Subject, effects: Sequence[WindowEffects]) -> list[WindowEffects]:
    """Return the hidden windows of one case, measured on the class that its maps explain."""
    return [
        one
        for one in effects
        if one.case_id == subject.case.case_id
        and one.question == "hide"
        and one.target == subject.prediction.target
    ]


def captured_scores(
    chunk: Chunk,
    spec: ExplainerSpec,
    maps: Sequence[SaliencyMap],
    *,
    windows: Sequence[WindowEffects],
    limits: ExplainersSection,
) -> list[ScoreResult]:
    """Score the reliance that one explainer's maps of a chunk capture; nothing for cases without a reliance map.

    Args:
        maps: as stored, one per subject.
        windows: the reliance maps of the same cases.
    """
    by_case = {saliency.case_id: saliency for saliency in maps}
    results = []
    for subject in chunk.subjects:
        saliency = by_case.get(subject.case.case_id)
        own = windows_of(subject, windows)
        if saliency is not None and own:
            compared = of_others(own, spec)
            values = counted_values(saliency, spec)
            seen = through_windows(values, compared) if compared else values
            results.append(captured_score(subject, saliency, seen, compared, limits))
    return results


def captured_score(
    subject: Subject,
    saliency: SaliencyMap,
    values: FloatArray,
    own: Sequence[WindowEffects],
    limits: ExplainersSection,
) -> ScoreResult:
    """Score the reliance that one map captures.

    Args:
        saliency: what the score is about.
        values: the map's values that count, (H, W) of the model's frame.
        own: the hidden windows of the case that the map is compared with; none if all were left out.
    """
    captured: Measured = Absent(OWN_WINDOWS)
    if own:
        captured = reliance_captured(values, case_reliance(own), share=limits.area, margin=limits.margin)
    return result_of(key_of(subject, saliency, CAPTURED), captured, 0, 0.0)


def of_others(effects: Sequence[WindowEffects], spec: ExplainerSpec) -> list[WindowEffects]:
    """Leave out windows that the explainer's own map is made of; only occlusion hides windows as the reliance map does."""
    if spec.name != "occlusion":
        return list(effects)
    options = spec.options
    return of_other_making(
        effects,
        window=float(options["window"] or 0),
        step=float(options["stride"] or 0),
        infill=str(options["baseline"]),
    )
