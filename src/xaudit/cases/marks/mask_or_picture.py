"""A raster file beside annotations of another format: a reader's mask, or the picture that was annotated.

A mask has few values; a picture has many, and they lie all over it. What can be both is not guessed.
"""

from pathlib import Path
from typing import Literal

import numpy as np

from xaudit.cases.images.header import UnreadableImageError
from xaudit.cases.images.image_file import read_bytes
from xaudit.cases.images.raster import stored_raster
from xaudit.records import IntArray

MOST_LABELS = 16
"""So many different values at most are in a mask: zero, and a number for each structure."""

PICTURE_SHARE = 0.1
"""A picture has at least this share of its pixels outside its two commonest values; the soft edge of a mask has less."""

Looks = Literal["mask", "blank", "picture", "unclear", "damaged"]


def looks_like(file: Path) -> Looks:
    """Tell by its pixels what a raster file is: ``blank`` has a single value everywhere."""
    try:
        values = stored_raster(read_bytes(file), is_mask=False)
    except UnreadableImageError:
        return "damaged"
    counts = _counts(values)
    if len(counts) == 1:
        return "blank"
    if len(counts) <= MOST_LABELS:
        return "mask"
    rest = 1 - np.sort(counts)[-2:].sum() / counts.sum()
    return "picture" if rest >= PICTURE_SHARE else "unclear"


def _counts(values: IntArray) -> IntArray:
    """Count the pixels of each value, or each colour."""
    if values.ndim == 3:
        wide = values.astype(np.int64)
        values = wide[..., 0]
        for channel in range(1, wide.shape[2]):
            values = values * 65536 + wide[..., channel]
    _, counts = np.unique(values, return_counts=True)
    return np.asarray(counts)
