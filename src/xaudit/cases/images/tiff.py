"""TIFF files as grey or colour values between 0 and 1; each page of a file of several is an image, counted from 1.

8- and 16-bit values are divided by 255 and 65535, whatever range they use; values stored as dark-is-large are inverted.
Floating-point values are taken as they are and must lie between 0 and 1. Colour of 16 bits is read as 8. Reduced copies and
masks of a page are no pages. Resolution tags are ignored: they describe paper. An orientation tag is applied.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageOps, TiffImagePlugin

from xaudit.cases.images.header import DIM, Header, UnreadableImageError, check_frame, check_pixels
from xaudit.cases.images.raster import BROKEN, check_room, quiet, raster_values
from xaudit.records import FloatArray

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

_SUBFILE, _BITS, _PHOTOMETRIC, _SAMPLE_FORMAT = 254, 258, 262, 339
_REDUCED_OR_MASK = 1 | 4
_MIN_IS_WHITE = 0
_PHOTOMETRICS = {0: "grey", 1: "grey", 2: "RGB", 3: "palette", 5: "CMYK", 6: "YCbCr"}
_MOST_PAGES = 10_000

_last: list[tuple[bytes, TiffImagePlugin.TiffImageFile, Sequence[int]]] = []
"""The last file of several pages, kept so that its pages are located once."""


def tiff_frames(data: bytes) -> int | None:
    """Return the number of pages of a TIFF; None for a single one, and for a file that cannot be read.

    Raises:
        UnreadableImageError: if the number is implausibly large.
    """
    try:
        with quiet():
            n_pages = len(_opened(data)[1])
    except BROKEN:
        return None
    return n_pages if n_pages > 1 else None


def tiff_header(data: bytes, frame: int | None = None) -> Header:
    """Return the frame of a page of a TIFF, decoded once to be sure that it can be.

    Raises:
        UnreadableImageError: truncated, damaged, of a kind that is not read, or too large to be an image.
    """
    values = tiff_pixels(data, frame)
    height, width = values.shape[:2]
    low, high = float(values.min()), float(values.max())
    dim = (0 < high <= DIM or 1 - DIM <= low < 1) and _has_16_bits(data, frame)
    return Header(height, width, "tiff", dim=dim)


def tiff_pixels(data: bytes, frame: int | None = None) -> FloatArray:
    """Return the values of a page of a TIFF: float32, (H, W) or (H, W, 3), in [0, 1]."""
    try:
        with quiet():
            image, pages = _opened(data)
            index = check_frame(len(pages) if len(pages) > 1 else None, frame, what="pages")
            image.seek(pages[index])
            tags = image.tag_v2
            _check_kind(tags, image.size)
            check_room(image, len(data))
            dark = tags.get(_PHOTOMETRIC) == _MIN_IS_WHITE
            image.load()
            return _values(ImageOps.exif_transpose(image), dark=dark)
    except UnreadableImageError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        _last.clear()
        raise UnreadableImageError("has more pixels than an image can be expected to have") from None
    except BROKEN:
        _last.clear()  # what is left of a page that broke off is not read on
        raise UnreadableImageError(
            "is a truncated or damaged TIFF, or one of a kind that is not read"
        ) from None


def _has_16_bits(data: bytes, frame: int | None) -> bool:
    """Return True if a page that has been read holds grey values of 16 bits."""
    with quiet():
        image, pages = _opened(data)
        image.seek(pages[check_frame(len(pages) if len(pages) > 1 else None, frame, what="pages")])
        return image.mode.startswith("I")


def _opened(data: bytes) -> tuple[TiffImagePlugin.TiffImageFile, Sequence[int]]:
    """Return an opened file, and the indices of its pages."""
    if _last and _last[0][0] is data:
        return _last[0][1:]
    _last.clear()
    image = Image.open(BytesIO(data), formats=("TIFF",))
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        raise TypeError("no TIFF")
    pages = _pages(image)
    if image.n_frames > 1:
        _last[:] = [(data, image, pages)]
    return image, pages


def _pages(image: TiffImagePlugin.TiffImageFile) -> Sequence[int]:
    """Return the indices of the pages among all images of the file."""
    pages = []
    n_found = image.n_frames
    if n_found > _MOST_PAGES:
        raise UnreadableImageError(f"is a TIFF of {n_found} pages")
    for index in range(n_found):
        image.seek(index)
        if not int(image.tag_v2.get(_SUBFILE, 0)) & _REDUCED_OR_MASK:
            pages.append(index)
    return pages or [0]


def _check_kind(tags: Any, size: tuple[int, int]) -> None:  # noqa: ANN401  (Pillow does not type its tags)
    check_pixels(size[1], size[0])
    kind = tags.get(_PHOTOMETRIC)
    if kind not in _PHOTOMETRICS:
        raise UnreadableImageError(
            f"is a TIFF of the photometric kind {kind!r:.10}, which is not read; grey, RGB, palette, CMYK and YCbCr are"
        )
    formats, bits = set(tags.get(_SAMPLE_FORMAT, (1,))), max(tags.get(_BITS, (1,)))
    if 2 in formats or (formats == {1} and bits > 16):
        raise UnreadableImageError(
            f"is a TIFF of {'signed' if 2 in formats else f'{bits}-bit'} numbers, whose range is not known; "
            "save it as 16 bits without sign, or as floats from 0 to 1"
        )


def _values(image: Image.Image, *, dark: bool) -> FloatArray:
    if image.mode == "F":
        values = np.asarray(image, dtype=np.float32)
        low, high = float(values.min()), float(values.max())
        if not (np.isfinite(values).all() and low >= 0 and high <= 1):
            raise UnreadableImageError(
                f"is a TIFF of floats from {low:g} to {high:g}, and floats must lie between 0 and 1"
            )
        return 1 - values if dark else values
    values = raster_values(image)
    # Pillow turns 1 to 8 bits round by itself, and leaves 16 as they are.
    return 1 - values if dark and image.mode.startswith("I") else values
