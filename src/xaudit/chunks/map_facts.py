"""The measurements that decide the failure category of each map."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from xaudit.chunks.chunk import Chunk, Subject, counted_values
from xaudit.config import ExplainerSpec
from xaudit.geometry import map_to_original
from xaudit.metrics.categories import measure_map
from xaudit.records import (
    MapFacts,
    SaliencyMap,
)


def map_facts(chunk: Chunk, spec: ExplainerSpec, maps: Sequence[SaliencyMap]) -> list[MapFacts]:
    """Measure one explainer's maps for their failure categories, in the chunk's order.

    All readers' marks count together. A case without a map is left out.
    """
    by_case = {saliency.case_id: saliency for saliency in maps}
    facts: list[MapFacts] = []
    for subject in chunk.subjects:
        saliency = by_case.get(subject.case.case_id)
        if saliency is None:
            continue
        measured = facts_of_map(subject, replace(saliency, values=counted_values(saliency, spec)))
        facts.append(replace(measured, n_evals=saliency.n_evals, seconds=saliency.seconds))
    return facts


def facts_of_map(subject: Subject, saliency: SaliencyMap) -> MapFacts:
    """Measure one map for its failure category; evidence against the target is ignored."""
    prediction = subject.prediction
    carried, valid = map_to_original(saliency.values, subject.road(saliency.values))
    measures = measure_map(carried, subject.mark, valid, subject.anatomy)
    return MapFacts(
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
