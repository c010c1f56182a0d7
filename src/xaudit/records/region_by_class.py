"""A model's reliance on a region, on the images of one true class."""

from dataclasses import dataclass
from typing import Literal

from xaudit.records.interval import Interval

Direction = Literal["for", "against"]


@dataclass(frozen=True, slots=True)
class RegionByClass:
    """The effect of hiding a region on one model's answer, on the images of one true class.

    Attributes:
        label: the true class of the images.
        target: the class whose answer is measured.
        direction: ``for`` if hiding the region lowers the answer, ``against`` if it raises it; a change of the other sign
            counts as 0.
        probability: mean change of the probability beyond that for random areas of the same size.
        logit: the same for the target's logit.
        cluster: ``patient``, or ``case`` if the data names no patients.
        by_infill: the probability's change under each in-fill alone, where there are several.
    """

    model_id: str
    label: str
    target: str
    region: str
    direction: Direction
    probability: Interval
    logit: Interval
    n_cases: int
    n_patients: int
    cluster: str
    by_infill: tuple[tuple[str, Interval], ...] = ()
