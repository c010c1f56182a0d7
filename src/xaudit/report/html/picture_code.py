"""Images and maps as ``data:`` addresses of grey WebP."""

import base64
import io
from collections.abc import Mapping

import numpy as np

# Naming the plug-in spares the search through all of them, which takes a second.
from PIL import Image, WebPImagePlugin  # noqa: F401

from xaudit.records import FloatArray, Preview

LOSSLESS_UP_TO = 3_000_000
"""Bytes of all pictures together up to which they stay lossless; beyond, they are coded at :data:`QUALITY`."""

QUALITY = 88
ZERO = 128
"""The grey of a signed map where it is zero; 1 and 255 are its largest magnitude against and for the target."""


def map_code(values: FloatArray, *, signed: bool) -> str:
    """A map in 8 bits, relative to its own largest magnitude; empty for a map that shows nothing.

    Args:
        values: (h, w).
        signed: whether negative values count; otherwise their magnitude does, from black to white.

    Example:
        >>> map_code(np.zeros((2, 2)), signed=True)
        ''
    """
    finite = np.nan_to_num(np.asarray(values, dtype=np.float64), posinf=0.0, neginf=0.0)
    highest = float(np.abs(finite).max(initial=0.0))
    if highest == 0:
        return ""
    share = finite / highest
    grey = ZERO + 127 * share if signed else 255 * np.abs(share)
    return _address(_webp(Image.fromarray(np.rint(grey).astype(np.uint8)), lossless=True))


def image_codes(previews: Mapping[str, Preview]) -> tuple[dict[str, str], bool]:
    """The picture of each case, and whether they are lossless still."""
    lossless = sum(len(one.webp) for one in previews.values()) <= LOSSLESS_UP_TO
    return {
        case: _address(one.webp if lossless else _recoded(one.webp)) for case, one in previews.items()
    }, lossless


def _recoded(webp: bytes) -> bytes:
    with Image.open(io.BytesIO(webp)) as image:
        return _webp(image.convert("L"), lossless=False)


def _webp(image: Image.Image, *, lossless: bool) -> bytes:
    data = io.BytesIO()
    # With `lossless`, quality is effort. WebP knows no grey: three equal channels come back as they went in.
    image.save(data, format="WEBP", lossless=lossless, quality=60 if lossless else QUALITY, method=4)
    return data.getvalue()


def _address(webp: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(webp).decode("ascii")
