"""What a model's answer loses without a part of the image."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reliance:
    """How much one model's answer on one case depends on one region, whatever any explainer says.

    Attributes:
        region: as in :data:`xaudit.catalog.REGIONS`.
        infill: what replaced the region's pixels.
        fraction: the region's share of the image.
        probability: of the target on the untouched image.
        probability_drop: by how much it falls when the region is replaced.
        logit_drop: the same for the target's logit.
        control_probability_drop: mean fall when a random area of the same size is replaced instead.
        control_logit_drop: the same for the logit.
        beyond_random: how far the probability falls beyond its fall for random areas, a rise counting as no fall.
        logit_beyond_random: the same for the logit.
    """

    case_id: str
    patient_id: str | None
    model_id: str
    target: str
    correct: bool
    region: str
    infill: str
    fraction: float
    probability: float
    probability_drop: float
    logit_drop: float
    control_probability_drop: float
    control_logit_drop: float
    beyond_random: float
    logit_beyond_random: float
