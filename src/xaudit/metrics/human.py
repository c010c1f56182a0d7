"""What people reach: one reader's mark held against another's, by the measures that ask only for overlap."""

from collections.abc import Callable, Mapping

import numpy as np

from xaudit.metrics.absent import Absent, Measured
from xaudit.records import BoolArray

EMPTY = Absent("neither of the readers marked anything")


def overlap_of_marks(measure: str, mark: BoolArray, other: BoolArray) -> Measured:
    """One measure of :data:`OVERLAPS` on two marks, the second in the place of the truth.

    A reader who found nothing where the other found something has not agreed: what can be counted is 0.

    Args:
        mark: any shape, in the place of a map.
        other: of the same shape, in the place of the mark.

    Raises:
        ValueError: for a measure that is none of these, or shapes that differ.
    """
    if measure not in OVERLAPS:
        raise ValueError(f"'{measure}' asks for more than overlap")
    if mark.shape != other.shape:
        raise ValueError(f"marks of {mark.shape} and {other.shape} do not match")
    if not mark.any() and not other.any():
        return EMPTY
    return OVERLAPS[measure](mark, other)


def _iou(mark: BoolArray, other: BoolArray) -> float:
    return _share(mark & other, mark | other)


def _dice(mark: BoolArray, other: BoolArray) -> float:
    both = 2 * int(np.count_nonzero(mark & other))
    return both / (int(np.count_nonzero(mark)) + int(np.count_nonzero(other)))


def _coverage(mark: BoolArray, other: BoolArray) -> float:
    return _share(mark & other, other)


def _precision(mark: BoolArray, other: BoolArray) -> float:
    return _share(mark & other, mark)


def _share(part: BoolArray, whole: BoolArray) -> float:
    """The part's share of the whole; 0 of nothing."""
    return int(np.count_nonzero(part)) / max(1, int(np.count_nonzero(whole)))


OVERLAPS: Mapping[str, Callable[[BoolArray, BoolArray], float]] = {
    "iou": _iou,
    "dice": _dice,
    "coverage": _coverage,
    "precision": _precision,
}
"""The localization metrics that a mark can take in a map's place; each is 0 to 1, higher is better."""
