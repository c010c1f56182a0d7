"""Masks of the lungs that tell left and right apart: by categories, segments, folders, numbers, or the audit file.

Each source has the interface of :mod:`xaudit.cases.anatomy.sources`, and returns the two lungs separately if it can.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from xaudit.cases.anatomy.lung_sides import LeftAndRight, Side, is_lung, side_of, sides_of_numbers, with_rest
from xaudit.cases.anatomy.refused import Refused
from xaudit.cases.marks.formats.coco import collect_coco
from xaudit.cases.marks.formats.dicom_seg import collect_dicom_seg, is_dicom_seg
from xaudit.cases.marks.formats.rtstruct import collect_rtstruct, is_rtstruct
from xaudit.cases.marks.mark_list import MarkList
from xaudit.cases.masks.nifti import MaskSlice, read_numbers
from xaudit.cases.masks.raster import read_numbered_mask
from xaudit.cases.names.image_index import ImageIndex
from xaudit.cases.text.tree import files_in
from xaudit.config import LungSection, NiftiSection
from xaudit.errors import DataError, did_you_mean
from xaudit.geometry import mask_region, rasterise, union
from xaudit.records import Annotation, BoolArray, Case, FloatArray, IntArray, Region

LungMask = LeftAndRight | BoolArray
Pixels = Callable[[], FloatArray]

_HEAD_BYTES = 1 << 16
_BINARY = (255, 65535)
"""Values that programs write for "inside" in a mask of one structure."""

BY_SHAPE = "left and right told apart by shape"


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
class DrawnLungs:
    """Outlines and run lengths whose categories or segments may name a side.

    Attributes:
        marks: by case id: the regions, and the side that each one's name gives, or None.
        names: names of the left and the right lung, as the file has them.
    """

    marks: Mapping[str, tuple[tuple[Region, Side | None], ...]]
    names: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    @property
    def n_given(self) -> int:
        """Number of images with a region."""
        return len(self.marks)

    @property
    def sides(self) -> str:
        """Rule that tells left and right apart, in words."""
        left, right = (", ".join(f"'{name}'" for name in names) for names in self.names)
        return f"left is {left}, right is {right}" if left and right else BY_SHAPE

    def mask(self, case: Case, pixels: Pixels) -> LungMask | None:  # noqa: ARG002
        """Return the lungs drawn on the case."""
        drawn = self.marks.get(case.case_id)
        if drawn is None:
            return None
        frame = (case.height, case.width)
        left, right, rest = (
            union((rasterise(region, frame) for region, side in drawn if side == wanted), frame)
            for wanted in ("left", "right", None)
        )
        return with_rest(left, right, rest) if left.any() or right.any() else rest

    def digest(self, case: Case) -> object:
        """Return the regions as text."""
        return [repr(mark) for mark in self.marks.get(case.case_id, ())]


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


def is_drawn(path: Path) -> bool:
    """Return True for a COCO file, a DICOM segmentation or structure set, or a folder with one of the latter."""
    return path.suffix.lower() == ".json" or _dicom_reader(path) is not None


def drawn_lungs(path: Path, images: ImageIndex, where: str, named: LungSection | None = None) -> DrawnLungs:
    """Read the lungs that a COCO file or a DICOM segmentation or structure set draws.

    Args:
        named: the categories or segments of each lung, if the audit file names them.

    Raises:
        DataError: if no name in the file is that of a lung, or the one in the audit file.
    """
    marks = MarkList(images)
    (_dicom_reader(path) or collect_coco)(path, marks)
    drawn = [mark for mark in marks.all() if mark.region is not None]
    names = sorted({mark.label for mark in drawn if mark.label is not None})
    sides = _named_sides(names, named, path, where) if named else _sides_by_name(names, drawn, path, where)
    regions: dict[str, list[tuple[Region, Side | None]]] = defaultdict(list)
    for mark in drawn:
        if mark.region is not None and mark.label in sides:
            regions[mark.case_id].append((mark.region, sides[mark.label]))
    side_names: tuple[tuple[str, ...], ...] = tuple(
        tuple(str(name) for name, side in sides.items() if side == wanted) for wanted in ("left", "right")
    )
    return DrawnLungs({case: tuple(own) for case, own in regions.items()}, (side_names[0], side_names[1]))


def _sides_by_name(
    names: Sequence[str], drawn: Sequence[Annotation], path: Path, where: str
) -> Mapping[str | None, Side | None]:
    """Return the categories of lungs with their sides: by their names, or the only category."""
    lungs: list[str | None] = [name for name in names if is_lung(name)]
    if not lungs and {side_of(name) for name in names} == {"left", "right"}:
        lungs = list(names)
    _check_other_lung(lungs, path, where)
    labels = {mark.label for mark in drawn}
    if not lungs and len(labels) == 1:
        lungs = list(labels)
    if not lungs:
        drawn_names = ", ".join(sorted(repr(name) for name in labels)) or "nothing"
        raise DataError(
            f"{where}: {path.name} draws {drawn_names}, and nothing with 'lung' in its name",
            hint="call the category 'lung', or give a file with lungs only",
        )
    return {name: None if name is None else side_of(name) for name in lungs}


def _check_other_lung(lungs: Sequence[str | None], path: Path, where: str) -> None:
    """Raise DataError if one category names its side and another does not: that may be the other lung, or both."""
    sides = {name: side_of(name) for name in lungs if name is not None}
    named = set(sides.values()) - {None}
    if None in sides.values() and len(named) == 1:
        sided = next(name for name, side in sides.items() if side is not None)
        other = next(name for name, side in sides.items() if side is None)
        raise DataError(
            f"{where}: {path.name} draws '{sided:.60}' and '{other:.60}', and which lung '{other:.60}' shows is not said",
            hint=f"name the categories of each lung: {{path: {path.name}, left: [...], right: [...]}}",
        )


def _named_sides(
    names: Sequence[str], named: LungSection, path: Path, where: str
) -> Mapping[str | None, Side | None]:
    sides: dict[str | None, Side | None] = {}
    for side, wanted in (("left", named.left), ("right", named.right)):
        for name in map(str, wanted):
            if name not in names:
                hint = did_you_mean(
                    name, names, otherwise=f"it draws {', '.join(map(repr, names)) or 'nothing'}"
                )
                raise DataError(f"{where}.{side}: {path.name} draws nothing called '{name}'", hint=hint)
            sides[name] = "left" if side == "left" else "right"
    return sides


def _dicom_reader(path: Path) -> Callable[[Path, MarkList], None] | None:
    """Choose the reader of the segmentation or structure set at a path or in a folder; None if there is none."""
    files = [path] if path.is_file() else files_in(path) if path.is_dir() else []
    for file in files:
        if file.is_file() and file.suffix.lower() in (".dcm", ""):
            try:
                with file.open("rb") as stream:
                    head = stream.read(_HEAD_BYTES)
            except OSError:  # reading the file itself reports why it cannot be opened
                continue
            if is_dicom_seg(head):
                return collect_dicom_seg
            if is_rtstruct(head):
                return collect_rtstruct
    return None


def _runs(mask: LungMask) -> object:
    match mask:
        case LeftAndRight(left, right):
            return [mask_region(left).counts, mask_region(right).counts]
        case _:
            return mask_region(mask).counts
