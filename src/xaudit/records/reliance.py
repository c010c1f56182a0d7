"""The change in a model's answer when a part of the image is replaced."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reliance:
    """The dependence of one model's answer on one region of one case; no explainer is involved.

    Attributes:
        region: as in :data:`xaudit.catalog.REGIONS`, or ``all-but-mark``.
        infill: the content that replaced the region's pixels.
        fraction: the region's share of the image.
        probability: probability of the target on the original image.
        probability_drop: fall of that probability when the region is replaced.
        logit_drop: the same for the target's logit.
        control_probability_drop: mean fall when random areas of the same size are replaced instead.
        control_logit_drop: the same for the logit.
        beyond_random: fall for the region minus fall for random areas; a rise counts as a fall of 0.
        logit_beyond_random: the same for the logit.
        rise_beyond_random: rise for the region minus rise for random areas; a fall counts as a rise of 0.
        logit_rise_beyond_random: the same for the logit.
        percentile: how odd the image with the region replaced is to the model: the share in percent of real images that
            lie nearer to real images of other patients, in the model's own features; NaN where it was not measured.
        label: the true class; empty in runs of versions before 1.3.
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
    rise_beyond_random: float = 0.0
    logit_rise_beyond_random: float = 0.0
    label: str = ""
    percentile: float = math.nan
