"""PNG and JPEG files as grey or colour values between 0 and 1.

A grey image stays ``(H, W)``; colour is ``(H, W, 3)``. 16-bit values are divided by 65535, whatever range they
use. Transparent pixels are laid on black. An EXIF orientation is applied, so that the frame is the one that
viewers and drawing tools show.
"""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Literal

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from xaudit.cases.images.file_properties import raster_properties
from xaudit.cases.images.header import DIM, Header, UnreadableImageError, check_memory
from xaudit.cases.text.silence import silent
from xaudit.records import BoolArray, FloatArray, IntArray

BROKEN = (
    UnidentifiedImageError,
    OSError,
    SyntaxError,  # Pillow's word for a broken PNG
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    EOFError,
    MemoryError,
    OverflowError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
"""Exceptions that a damaged file can raise."""

_MOST_VALUES = 100_000_000
"""Pixels times channels: 10 000 × 10 000 in grey, 33 million pixels in colour; as float32 they take 400 MB."""


_BYTES_PER_PIXEL = {
    **dict.fromkeys(("1", "L"), 8),
    **dict.fromkeys(("I;16", "I;16B", "I;16L", "I;16N", "I"), 16),
    **dict.fromkeys(("LA", "La", "F"), 20),
    **dict.fromkeys(("P", "transparent"), 23),
}
"""Measured memory of Pillow's decoding, its copies and the resulting values; colour takes more than all of these."""


def raster_header(data: bytes, source_format: Literal["png", "jpeg"]) -> Header:
    """Return the frame of a PNG or JPEG, decoded once to be sure that it can be.

    Raises:
        UnreadableImageError: truncated, damaged, animated, or too large to be an image.
    """
    try:
        with quiet():
            with Image.open(BytesIO(data), formats=("PNG", "JPEG")) as image:
                n_frames = getattr(image, "n_frames", 1)
                image.verify()
            if source_format == "png" and n_frames > 1:
                raise UnreadableImageError(f"holds {n_frames} frames; only single images are read")
            decoded = _decoded(data)
            dim = decoded.mode.startswith("I") and 0 < float(raster_values(decoded).max()) <= DIM
    except BROKEN as error:
        raise _unreadable(error) from None
    properties = raster_properties(data)
    return Header(decoded.height, decoded.width, source_format, dim=dim, properties=properties)


def raster_pixels(data: bytes) -> FloatArray:
    """Return the values of a PNG or JPEG: float32, (H, W) or (H, W, 3), in [0, 1]."""
    try:
        with quiet():
            return raster_values(_decoded(data))
    except BROKEN as error:
        raise _unreadable(error) from None


def raster_mask(data: bytes) -> BoolArray:
    """Return the pixels of a PNG that are not zero, (H, W); an alpha channel is ignored.

    Raises:
        UnreadableImageError: truncated, damaged or not a raster file.
    """
    return np.asarray(raster_numbers(data) != 0)


def raster_numbers(data: bytes) -> IntArray:
    """Return the number of each pixel of a PNG, (H, W); for a colour red * 65536 + green * 256 + blue, alpha is ignored.

    Raises:
        UnreadableImageError: truncated, damaged or not a raster file.
    """
    values = stored_raster(data)
    if values.ndim == 3:
        channels = values.astype(np.int64)
        return np.asarray(channels @ (256 ** np.arange(channels.shape[2])[::-1]))
    return values.astype(np.int64) if values.dtype == np.bool_ else values


def stored_raster(data: bytes, *, is_mask: bool = True) -> IntArray:
    """Return the stored values of a raster file, (H, W) or (H, W, 3) of colours; an alpha channel is ignored.

    Args:
        data: the file.
        is_mask: True to refuse a file whose shape lies in its alpha channel only.

    Raises:
        UnreadableImageError: truncated, damaged or not a raster file.
    """
    try:
        with quiet():
            image = _decoded(data)
        if image.mode in ("LA", "La", "RGBA", "RGBa", "PA"):
            return _without_alpha(image, is_mask=is_mask)
        return np.asarray(image)
    except BROKEN as error:
        raise _unreadable(error) from None


def _without_alpha(image: Image.Image, *, is_mask: bool) -> IntArray:
    """Return the grey values or colours of an image with an alpha channel.

    Raises:
        UnreadableImageError: if no colour is black and some pixels are transparent: the alpha channel holds the mask.
    """
    grey = image.mode in ("LA", "La")
    values = np.asarray(image.convert("LA" if grey else "RGBA"))
    drawn = values[:, :, 0] if grey else values[:, :, :3]
    clear = values[:, :, -1] == 0
    if is_mask and clear.any() and not clear.all() and bool((values[:, :, :-1] != 0).any(axis=2).all()):
        raise UnreadableImageError(
            "has no black pixel and some transparent ones, so the mask is in the alpha channel, which is ignored: save "
            "transparent pixels as black"
        )
    return np.asarray(drawn)


def check_room(image: Image.Image, n_file: int) -> None:
    """Raise UnreadableImageError if an opened image would take more than a gigabyte once it is decoded and read.

    Args:
        image: its pixels have not been decoded yet.
        n_file: bytes of its file.
    """
    kind = "transparent" if image.mode in ("L", "P") and "transparency" in image.info else image.mode
    check_memory(n_file + image.width * image.height * _BYTES_PER_PIXEL.get(kind, 28))


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress Pillow's warnings of damaged EXIF tags, and make its warning of a giant image an error."""
    with silent("PIL"):
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _decoded(data: bytes) -> Image.Image:
    """Decode the image, turned as its EXIF orientation says."""
    image = Image.open(BytesIO(data), formats=("PNG", "JPEG"))
    if image.width * image.height * len(image.getbands()) > _MOST_VALUES:
        raise Image.DecompressionBombError
    check_room(image, len(data))
    image.load()
    return ImageOps.exif_transpose(image)


def _unreadable(error: Exception) -> UnreadableImageError:
    if isinstance(error, Image.DecompressionBombWarning | Image.DecompressionBombError | MemoryError):
        return UnreadableImageError("has more pixels than an image can be expected to have")
    truncated = "truncated" in str(error).lower()
    return UnreadableImageError("is truncated" if truncated else "is damaged and cannot be decoded")


def raster_values(image: Image.Image) -> FloatArray:
    """Return the values of an opened image: float32, (H, W) or (H, W, 3), in [0, 1]."""
    match image.mode:
        case "1":
            return np.asarray(image).astype(np.float32)
        case "I;16" | "I;16B" | "I;16L" | "I;16N" | "I":
            return np.clip(np.asarray(image).astype(np.float32) / 65535, 0, 1)
        case "LA" | "La":
            return _on_black(np.asarray(image.convert("LA")))[:, :, 0]
        case "RGBA" | "RGBa" | "PA":
            return _on_black(np.asarray(image.convert("RGBA")))
        case "P":
            if "transparency" in image.info:
                return _grey_if_grey(_on_black(np.asarray(image.convert("RGBA"))))
            return _grey_if_grey(_unit(np.asarray(image.convert("RGB"))))
        case "L":
            if "transparency" in image.info:
                return _on_black(np.asarray(image.convert("LA")))[:, :, 0]
            return _unit(np.asarray(image))
        case _:
            return _unit(np.asarray(image.convert("RGB")))


def _on_black(values: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> FloatArray:
    scaled = _unit(values)
    scaled[:, :, :-1] *= scaled[:, :, -1:]
    return scaled[:, :, :-1]


def _unit(values: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> FloatArray:
    """Divide bytes by 255 in place, since a second copy of a large image is large too."""
    scaled = values.astype(np.float32)
    scaled /= 255
    return scaled


def _grey_if_grey(values: FloatArray) -> FloatArray:
    """Drop the colour of a palette of greys, which is a grey image stored to save space."""
    grey = values[:, :, :1]
    return values[:, :, 0] if bool((values == grey).all()) else values
