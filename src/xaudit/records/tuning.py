"""Thresholds that are chosen on another split than the one that is scored."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TuningCurve:
    """How well one map of the tuning split meets its marks at every threshold that could be chosen.

    Attributes:
        target: the class that is explained.
        thresholds: of the map scaled to 0 to 1, rising.
        ious: one per threshold; with several readers to score against, the mean over those who marked something.
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
        """The patient where known, else the case itself."""
        return self.case_id if self.patient_id is None else self.patient_id


@dataclass(frozen=True, slots=True)
class TunedThreshold:
    """Where the maps of one explainer are cut that explain one class, chosen on cases that are never scored.

    Attributes:
        split: that it was chosen on.
        threshold: of the map scaled to 0 to 1.
        iou: the mean over the patients of that split at this threshold, which no other threshold exceeds.
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
