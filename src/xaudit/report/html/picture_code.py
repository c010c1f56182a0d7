"""Images and maps as ``data:`` addresses of WebP."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

# Naming the plug-in spares the search through all of them, which takes a second.
from PIL import Image, WebPImagePlugin  # noqa: F401

from xaudit.records import FloatArray, Preview
from xaudit.report.pictures.figures import Pixels


@dataclass(frozen=True, slots=True)
class CodedForm:
    """A form in which pictures are coded with loss: their sides divided by ``shrink``, at a quality of WebP."""

    shrink: int
    quality: int


MOST_BYTES = 11_000_000
"""Of all pictures together, so that with the maps of four explainers a page of 200 cases stays under 20 MB."""

FORMS = tuple(
    CodedForm(shrink, quality)
    for shrink, qualities in ((1, (90, 80, 70, 60)), (2, (80, 60)), (4, (80, 60, 40)))
    for quality in qualities
)
"""The first with which the pictures stay within :data:`MOST_BYTES` is taken, or the last."""

_SAMPLE = 12
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
    return _address(_webp(Image.fromarray(np.rint(grey).astype(np.uint8)), quality=None))


def colour_code(pixels: Pixels) -> str:
    """A picture in colours, (h, w, 3) or with opacity (h, w, 4), without loss."""
    return _address(_webp(Image.fromarray(pixels), quality=None))


def image_codes(previews: Mapping[str, Preview]) -> tuple[dict[str, str], CodedForm | None]:
    """The picture of each case, and how they are coded anew; None where they are as they were stored."""
    if sum(len(one.webp) for one in previews.values()) <= MOST_BYTES:
        return {case: _address(one.webp) for case, one in previews.items()}, None
    form = _form([one.webp for one in previews.values()])
    return {case: _address(_recoded(one.webp, form)) for case, one in previews.items()}, form


def _form(pictures: Sequence[bytes]) -> CodedForm:
    """The best form that fits, by a sample of the pictures."""
    sample = pictures[:: -(-len(pictures) // _SAMPLE)]
    for form in FORMS:
        if sum(len(_recoded(one, form)) for one in sample) / len(sample) * len(pictures) <= MOST_BYTES:
            return form
    return FORMS[-1]


def _recoded(webp: bytes, form: CodedForm) -> bytes:
    with Image.open(io.BytesIO(webp)) as image:
        return _webp(image.convert("L").reduce(form.shrink), quality=form.quality)


def _webp(image: Image.Image, *, quality: int | None) -> bytes:
    """Encode a picture as WebP; lossless without a quality."""
    data = io.BytesIO()
    # With `lossless`, quality is effort. WebP knows no grey: three equal channels come back as they went in.
    image.save(data, format="WEBP", lossless=quality is None, quality=quality or 60, method=4)
    return data.getvalue()


def webp_address(one: Preview) -> str:
    """A stored picture as it is."""
    return _address(one.webp)


def _address(webp: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(webp).decode("ascii")
