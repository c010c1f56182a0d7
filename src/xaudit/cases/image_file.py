"""An image file, told by its content and read by the reader for it."""

import hashlib
import stat
from pathlib import Path

from xaudit.cases.dicom import dicom_header, dicom_pixels, instance_uid
from xaudit.cases.entry import IMAGE_SUFFIXES
from xaudit.cases.header import LARGEST_BYTES, Header, SourceFormat, UnreadableImageError, Window
from xaudit.cases.raster import raster_header, raster_pixels
from xaudit.records import FloatArray

_HEAD = 132


def sniff(head: bytes) -> SourceFormat | None:
    r"""Which kind of image begins with these bytes (132 are enough), None where it is none that can be read.

    Example:
        >>> sniff(b"\x89PNG\r\n\x1a\n....")
        'png'
    """
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    return "dicom" if head[128:132] == b"DICM" else None


def is_image(path: Path) -> bool:
    """Whether a file is meant as an image: by its name, or else by its content.

    Raises:
        OSError: where it cannot be opened.
    """
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return True
    if path.name == "DICOMDIR":
        return False
    with path.open("rb") as file:
        return sniff(file.read(_HEAD)) is not None


def read_header(data: bytes, window: Window) -> Header:
    """What is kept of an image; its pixels are decoded once and dropped.

    Raises:
        UnreadableImageError: with what is wrong.
        DataError: where a DICOM file meets a machine without pydicom.
    """
    if not data:
        raise UnreadableImageError("is an empty file")
    match sniff(data[:_HEAD]):
        case "dicom":
            return dicom_header(data, window)
        case "png" | "jpeg" as kind:
            return raster_header(data, kind)
        case None:
            raise UnreadableImageError("is neither PNG, JPEG nor DICOM, whatever its name says")


def read_pixels(data: bytes, source_format: str, window: Window) -> FloatArray:
    """The values of an image: float32, (H, W) or (H, W, 3), in [0, 1].

    Raises:
        UnreadableImageError: with what is wrong.
    """
    return dicom_pixels(data, window) if source_format == "dicom" else raster_pixels(data)


def uid_of(data: bytes) -> str | None:
    """The UID of a DICOM image that may be unreadable otherwise, None for everything else."""
    return instance_uid(data) if sniff(data[:_HEAD]) == "dicom" else None


def read_bytes(path: Path) -> bytes:
    """A file's content.

    Raises:
        UnreadableImageError: too large, no file but a device or a pipe, or with the system's reason; it names no path.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
            raise UnreadableImageError("is no file, but a device or a pipe")
        if found.st_size > LARGEST_BYTES:
            raise UnreadableImageError(
                f"has {found.st_size / 2**20:.0f} MB, and images of more than {LARGEST_BYTES // 2**20} MB are not read"
            )
        return path.read_bytes()
    except OSError as error:
        raise UnreadableImageError(f"cannot be opened: {error.strerror or 'the system refuses it'}") from None


def sha256(data: bytes) -> str:
    """The hex digest that identifies a file's content."""
    return hashlib.sha256(data).hexdigest()
