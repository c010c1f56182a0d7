"""An image file, recognised by its content and read by the matching reader."""

import hashlib
import stat
from functools import lru_cache
from pathlib import Path

from xaudit.cases.images import numpy_image, tiff
from xaudit.cases.images.dicom import dicom_frames, dicom_header, dicom_pixels, instance_uid
from xaudit.cases.images.entry import IMAGE_SUFFIXES, file_and_frame
from xaudit.cases.images.header import (
    LARGEST_BYTES,
    Header,
    SourceFormat,
    UnreadableImageError,
    Window,
    check_frame,
)
from xaudit.cases.images.nifti_file import is_nifti_head
from xaudit.cases.images.nifti_image import nifti_frames, nifti_header, nifti_pixels
from xaudit.cases.images.raster import raster_header, raster_pixels
from xaudit.config import SlicesSection
from xaudit.records import FloatArray

_HEAD = 1024


_SLICES = SlicesSection()


def sniff(head: bytes) -> SourceFormat | None:
    r"""Return the kind of image that begins with these bytes (1024 are enough), None if it cannot be read.

    Example:
        >>> sniff(b"\x89PNG\r\n\x1a\n....")
        'png'
    """
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(tiff.MAGIC):
        return "tiff"
    if head[128:132] == b"DICM":
        return "dicom"
    if head.startswith(numpy_image.MAGIC):
        return "npy"
    return "nifti" if is_nifti_head(head) else None


def is_image(path: Path) -> bool:
    """Return True if a file is an image by its name, or else by its content; raise OSError if it cannot be opened."""
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return True
    if path.name == "DICOMDIR":
        return False
    with path.open("rb") as file:
        return sniff(file.read(_HEAD)) is not None


def frame_numbers(data: bytes, slices: SlicesSection = _SLICES) -> range | None:
    """Return the numbers of the images in a file, from 1; None if it holds a single one, or cannot be read.

    Raises:
        UnreadableImageError: if the number is implausibly large.
        DataError: for a DICOM file if pydicom is not installed.
    """
    match sniff(data[:_HEAD]):
        case "dicom":
            n_frames = dicom_frames(data)
        case "tiff":
            n_frames = tiff.tiff_frames(data)
        case "nifti":
            n_frames = nifti_frames(data, slices)
        case _:
            n_frames = None
    return None if n_frames is None else range(1, n_frames + 1)


def read_header(
    data: bytes, window: Window, frame: int | None = None, slices: SlicesSection = _SLICES
) -> Header:
    """Read the metadata of an image; its pixels are decoded once and dropped.

    Args:
        data: the file.
        window: window for a DICOM or NIfTI image.
        frame: number of the image in the file, from 1; None for a single one.
        slices: extraction of slices from a NIfTI volume.

    Raises:
        UnreadableImageError: with what is wrong.
        DataError: for a DICOM file if pydicom is not installed.
    """
    if not data:
        raise UnreadableImageError("is an empty file")
    match sniff(data[:_HEAD]):
        case "dicom":
            return dicom_header(data, window, frame)
        case "png" | "jpeg" as kind:
            check_frame(None, frame)
            return raster_header(data, kind)
        case "tiff":
            return tiff.tiff_header(data, frame)
        case "npy":
            check_frame(None, frame)
            return numpy_image.numpy_header(data)
        case "nifti":
            return nifti_header(data, window, slices, frame)
        case None:
            raise UnreadableImageError("is neither PNG, JPEG, TIFF, DICOM nor NIfTI, whatever its name says")


def read_pixels(
    data: bytes,
    source_format: str,
    window: Window,
    frame: int | None = None,
    slices: SlicesSection = _SLICES,
) -> FloatArray:
    """Read the values of an image: float32, (H, W) or (H, W, 3), in [0, 1].

    Raises:
        UnreadableImageError: with what is wrong.
    """
    match source_format:
        case "dicom":
            return dicom_pixels(data, window, frame)
        case "tiff":
            return tiff.tiff_pixels(data, frame)
        case "npy":
            return numpy_image.numpy_pixels(data)
        case "nifti":
            return nifti_pixels(data, window, slices, frame)
        case _:
            return raster_pixels(data)


def uid_of(data: bytes) -> str | None:
    """Return the UID of a DICOM image, even if it is unreadable otherwise; None for other files."""
    return instance_uid(data) if sniff(data[:_HEAD]) == "dicom" else None


def read_image(root: Path, path: str) -> tuple[bytes, int | None]:
    """Read an image's file; return its content and the image's number within it, None if its name has no number.

    Args:
        root: the folder of the images.
        path: path below it, ending with ``#`` and a number for one image of several, unless a file has exactly that name.

    Raises:
        UnreadableImageError: with the system's reason, which names no path.
    """
    file, frame = file_and_frame(path)
    if frame is None or (root / path).is_file():
        return read_bytes(root / path), None
    try:
        stamp = (root / file).stat()
    except OSError as error:
        raise _unopened(error) from None
    return _cached_bytes(root / file, stamp.st_size, stamp.st_mtime_ns), frame


def read_bytes(path: Path) -> bytes:
    """Read a file's content.

    Raises:
        UnreadableImageError: too large, a device or a pipe, or with the system's reason; it names no path.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            raise UnreadableImageError("is no file, but a device or a pipe")
        if status.st_size > LARGEST_BYTES:
            raise UnreadableImageError(
                f"has {status.st_size / 2**20:.0f} MB, and images of more than {LARGEST_BYTES // 2**20} MB are not read"
            )
        return path.read_bytes()
    except OSError as error:
        raise _unopened(error) from None


def _unopened(error: OSError) -> UnreadableImageError:
    return UnreadableImageError(f"cannot be opened: {error.strerror or 'the system refuses it'}")


@lru_cache(maxsize=1)
def _cached_bytes(path: Path, size: int, changed: int) -> bytes:  # noqa: ARG001  (they tell a file that was changed)
    """Read a file of several images, and keep it for the next of them."""
    return read_bytes(path)


def sha256(data: bytes) -> str:
    """Return the hex digest of a file's content."""
    return hashlib.sha256(data).hexdigest()


def frame_digest(digest: str, frame: int) -> str:
    """Return the hex digest of one image of a file, from that of the file."""
    return hashlib.sha256(f"{digest}#{frame}".encode()).hexdigest()
