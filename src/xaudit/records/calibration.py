"""The calibration of a model's probabilities: bins of the reliability curve, and the figures over all images."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """A point of a reliability curve: images that got about the same probability.

    Attributes:
        target: ``positive`` for the probability of the positive class, ``top-label`` for that of the class named.
        subgroup: ``all``, or a property of the images, such as ``site=A``.
        bin: from 1, lowest probabilities first; bins hold about as many images each.
        mean_probability: mean probability of the target over the bin's images.
        observed: share of the bin's images on which the target is the true class.
        low: lower end of the interval of ``observed``, by patient; None with fewer than 5 patients.
    """

    model_id: str
    target: str
    subgroup: str
    bin: int
    n_images: int
    n_patients: int
    lowest: float
    highest: float
    mean_probability: float
    observed: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class CalibrationValue:
    """A figure of a model's calibration with its interval by patient.

    Attributes:
        metric: ``ece``, ``brier``, ``confidence-gap``, or a term of the Brier score's decomposition.
        target: as in :class:`CalibrationBin`.
        subgroup: as in :class:`CalibrationBin`.
        chance: the mean of the figure over simulated answers whose probabilities are exactly right; None if not simulated.
        chance_high: the value that 95 % of those simulated answers stay within.
        p: share of those simulated answers with a figure at least as far from 0.
    """

    model_id: str
    metric: str
    target: str
    subgroup: str
    value: float
    low: float | None
    high: float | None
    n_images: int
    n_patients: int
    chance: float | None = None
    chance_high: float | None = None
    p: float | None = None
