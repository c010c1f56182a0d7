"""What a DICOM file may claim before it is believed: how large it unpacks, how many values it has, and that they are numbers."""

import zlib

import numpy as np

from xaudit.cases.header import UnreadableImageError
from xaudit.records import FloatArray

MOST_VALUES = 40_000_000
"""Pixels times channels of one frame: 6300 × 6300 in grey; windowed in float64 they take a gigabyte."""

_DEFLATED = b"1.2.840.10008.1.2.1.99"
_GROUP_LENGTH_ENDS = 144  # preamble, DICM, and the element that says how long the file's own group is
_MOST_UNPACKED = 256 * 2**20


def check_unpacked(data: bytes) -> None:
    """Raises UnreadableImageError where a deflated file would grow beyond what an image file may have."""
    start = _GROUP_LENGTH_ENDS + int.from_bytes(data[140:_GROUP_LENGTH_ENDS], "little")
    if _DEFLATED not in data[_GROUP_LENGTH_ENDS:start]:
        return
    unpacking, left, n_bytes = zlib.decompressobj(-zlib.MAX_WBITS), data[start:], 0
    try:
        while left and not unpacking.eof:
            n_bytes += len(unpacking.decompress(left, 2**20))
            left = unpacking.unconsumed_tail
            if n_bytes > _MOST_UNPACKED:
                raise UnreadableImageError(
                    f"unpacks to more than {_MOST_UNPACKED // 2**20} MB, and images of that size are not read"
                )
    except zlib.error:
        return  # the reader says what is wrong with it


def check_declared(rows: float | None, columns: float | None, samples: float | None) -> None:
    """Raises UnreadableImageError where a header declares more values of one frame than an image can be expected to have."""
    if (rows or 0) * (columns or 0) * (samples or 1) > MOST_VALUES:
        raise UnreadableImageError("has more pixels than an image can be expected to have")


def check_finite(values: FloatArray) -> FloatArray:
    """The values; raises UnreadableImageError where rescaling made something of them that is no number."""
    if not np.isfinite(values).all():
        raise UnreadableImageError("has pixels that are no finite numbers once they are rescaled")
    return values
