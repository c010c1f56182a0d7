"""A model's reliance on a region under one in-fill."""

from dataclasses import dataclass

from xaudit.records.interval import Interval


@dataclass(frozen=True, slots=True)
class InfillEffect:
    """Mean fall of one model's answer when a region is replaced by one in-fill, over the cases that are scored.

    Attributes:
        region: as in :data:`xaudit.catalog.REGIONS`, or one that the audit file names.
        odd: share of the images with the region replaced that are odder to the model than 99 % of real images; None where
            that was not measured.
        effect: fall of the target's probability beyond that for random areas; a rise counts as no fall.
    """

    model_id: str
    region: str
    infill: str
    effect: Interval
    n_patients: int
    odd: float | None = None
