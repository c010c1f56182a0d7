"""Pictures of the cases that the report's gallery shows, kept in the run folder."""

import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

# Naming the plug-in spares the search through all of them, which takes a second.
from PIL import Image, WebPImagePlugin  # noqa: F401

from xaudit.errors import DataError
from xaudit.geometry import fit_geometry, image_to_model
from xaudit.records import Case, FloatArray, Preview

if TYPE_CHECKING:
    from xaudit.cases.dataset import Dataset

LONGEST_SIDE = 1024
"""Pixels of a picture's longer side, by default; larger images are shrunk by area, smaller ones stay as they are."""

LOSSLESS_SIDE = 320
"""Pictures up to this side are kept without loss."""

QUALITY = 95
"""Of WebP, for larger ones."""

_LUMA = (0.299, 0.587, 0.114)


def previews(dataset: "Dataset", cases: Iterable[Case], *, longest: int = LONGEST_SIDE) -> Iterator[Preview]:
    """A picture of each case whose image can still be read; others are left out, since no score rests on them."""
    for case in cases:
        try:
            pixels = dataset.pixels(case)
        except DataError:
            continue
        yield preview(case.case_id, pixels, longest=longest)


def preview(case_id: str, pixels: FloatArray, *, longest: int = LONGEST_SIDE) -> Preview:
    """Reduce an image to 8 bits of grey, the whole frame; it is shrunk if its longer side has more than ``longest`` pixels.

    Args:
        pixels: (H, W) or (H, W, 3) in [0, 1]; of colours the luma of ITU-R BT.601 is kept.
    """
    grey = pixels if pixels.ndim == 2 else pixels @ np.asarray(_LUMA, dtype=pixels.dtype)
    frame = preview_frame((grey.shape[0], grey.shape[1]), longest)
    if frame != grey.shape:
        grey = image_to_model(grey, fit_geometry((grey.shape[0], grey.shape[1]), frame, "stretch"))
    eight_bit = np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)
    data = io.BytesIO()
    lossless = max(frame) <= LOSSLESS_SIDE
    # With `lossless`, quality is effort.
    Image.fromarray(eight_bit).save(
        data, format="WEBP", lossless=lossless, quality=60 if lossless else QUALITY, exact=True
    )
    return Preview(case_id, *frame, data.getvalue())


def preview_pixels(one: Preview) -> FloatArray:
    """A picture as (h, w) float32 in [0, 1]."""
    with Image.open(io.BytesIO(one.webp)) as image:
        return np.asarray(image.convert("L"), dtype=np.float32) / 255


def preview_frame(original_hw: tuple[int, int], longest: int) -> tuple[int, int]:
    """Height and width of a case's picture.

    Example:
        >>> preview_frame((2000, 1000), 320), preview_frame((96, 128), 320)
        ((320, 160), (96, 128))
    """
    height, width = original_hw
    shrink = min(1.0, longest / max(height, width))
    return max(1, round(height * shrink)), max(1, round(width * shrink))
