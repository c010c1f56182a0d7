"""What is kept of an image file once it has been read through: never its pixels."""

from dataclasses import dataclass
from typing import Literal

from xaudit.errors import DataError
from xaudit.records import PatientSide

SourceFormat = Literal["png", "jpeg", "dicom"]
Window = str | tuple[float, float]

LARGEST_BYTES = 512 * 2**20
"""Of an image file."""


class UnreadableImageError(DataError):
    """An image that cannot be used; the message says what is wrong with it and names no path."""


@dataclass(frozen=True, slots=True)
class Header:
    """The frame of an image, as it is shown.

    Attributes:
        height: in pixels, after an EXIF orientation has been followed.
        width: the same.
        spacing_mm: millimetres per pixel as (row, column), None where the file does not say.
        uid: of a DICOM instance, only to find its annotation by; never stored or shown.
        patient_key: of a DICOM file, only to tell patients apart; never stored or shown.
        left_edge: which side of the patient lies at the left edge, as in :class:`xaudit.records.Case`.
        turned: whether a DICOM slice is stored otherwise than axial, head first, face up.
    """

    height: int
    width: int
    source_format: SourceFormat
    spacing_mm: tuple[float, float] | None = None
    uid: str | None = None
    patient_key: str | None = None
    left_edge: PatientSide | None = None
    turned: bool = False
