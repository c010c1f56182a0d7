"""A DICOM file of which only some elements are read, and whose text never appears in a message.

Elements of a frame are looked for in its own functional groups, then in those that all frames share, then in the file itself.
"""

import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from types import ModuleType
from typing import Any, TypeVar

from xaudit.cases.images.header import UnreadableImageError
from xaudit.cases.text.silence import silent
from xaudit.errors import DataError

_BROKEN = (
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    KeyError,
    IndexError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
)

_DEFLATED = b"1.2.840.10008.1.2.1.99"
_META_BYTES = 1 << 14
_MOST_UNPACKED = 2**28
_PIECE = 2**18
_MOST_ITEMS = 200_000
_ITEM = b"\xfe\xff\x00\xe0"

_GROUPS = {
    "RescaleSlope": "PixelValueTransformationSequence",
    "RescaleIntercept": "PixelValueTransformationSequence",
    "WindowCenter": "FrameVOILUTSequence",
    "WindowWidth": "FrameVOILUTSequence",
    "VOILUTFunction": "FrameVOILUTSequence",
    "PixelSpacing": "PixelMeasuresSequence",
    "ImageOrientationPatient": "PlaneOrientationSequence",
    "ImagePositionPatient": "PlanePositionSequence",
}
"""The functional group of a frame that holds each element."""

T = TypeVar("T")


def pydicom_package() -> ModuleType:
    """Import the package that reads DICOM files; raise DataError if it is not installed."""
    try:
        import pydicom
        import pydicom.pixels
    except ImportError:
        raise DataError(
            "DICOM images need the package pydicom, which is not installed",
            hint="pip install 'xaudit[dicom]'",
        ) from None
    return pydicom


def parsed(data: bytes, elements: Sequence[str]) -> Any:  # noqa: ANN401  (pydicom makes attributes up as it reads)
    """Parse a DICOM file, keeping only these elements.

    Raises:
        UnreadableImageError: if the header is damaged, or the file would unpack to something huge.
        DataError: if pydicom is not installed.
    """
    pydicom = pydicom_package()
    _check_unpacked(data)
    _require_few(_n_items(data))
    try:
        with silent("pydicom"):
            return pydicom.dcmread(BytesIO(data), specific_tags=list(elements))
    except _broken():
        raise UnreadableImageError("is damaged: its DICOM header cannot be read") from None


def names_storage(head: bytes, storage: bytes) -> bool:
    """Return True if the beginning of a DICOM file names a storage class, such as that of segmentations."""
    at = head.find(storage)
    return at >= 0 and head[at + len(storage) : at + len(storage) + 1] not in b".0123456789"


def guarded(read: Callable[[], T]) -> T | None:
    """Call a function that reads a parsed file; return None if the file is damaged there. Nothing is printed."""
    try:
        with silent("pydicom"):
            return read()
    except _broken():
        return None


@dataclass(frozen=True, eq=False)
class Elements:
    """The elements of a parsed file, or of one of its frames.

    Attributes:
        file: as pydicom parsed it.
        index: index of the frame, from 0.
    """

    file: Any
    index: int = 0

    def __contains__(self, keyword: str) -> bool:
        return bool(guarded(lambda: keyword in self.file))

    def get(self, keyword: str) -> Any:  # noqa: ANN401
        """Return the value of an element, None if it is missing, empty or damaged."""
        group = _GROUPS.get(keyword)
        if group is not None:
            for groups in (self._own, self._shared):
                value = guarded(lambda groups=groups: getattr(groups(), group)[0].get(keyword))  # type: ignore[misc]
                if value is not None and value != "":
                    return value
        value = guarded(lambda: self.file.get(keyword))
        return None if value is None or value == "" else value

    def text(self, keyword: str) -> str | None:
        """Return an element as text."""
        value = self.get(keyword)
        return None if value is None else guarded(lambda: str(value).strip() or None)

    def first_text(self, keyword: str) -> str:
        """Return the first of several values in upper case, empty if there is none."""
        value = self.get(keyword)
        first = guarded(lambda: str(value[0] if _many(value) and value else value or "").strip().upper())
        return first or ""

    def numbers(self, keyword: str) -> tuple[float, ...]:
        """Return all values of an element."""
        value = self.get(keyword)
        if value is None:
            return ()
        numbers = guarded(lambda: tuple(float(number) for number in (value if _many(value) else [value])))
        return numbers or ()

    def number(self, keyword: str) -> float | None:
        """Return the first value of an element."""
        numbers = self.numbers(keyword)
        return numbers[0] if numbers else None

    def _own(self) -> Any:  # noqa: ANN401
        return self.file.PerFrameFunctionalGroupsSequence[self.index]

    def _shared(self) -> Any:  # noqa: ANN401
        return self.file.SharedFunctionalGroupsSequence[0]


def _many(value: object) -> bool:
    return isinstance(value, list | tuple) or type(value).__name__ == "MultiValue"


def _check_unpacked(data: bytes) -> None:
    """Refuse a deflated file that is small and would become huge, before it does."""
    start = data.find(_DEFLATED, 0, _META_BYTES)
    if start < 0:
        return
    # The group length says where the packed part begins: 12 bytes after the preamble, then so many.
    begins = 144 + int.from_bytes(data[140:144], "little")
    unpacking, n_bytes, n_items, left = zlib.decompressobj(-zlib.MAX_WBITS), 0, 0, data[begins:]
    try:
        while left and not unpacking.eof:
            piece = unpacking.decompress(left, _PIECE)
            n_bytes += len(piece)
            left = unpacking.unconsumed_tail
            if n_bytes > _MOST_UNPACKED:
                raise UnreadableImageError("is a deflated DICOM file that unpacks to more than 256 MB")
            n_items += _n_items(piece)
            _require_few(n_items)
    except zlib.error:
        raise UnreadableImageError("is damaged: its deflated DICOM content cannot be unpacked") from None


def _n_items(data: bytes) -> int:
    """Count the items that these bytes begin: each becomes an object once they are parsed."""
    # Among zeros a single byte is found in a sixth of the time.
    return data.count(_ITEM) if _ITEM[-1:] in data else 0


def _require_few(n_items: int) -> None:
    """Refuse a file that is small and would become very many objects."""
    if n_items > _MOST_ITEMS:
        raise UnreadableImageError(
            f"is a DICOM file of {n_items} items, and more than {_MOST_ITEMS} are not read"
        )


def _broken() -> tuple[type[Exception], ...]:
    """Return the exceptions that a damaged file can raise."""
    errors = pydicom_package().errors
    return (*_BROKEN, errors.InvalidDicomError, errors.BytesLengthException)
