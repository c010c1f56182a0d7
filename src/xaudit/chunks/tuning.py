"""IoU of maps with their marks at each threshold, from which thresholds are tuned."""

from collections.abc import Sequence

import numpy as np

from xaudit.chunks.chunk import Chunk, counted_values
from xaudit.config import ExplainerSpec
from xaudit.geometry import map_to_original
from xaudit.metrics.absent import Absent
from xaudit.metrics.localization.marked_map import MarkedMap
from xaudit.metrics.localization.tuning import iou_curve
from xaudit.records import (
    SaliencyMap,
    TuningCurve,
)


def tuning_curves(
    chunk: Chunk, spec: ExplainerSpec, maps: Sequence[SaliencyMap], *, thresholds: Sequence[float]
) -> list[TuningCurve]:
    """Compute the IoU of one explainer's maps with their marks at each threshold, in the chunk's order.

    A map that points nowhere has an IoU of 0 at each. Cases without a map, or with marks that can be neither met nor
    missed, have no curve.

    Args:
        maps: at most one per subject.
        thresholds: rising thresholds of the map, which is scaled to 0 to 1.
    """
    by_case = {saliency.case_id: saliency for saliency in maps}
    tuning: list[TuningCurve] = []
    for subject in chunk.subjects:
        saliency = by_case.get(subject.case.case_id)
        if saliency is None:
            continue
        values = counted_values(saliency, spec)
        carried, valid = map_to_original(values, subject.road(values))
        curves = [
            curve
            for region in subject.regions.values()
            if not isinstance(curve := iou_curve(MarkedMap(carried, region, valid), thresholds), Absent)
        ]
        if curves:
            tuning.append(
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
    return tuning
