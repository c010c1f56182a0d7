"""The decision on a pair that looks like a copy: its two originals, cut to their overlap and compared again.

Small copies lose detail when they are cropped and scaled. So the aligned part is cut out of each original and made
small again; copies then agree in fine detail, and neighbouring slices of one scan do not.
"""

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from xaudit.cases.dataset import Dataset
from xaudit.records import Case, FloatArray
from xaudit.screening.copies.alignment import IDENTITY, align
from xaudit.screening.copies.likeness import AlignedPair, correlation, detail_likeness
from xaudit.screening.copies.orientation import WORDS, oriented
from xaudit.screening.copies.small_copies import grey, small_copy

Placement = tuple[float, float, float, float]

FILTERS = (
    Image.Resampling.BOX,
    Image.Resampling.BILINEAR,
    Image.Resampling.HAMMING,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
)
"""Filters by which programs reduce images."""

_FINE = 3.0
_N_ROUNDS = 3
_KEPT = 8
_LEAST_GAIN, _GOOD = 0.002, 0.998
_SAME_FRAME = 0.015
_SAME_TONE = 0.03


@dataclass(frozen=True, slots=True)
class Comparison:
    """The comparison of the originals of a pair.

    Attributes:
        detail: correlation of what is finer than 3 of 128 pixels, -1 to 1.
        likeness: correlation of what lies between 1 and 4 of 128 pixels, as in small copies, but without their loss.
        resized: detail at the smaller image's own size, see :func:`resized_detail`; None if the images have one size, one of
            them was cropped, or one is higher and the other wider.
        change: what was done to one of the images, in words; empty if only the file differs.
    """

    detail: float
    likeness: float
    change: str
    resized: float | None = None


class Originals:
    """Originals as grey images; the last few are kept in memory."""

    def __init__(self, data: Dataset) -> None:
        self._data = data
        self._kept: OrderedDict[str, FloatArray] = OrderedDict()

    def image(self, case: Case) -> FloatArray:
        """Return the image of a case as one channel; raise DataError if it can no longer be read."""
        if case.case_id in self._kept:
            self._kept.move_to_end(case.case_id)
        else:
            self._kept[case.case_id] = grey(self._data.pixels(case))
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return self._kept[case.case_id]


def compare_originals(first: FloatArray, second: FloatArray, pair: AlignedPair) -> Comparison:
    """Compare the overlap of two originals, (H, W), and say what was done to one of them."""
    first = oriented(first, pair.orientation)
    placement = pair.placement
    best, best_placement, parts = -2.0, placement, (first, second)
    for _ in range(_N_ROUNDS):
        one, other = overlap_boxes(placement)
        a, b = small_copy(first, one), small_copy(second, other)
        score = correlation(a - gaussian_filter(a, _FINE), b - gaussian_filter(b, _FINE))
        gain, best = score - best, max(best, score)
        if gain > 0:
            best_placement, parts = placement, (a, b)
        if gain < _LEAST_GAIN or best >= _GOOD:
            break
        _, found = align(a[None], b[None], np.array([IDENTITY]), n_steps=3)
        placement = combined(placement, tuple(map(float, found[0])))  # type: ignore[arg-type]
    words = [WORDS[pair.orientation], crop_words(best_placement), tone_words(*parts)]
    if first.shape != second.shape and not words[1]:
        words.append("resized")
    likeness = detail_likeness(*parts, IDENTITY)
    resized = None if words[1] else resized_detail(first, second)
    return Comparison(best, likeness, ", ".join(word for word in words if word), resized)


def resized_detail(first: FloatArray, second: FloatArray) -> float | None:
    """Correlation of what is finer than 3 pixels of the smaller image, with the larger one reduced to its size.

    A small image has lost what decides at 128 pixels. At its own size a copy agrees to the pixel with the larger image, once
    that is reduced by the same filter; the largest correlation over :data:`FILTERS` counts.

    Returns:
        None if the images have one size, or one is higher and the other wider.
    """
    small, large = sorted((first, second), key=lambda one: one.size)
    height, width = small.shape
    if small.shape == large.shape or height > large.shape[0] or width > large.shape[1]:
        return None
    fine = small - gaussian_filter(small, _FINE)
    picture = Image.fromarray(np.ascontiguousarray(large, dtype=np.float32))
    reduced = (
        np.asarray(picture.resize((width, height), resampling), dtype=np.float32) for resampling in FILTERS
    )
    return max(correlation(one - gaussian_filter(one, _FINE), fine) for one in reduced)


def overlap_boxes(placement: Placement) -> tuple[Placement, Placement]:
    """Return the overlap as (top, bottom, left, right) in the first image and in the second, as shares.

    Example:
        >>> overlap_boxes((0.5, -0.25, 1.0, 0.0))
        ((0.0, 0.5, 0.0, 1.0), (0.0, 1.0, 0.0, 1.0))
    """
    first: list[float] = []
    second: list[float] = []
    for scale, shift in (placement[:2], placement[2:]):
        low = max(0.0, (-0.5 - shift) / scale + 0.5)
        high = min(1.0, (0.5 - shift) / scale + 0.5)
        second += [low, high]
        first += [scale * (low - 0.5) + shift + 0.5, scale * (high - 0.5) + shift + 0.5]
    return (first[0], first[1], first[2], first[3]), (second[0], second[1], second[2], second[3])


def combined(placement: Placement, found: Placement) -> Placement:
    """Return the placement of two images whose overlaps, cut out, are related by the placement ``found``."""
    one, other = overlap_boxes(placement)
    result: list[float] = []
    for axis in (0, 2):
        width_one, width_other = one[axis + 1] - one[axis], other[axis + 1] - other[axis]
        scale = width_one / width_other * found[axis]
        middle = (0.5 - other[axis]) / width_other - 0.5
        point = found[axis] * middle + found[axis + 1]
        result += [scale, one[axis] + (point + 0.5) * width_one - 0.5]
    return result[0], result[1], result[2], result[3]


def crop_words(placement: Placement) -> str:
    """Say which part of one image the other is; empty if their frames agree within 1.5 % of the side."""
    one, other = overlap_boxes(placement)
    for box in (one, other):
        height, width = box[1] - box[0], box[3] - box[2]
        if min(height, width) < 1 - _SAME_FRAME:
            return f"cropped to {100 * width:.0f} % of the width and {100 * height:.0f} % of the height"
    return ""


def tone_words(first: FloatArray, second: FloatArray) -> str:
    """Say by how much one image is brighter than the other; empty within 3 % of the mean."""
    low, high = sorted((float(first.mean()), float(second.mean())))
    if low <= 0 or high / low < 1 + _SAME_TONE:
        return ""
    return f"brightness {100 * (high / low - 1):+.0f} %"
