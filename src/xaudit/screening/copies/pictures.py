"""Small pictures of the worst pairs, for the page."""

import io
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, WebPImagePlugin  # noqa: F401  (naming the plug-in spares the search through all of them)

from xaudit.cases.dataset import Dataset
from xaudit.errors import DataError
from xaudit.records import CopyPair, FloatArray
from xaudit.screening.copies.pairs import shown_pairs
from xaudit.screening.copies.small_copies import grey

LONGEST_SIDE = 192
"""Pixels of a picture's longer side."""


def pair_images(data: Dataset, rows: Sequence[CopyPair]) -> Mapping[str, bytes]:
    """Return the images of the shown pairs as WebP, by case id; one that can no longer be read is left out."""
    cases = {case.case_id: case for case in data.cases}
    images: dict[str, bytes] = {}
    for row in shown_pairs(rows):
        for name in (row.case_a, row.case_b):
            if name not in images:
                try:
                    images[name] = _webp(grey(data.pixels(cases[name])))
                except DataError:
                    continue
    return images


def _webp(values: FloatArray) -> bytes:
    picture = Image.fromarray(np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8))
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    data = io.BytesIO()
    picture.save(data, format="WEBP", quality=75)
    return data.getvalue()
