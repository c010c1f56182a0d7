"""The metadata kept of an image file after one reading; never its pixels."""

from dataclasses import dataclass
from typing import Literal

from xaudit.cases.images.plane import Plane
from xaudit.errors import DataError
from xaudit.records import PatientSide

SourceFormat = Literal["png", "jpeg", "tiff", "dicom", "nifti", "npy"]
Window = str | tuple[float, float]

LARGEST_BYTES = 512 * 2**20
"""Size limit of an image file."""

MOST_MEMORY = 2**30
"""Memory limit for reading one image, its file included."""

MOST_PIXELS = 100_000_000
"""Limit on the pixels of an image; a digital mammogram has a fifth of them. Larger claims are refused before allocation."""


DIM = 4095.5 / 65535
"""A 16-bit image that is nowhere brighter than this uses 12 bits, or fewer."""


class UnreadableImageError(DataError):
    """An image that cannot be used; the message says what is wrong and names no path."""


@dataclass(frozen=True, slots=True)
class Header:
    """The frame of an image, as it is shown.

    Attributes:
        height: height in pixels, after an EXIF orientation has been applied.
        width: width in pixels, likewise.
        spacing_mm: millimetres per pixel as (row, column), None if the file does not say.
        uid: UID of a DICOM instance, with ``#`` and a frame's number if it holds several, only to find its annotation;
            never stored or shown.
        patient_key: key of a DICOM file, or of a file of several images, only to tell patients apart; never stored or shown.
        left_edge: the side of the patient at the left edge, as in :class:`xaudit.records.Case`.
        turned: True if a DICOM slice is stored otherwise than axial, head first, face up.
        plane: position of the image in the patient, None if the file does not say.
        dim: True for a 16-bit image, divided by 65535, that holds no value above 4095.
        properties: properties of the file that identify nobody, by the names of :data:`xaudit.config.FILE_ATTRIBUTES`.
    """

    height: int
    width: int
    source_format: SourceFormat
    spacing_mm: tuple[float, float] | None = None
    uid: str | None = None
    patient_key: str | None = None
    left_edge: PatientSide | None = None
    turned: bool = False
    plane: Plane | None = None
    dim: bool = False
    properties: tuple[tuple[str, str], ...] = ()


def check_pixels(height: int, width: int) -> None:
    """Raise UnreadableImageError if an image claims no pixels, or implausibly many."""
    if height < 1 or width < 1:
        raise UnreadableImageError(f"claims to have {width} × {height} pixels")
    if height * width > MOST_PIXELS:
        raise UnreadableImageError(
            f"claims to have {width} × {height} pixels, and images of more than {MOST_PIXELS // 10**6} million are not read"
        )


def check_memory(n_bytes: int) -> None:
    """Raise UnreadableImageError if reading an image would take more memory than the limit."""
    if n_bytes > MOST_MEMORY:
        raise UnreadableImageError(
            f"would take {n_bytes / 2**30:.1f} GB of memory, and {MOST_MEMORY // 2**30} GB is used for an image at most; "
            "save its frames, slices or pages as smaller files"
        )


def check_frame(n_frames: int | None, frame: int | None, *, what: str = "frames") -> int:
    """Return the index, from 0, of an image within its file.

    Args:
        n_frames: number of images in the file; None for a single one, which has no number.
        frame: the requested number, from 1; None without a number.
        what: name of the images of a file.

    Raises:
        UnreadableImageError: if a file of several is requested without a number, or with one that it does not have.

    Example:
        >>> check_frame(None, None), check_frame(12, 3)
        (0, 2)
    """
    if n_frames is None:
        if frame is not None:
            raise UnreadableImageError(f"is a single image; name it without #{frame}")
        return 0
    if frame is None:
        raise UnreadableImageError(f"holds {n_frames} {what}; name one of them, as in ct.dcm#1")
    if not 1 <= frame <= n_frames:
        raise UnreadableImageError(f"has no #{frame}; its {n_frames} {what} are counted from 1")
    return frame - 1
