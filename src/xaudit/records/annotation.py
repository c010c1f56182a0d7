"""What a reader marked, and what lies around it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from xaudit.records.arrays import BoolArray
from xaudit.records.region import Region

NO_READER = "-"
"""Stands in the reader column of a score that needs no annotation."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One thing that one reader drew on one case; without a region, the reader looked and found nothing."""

    case_id: str
    reader_id: str
    region: Region | None
    label: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """Masks of what lies around the marks of one case, (H, W) of the original frame, None where it is not known.

    Attributes:
        lungs: both of them.
        left_lung: one of them, where the masks' names or labels tell the lungs apart; empty where it is not on the image.
        right_lung: the other one.
        thorax: all that the ribs enclose, lungs included.
        body: all of the patient.
        tolerance_px: by how far the region of a mark reaches beyond the mark, along a row.
        aspect: height of a pixel over its width, so that the tolerance is a circle on the patient.
        unknown: structure: why it is not known although it was asked for.
    """

    lungs: BoolArray | None = None
    thorax: BoolArray | None = None
    body: BoolArray | None = None
    tolerance_px: float = 0.0
    aspect: float = 1.0
    unknown: Mapping[str, str] = field(default_factory=dict)
    left_lung: BoolArray | None = None
    right_lung: BoolArray | None = None
