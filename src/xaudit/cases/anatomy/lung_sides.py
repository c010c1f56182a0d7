"""Sides of the lungs in a mask, read from the name of its category, segment, file or folder, or from its number.

The sides may be the patient's or the image's: a mark's own lung is the one that it lies in or
next to, and the other one lies opposite.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import ndimage
from skimage.morphology import convex_hull_image

from xaudit.records import BoolArray, FloatArray, IntArray

Side = Literal["left", "right"]

_WORDS: dict[str, Side] = {
    **dict.fromkeys(("left", "lt", "l", "lul", "lll", "lingula", "links", "linke", "gauche"), "left"),
    **dict.fromkeys(("izquierdo", "izquierda", "sinistro", "sinistra"), "left"),
    **dict.fromkeys(
        ("right", "rt", "r", "rul", "rml", "rll", "rechts", "rechte", "droit", "droite"), "right"
    ),
    **dict.fromkeys(("derecho", "derecha", "destro", "destra"), "right"),
}
_WORD = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*")
_LUNG_WORDS = ("lung", "lunge", "lobe", "lobes", "pulmo", "poumon", "pulmon", "polmone")
_INSIDE_SHARE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class LeftAndRight:
    """The lungs of one case, (H, W) each; empty if the lung is not on the image."""

    left: BoolArray
    right: BoolArray

    @property
    def whole(self) -> BoolArray:
        """Union of both lungs."""
        return self.left | self.right


LungMask = LeftAndRight | BoolArray
Pixels = Callable[[], FloatArray]

BY_SHAPE = "left and right told apart by shape"


def side_of(name: str) -> Side | None:
    """Read a side from the name of a lung, a lobe or a folder; return None if it names none, or both.

    Example:
        >>> side_of("Left Lung"), side_of("lung_upper_lobe_right"), side_of("leftMask"), side_of("both lungs")
        ('left', 'right', 'left', None)
    """
    words = [word.lower() for word in _WORD.findall(name)]
    sides = {_WORDS[word] for word in words if word in _WORDS}
    for word in words:
        for side, ends in (("left", "left"), ("right", "right")):
            if word != ends and (word.startswith(ends) or word.endswith(ends)):
                sides.add(_WORDS[side])
    return sides.pop() if len(sides) == 1 else None


def is_lung(name: str) -> bool:
    """Return True for the name of a lung or of a lobe of one."""
    words = [word.lower() for word in _WORD.findall(name)]
    return "lung" in name.lower() or any(word in _LUNG_WORDS for word in words) or is_lobe(name)


def is_lobe(name: str) -> bool:
    """Return True for the usual short name of a lobe, such as RUL."""
    return name.strip().lower() in ("lul", "lll", "rul", "rml", "rll")


def with_rest(left: BoolArray, right: BoolArray, rest: BoolArray) -> LeftAndRight:
    """Add lung pixels that name no side to the lung that they are nearer to."""
    free = rest & ~left & ~right
    if not free.any():
        return LeftAndRight(left, right)
    if not left.any() or not right.any():
        return LeftAndRight(left | free, right) if left.any() else LeftAndRight(left, right | free)
    nearer_left = ndimage.distance_transform_edt(~left) <= ndimage.distance_transform_edt(~right)
    return LeftAndRight(left | free & nearer_left, right | free & ~nearer_left)


def sides_of_numbers(
    numbers: IntArray, left: Sequence[int] = (), right: Sequence[int] = ()
) -> LeftAndRight | BoolArray:
    """Split a mask into lungs by its numbers.

    Args:
        numbers: (H, W), 0 outside.
        left: the numbers of the left lung; without any, a mask of two numbers shows a lung for each.
        right: the numbers of the right lung.

    Returns:
        The two lungs; if numbers do not tell them apart, all pixels that are not zero, (H, W).
    """
    if left or right:
        return LeftAndRight(np.isin(numbers, left), np.isin(numbers, right))
    values = np.unique(numbers[numbers != 0])
    if len(values) != 2:
        return np.asarray(numbers != 0)
    first, second = (np.asarray(numbers == value) for value in values)
    smaller, larger = sorted((first, second), key=np.count_nonzero)
    # A structure within the lungs, such as a nodule or a vessel, is no lung.
    hull = np.asarray(convex_hull_image(larger))  # type: ignore[no-untyped-call]
    if np.count_nonzero(smaller & hull) > _INSIDE_SHARE * np.count_nonzero(smaller):
        return np.asarray(numbers != 0)
    return LeftAndRight(first, second)
