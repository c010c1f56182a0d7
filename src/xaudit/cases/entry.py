"""One image that the data names, before anybody has opened it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

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
    }
)
"""What names an image file; whether it is one that can be read is decided by its content."""

SPLITS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
    "testing": "test",
}
"""What data sets call their splits, and what they are called here."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An image by its path below the data set's root, and what the data says of it.

    Attributes:
        path: with forward slashes, relative to the root.
        label: as the data spells it, before any merging of classes.
        split: ``train``, ``validation`` or ``test``, None where the data does not say.
        spacing_mm: millimetres per pixel as (row, column).
        site: where the image was taken, as the data spells it.
        augmented: whether the image was made from another one.
    """

    path: str
    label: str
    patient_id: str | None = None
    split: str | None = None
    spacing_mm: tuple[float, float] | None = None
    site: str | None = None
    augmented: bool | None = None


def without_suffix(path: str) -> str:
    """A path without the suffix that names an image; other dots stay, as in files named by a DICOM UID.

    Example:
        >>> without_suffix("cancer/a.PNG"), without_suffix("1.2.840.10008")
        ('cancer/a', '1.2.840.10008')
    """
    suffix = PurePosixPath(path).suffix
    return path[: -len(suffix)] if suffix.lower() in IMAGE_SUFFIXES else path


def check_unique(entries: Iterable[Entry]) -> None:
    """Raises DataError where two images would have the same case id."""
    seen: dict[str, str] = {}
    for entry in entries:
        name = without_suffix(entry.path)
        if name in seen:
            first, second = sorted((seen[name], entry.path))
            message = (
                f"the image '{first}' is listed twice"
                if first == second
                else f"'{first}' and '{second}' would both be the case '{name}'"
            )
            raise DataError(message, hint="keep one of the two, or rename it")
        seen[name] = entry.path
