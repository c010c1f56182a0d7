"""A value with its confidence limits."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its confidence limits; the limits are None if there are too few patients.

    Attributes:
        method: ``bca``, ``percentile``, ``wilson``, ``sequence``, ``deviation`` for ECE, ``none``, or ``image-percentile`` for CheXlocalize's method.
        n_replicates_dropped: bootstrap replicates that had no value.
    """

    estimate: float
    low: float | None
    high: float | None
    method: str
    n_replicates_dropped: int = 0
