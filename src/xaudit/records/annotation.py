"""A reader's mark on one case, and the anatomy around it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from xaudit.records.arrays import BoolArray
from xaudit.records.region import Region

NO_READER = "-"
"""Value of the reader column for a score that needs no annotation."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """A region that one reader drew on one case; without a region, the reader looked and marked nothing."""

    case_id: str
    reader_id: str
    region: Region | None
    label: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """Masks of the anatomy around the marks of one case, (H, W) of the original frame; None if not known.

    Attributes:
        lungs: both lungs.
        left_lung: known if the masks' names or labels tell the lungs apart; empty if the lung is not on the image.
        right_lung: as ``left_lung``.
        own: mask of each region that the audit file names, in its order; None if not known for this case.
        thorax: everything that the ribs enclose, lungs included.
        body: the whole patient.
        tolerance_px: margin in pixels along a row that is added around a mark to make its region.
        aspect: height of a pixel over its width, so that the margin is a circle on the patient.
        unknown: for each structure that was requested and is missing, the reason.
    """

    lungs: BoolArray | None = None
    thorax: BoolArray | None = None
    body: BoolArray | None = None
    tolerance_px: float = 0.0
    aspect: float = 1.0
    unknown: Mapping[str, str] = field(default_factory=dict)
    left_lung: BoolArray | None = None
    right_lung: BoolArray | None = None
    own: Mapping[str, BoolArray | None] = field(default_factory=dict)
