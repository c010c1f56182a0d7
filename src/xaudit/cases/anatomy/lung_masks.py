"""Masks of the lungs that tell left and right apart: by categories, segments, folders, numbers, or the audit file.

Each source has the interface of :mod:`xaudit.cases.anatomy.sources`, and returns the two lungs separately if it can.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from xaudit.cases.anatomy.drawn_lungs import DrawnLungs
from xaudit.cases.anatomy.lung_sides import LeftAndRight, LungMask, Pixels, side_of, sides_of_numbers
from xaudit.cases.anatomy.refused import Refused
from xaudit.cases.masks.nifti import MaskSlice, read_numbers
from xaudit.cases.masks.raster import read_numbered_mask
from xaudit.cases.names.image_index import ImageIndex
from xaudit.config import NiftiSection
from xaudit.errors import DataError
from xaudit.geometry import mask_region, union
from xaudit.records import BoolArray, Case, IntArray

_BINARY = (255, 65535)
"""Values that programs write for "inside" in a mask of one structure."""


@dataclass(frozen=True)
class NumberedLungs:
    """Masks in which a number may stand for each lung: PNGs, or slices of NIfTI files.

    Attributes:
        files: by case id.
        cases: all that may have a mask.
        left: the numbers of the left lung, if the audit file names them.
        right: those of the right one.
        n_extra: files of the folder that belong to no image of the data.
    """

    files: Mapping[str, Path] | Mapping[str, MaskSlice]
    nifti: NiftiSection
    left: tuple[int, ...] = ()
    right: tuple[int, ...] = ()
    n_extra: int = 0
    cases: tuple[Case, ...] = ()

    @property
    def n_given(self) -> int:
        """Number of cases with a mask."""
        return len(self.files)

    @property
    def sides(self) -> str:
        """Rule that tells left and right apart, in words."""
        if self.left or self.right:
            left, right = (", ".join(map(str, numbers)) for numbers in (self.left, self.right))
            return f"left is {left}, right is {right} in the masks"
        return "left and right told apart by two numbers where a mask has two, else by shape"

    def mask(self, case: Case, pixels: Pixels) -> LungMask | None:  # noqa: ARG002
        """Return the lungs of the case."""
        numbers = self.numbers(case)
        return None if numbers is None else self._sides_of(numbers)

    def _sides_of(self, numbers: IntArray) -> LungMask:
        """Return the lungs of a mask; if it shows one number of two, the other lung is not on the image."""
        lungs = sides_of_numbers(numbers, self.left, self.right)
        if isinstance(lungs, LeftAndRight):
            return lungs
        values = np.unique(numbers[numbers != 0])
        if len(values) != 1 or values[0] in _BINARY or int(values[0]) not in self._pair:
            return lungs
        first = int(values[0]) == self._pair[0]
        return (
            LeftAndRight(lungs, np.zeros_like(lungs)) if first else LeftAndRight(np.zeros_like(lungs), lungs)
        )

    @cached_property
    def _pair(self) -> tuple[int, ...]:
        """The two numbers of the lungs, if no mask of the data holds any other; else empty."""
        used: set[int] = set()
        is_pair = False
        for case in self.cases:
            numbers = self.numbers(case)
            if numbers is not None:
                used |= {int(value) for value in np.unique(numbers)} - {0}
                is_pair = is_pair or isinstance(sides_of_numbers(numbers), LeftAndRight)
            if len(used) > 2:
                return ()
        return tuple(sorted(used)) if is_pair and len(used) == 2 else ()

    def numbers(self, case: Case) -> IntArray | None:
        """Return the numbers of the mask, (H, W), 0 outside; None without a file."""
        file = self.files.get(case.case_id)
        frame = (case.height, case.width)
        match file:
            case None:
                return None
            case MaskSlice():
                # Fractions are no numbers of structures: what is not zero is inside.
                values = read_numbers(file, frame, self.nifti)
                whole = np.rint(values).astype(np.int64)
                return whole if (whole == values).all() else (values != 0).astype(np.int64)
            case path:
                return read_numbered_mask(path, frame)

    def digest(self, case: Case) -> object:
        """Return the run lengths of each lung, or of both if they are not told apart."""
        numbers = self.numbers(case)
        return None if numbers is None else _runs(self._sides_of(numbers))

    def check(self, cases: Sequence[Case], where: str) -> None:
        """Raise DataError if the audit file names a number that no mask holds."""
        used: set[int] = set()
        for case in cases:
            numbers = self.numbers(case)
            used |= set() if numbers is None else {int(value) for value in np.unique(numbers)}
        for side, wanted in (("left", self.left), ("right", self.right)):
            for number in wanted:
                if number not in used:
                    has = ", ".join(map(str, sorted(used - {0})[:12])) or "none but 0"
                    raise DataError(
                        f"{where}.{side}: no mask holds the number {number}", hint=f"the masks hold {has}"
                    )


@dataclass(frozen=True)
class LungsBySide:
    """Masks of each lung in files of their own.

    Attributes:
        left: sources of the left lung, several if each lobe has one.
        right: sources of the right lung.
        names: names of the two, for messages.
    """

    left: tuple["LungSource", ...]
    right: tuple["LungSource", ...]
    names: tuple[str, str] = ("", "")

    @property
    def n_given(self) -> int:
        """Number of masks of the side with more of them."""
        return max((source.n_given or 0 for source in (*self.left, *self.right)), default=0)

    @property
    def n_extra(self) -> int:
        """Number of files, of both sides, that belong to no image of the data."""
        sources = (*self.left, *self.right)
        return sum(source.n_extra for source in sources if isinstance(source, NumberedLungs | LungsBySide))

    @property
    def sides(self) -> str:
        """Rule that tells left and right apart, in words."""
        return f"left in {self.names[0]}, right in {self.names[1]}"

    def mask(self, case: Case, pixels: Pixels) -> LungMask | None:
        """Return both lungs; None if the case has neither."""
        frame = (case.height, case.width)
        sides = []
        for sources in (self.left, self.right):
            masks = [whole_of(source.mask(case, pixels)) for source in sources]
            sides.append([mask for mask in masks if mask is not None])
        if not sides[0] and not sides[1]:
            return None
        return LeftAndRight(union(sides[0], frame), union(sides[1], frame))

    def digest(self, case: Case) -> object:
        """Return the digests of all sources."""
        return [[source.digest(case) for source in side] for side in (self.left, self.right)]


LungSource = NumberedLungs | DrawnLungs | LungsBySide


def whole_of(mask: LungMask | Refused | None) -> BoolArray | None:
    """Return both lungs as one mask; None if there is none."""
    match mask:
        case None | Refused():
            return None
        case LeftAndRight():
            return mask.whole
        case _:
            return mask


def side_folders(folder: Path, images: ImageIndex, where: str) -> tuple[list[Path], list[Path]] | None:
    """Return the sub-folders named after a left and a right lung; None if the folder is not divided so.

    Raises:
        DataError: if another sub-folder beside them names no side.
    """
    if not folder.is_dir():
        return None
    below = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    sides = {path: side_of(path.name) for path in below}
    if not {"left", "right"} <= set(sides.values()):
        return None
    # Images of left and right breasts, knees or hands may lie in such folders, and their masks beside each other.
    firsts = {path.partition("/")[0] for path in images.paths if "/" in path}
    if all(path.name in firsts for path in below):
        return None
    other = next((path.name for path, side in sides.items() if side is None), None)
    if other is not None:
        left = next(path.name for path in below if sides[path] == "left")
        raise DataError(
            f"{where}: {folder.name} holds '{left}' and '{other}', and which lung '{other}' shows is not said",
            hint=f"name the folders of each lung: {{left: {folder.name}/{left}, right: ...}}",
        )
    return [path for path in below if sides[path] == "left"], [
        path for path in below if sides[path] == "right"
    ]


def _runs(mask: LungMask) -> object:
    match mask:
        case LeftAndRight(left, right):
            return [mask_region(left).counts, mask_region(right).counts]
        case _:
            return mask_region(mask).counts
