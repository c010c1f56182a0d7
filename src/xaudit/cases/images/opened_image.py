"""The images of a file, opened and checked one by one; no pixels are kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xaudit.cases.images.entry import frame_path
from xaudit.cases.images.header import Header, UnreadableImageError, Window
from xaudit.cases.images.image_file import (
    frame_digest,
    frame_numbers,
    read_header,
    read_image,
    sha256,
    uid_of,
)
from xaudit.config import SlicesSection

_SLICES = SlicesSection()


@dataclass(frozen=True, slots=True)
class OpenedImage:
    """An image that a path means.

    Attributes:
        path: below the images' folder, with the number of the image if its file holds several.
        header: None if it cannot be used.
        reason: why it cannot be used, empty if it can.
        uid: UID of a DICOM instance, even if its pixels cannot be read.
        sha256: digest of the file's bytes; for one image of several, of them and of how the image is extracted.
        file_sha256: digest of the file's bytes.
    """

    path: str
    header: Header | None
    reason: str
    uid: str | None
    sha256: str
    file_sha256: str


def opened_images(
    root: Path, path: str, window: Window, slices: SlicesSection = _SLICES
) -> Iterator[OpenedImage]:
    """Yield every image that a path means: the one with the path's number, or else all of a file.

    A file of several images is one patient's, unless something else names the patient.
    """
    data = b""
    try:
        data, frame_number = read_image(root, path)
        numbers = frame_numbers(data, slices)
    except UnreadableImageError as error:
        yield OpenedImage(path, None, str(error), uid_of(data), sha256(data), sha256(data))
        return
    digest = sha256(data)
    several = numbers is not None and frame_number is None
    frames: Sequence[int | None] = numbers if several and numbers is not None else (frame_number,)
    for frame in frames:
        shown = frame_path(path, frame) if several else path
        own = digest if frame is None else frame_digest(digest, frame)
        try:
            header = read_header(data, window, frame, slices)
        except UnreadableImageError as error:
            uid = uid_of(data)
            uid = uid if uid is None or frame is None else f"{uid}#{frame}"
            yield OpenedImage(shown, None, str(error), uid, own, digest)
            continue
        if header.source_format == "nifti" and slices != _SLICES:
            own = sha256(f"{own} {slices.axis} {slices.orientation}".encode())
        if frame is not None and header.patient_key is None:
            header = replace(header, patient_key=f"file {digest}")
        yield OpenedImage(shown, header, "", header.uid, own, digest)
