"""Thresholds that are chosen on another split than the one that is scored."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TuningCurve:
    """IoU of one map of the tuning split with its marks, at every candidate threshold.

    Attributes:
        target: the class that is explained.
        thresholds: rising thresholds of the map, which is scaled to 0 to 1.
        ious: one per threshold; with several readers, the mean over those who marked something.
    """

    case_id: str
    patient_id: str | None
    model_id: str
    explainer_id: str
    explainer_hash: str
    target: str
    thresholds: tuple[float, ...]
    ious: tuple[float, ...]

    @property
    def cluster(self) -> str:
        """The patient if known, else the case."""
        return self.case_id if self.patient_id is None else self.patient_id


@dataclass(frozen=True, slots=True)
class TunedThreshold:
    """The threshold that binarises the maps of one explainer for one class, chosen on cases that are never scored.

    Attributes:
        split: the split that it was chosen on.
        threshold: threshold of the map, which is scaled to 0 to 1.
        iou: mean IoU over the patients of that split at this threshold; no other threshold has a higher one.
    """

    model_id: str
    explainer_id: str
    explainer_hash: str
    target: str
    split: str
    threshold: float
    iou: float
    n_cases: int
    n_patients: int
