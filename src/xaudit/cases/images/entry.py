"""An image that the data names, before it is opened.

An image within a file of several is named by the file and its number, counted from 1: ``ct.dcm#3`` is the third frame of a
DICOM file, the third page of a TIFF, or the third slice of a NIfTI volume.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from xaudit.cases.text.spelling import nfc
from xaudit.errors import DataError

IMAGE_SUFFIXES = frozenset(
    {
        ".png",
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".dcm",
        ".dicom",
        ".ima",
        ".tif",
        ".tiff",
        ".bmp",
        ".gif",
        ".webp",
        ".nii",
        ".npy",
    }
)
"""Suffixes of image files; the content decides if a file can be read."""

RASTER_SUFFIXES = IMAGE_SUFFIXES - {".dcm", ".dicom", ".ima", ".nii", ".npy"}
"""Suffixes of pictures, which a mask may be saved as too."""

_FRAME = re.compile(r"(?P<file>.+)#(?P<frame>\d{1,6})")

SPLITS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
    "testing": "test",
}
"""Common names of splits, and the names used here."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An image by its path below the data set's root, and its metadata.

    Attributes:
        path: with forward slashes, relative to the root; ends with ``#`` and a number for one image of several in a file.
        label: as the data spells it, before any merging of classes.
        split: ``train``, ``validation`` or ``test``, None if the data does not say.
        spacing_mm: millimetres per pixel as (row, column).
        site: the site that took the image, as the data spells it.
        augmented: True if the image was made from another one.
        attributes: columns that the audit file names, and the texts of their cells; empty cells are left out.
    """

    path: str
    label: str
    patient_id: str | None = None
    split: str | None = None
    spacing_mm: tuple[float, float] | None = None
    site: str | None = None
    augmented: bool | None = None
    attributes: tuple[tuple[str, str], ...] = ()


def frame_path(path: str, frame: int | None) -> str:
    """Return the name of an image within a file of several; the file's own name if it holds one.

    Example:
        >>> frame_path("cancer/ct.dcm", 3), frame_path("a.png", None)
        ('cancer/ct.dcm#3', 'a.png')
    """
    return path if frame is None else f"{path}#{frame}"


def file_and_frame(path: str) -> tuple[str, int | None]:
    """Return the file of an image, and its number within it; None if its name gives none.

    Example:
        >>> file_and_frame("cancer/ct.dcm#3"), file_and_frame("a#3.png")
        (('cancer/ct.dcm', 3), ('a#3.png', None))
    """
    match = _FRAME.fullmatch(path)
    return (path, None) if match is None else (match["file"], int(match["frame"]))


def without_suffix(path: str) -> str:
    """Return a path without the suffix that names an image; other dots stay, as in files named by a DICOM UID.

    Example:
        >>> without_suffix("cancer/a.PNG"), without_suffix("1.2.840.10008"), without_suffix("ct.nii.gz#12")
        ('cancer/a', '1.2.840.10008', 'ct#12')
    """
    file, frame = file_and_frame(path)
    if file.lower().endswith(".nii.gz"):
        return frame_path(file[: -len(".nii.gz")], frame)
    suffix = PurePosixPath(file).suffix
    return frame_path(file[: -len(suffix)] if suffix.lower() in IMAGE_SUFFIXES else file, frame)


def is_raster(path: str) -> bool:
    """Return True if an image has the suffix of a format other than DICOM."""
    file, _ = file_and_frame(path)
    return file.lower().endswith((".png", ".jpg", ".jpeg", ".tif", ".tiff", ".nii", ".nii.gz", ".npy"))


def check_unique(entries: Iterable[Entry]) -> None:
    """Raise DataError if two images would have the same case id."""
    seen: dict[str, str] = {}
    for entry in entries:
        name = nfc(without_suffix(entry.path))
        if name in seen:
            first, second = sorted((seen[name], entry.path))
            message = (
                f"the image '{first}' is listed twice"
                if first == second
                else f"'{first}' and '{second}' would both be the case '{name}'"
            )
            raise DataError(message, hint="keep one of the two, or rename it")
        seen[name] = entry.path
