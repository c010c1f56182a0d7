"""Masks of the lungs that readers drew: categories of a COCO file, segments of DICOM, structures."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xaudit.cases.anatomy.lung_sides import (
    BY_SHAPE,
    LungMask,
    Pixels,
    Side,
    is_lung,
    side_of,
    with_rest,
)
from xaudit.cases.marks.formats.coco import collect_coco
from xaudit.cases.marks.formats.dicom_seg import collect_dicom_seg, is_dicom_seg
from xaudit.cases.marks.formats.rtstruct import collect_rtstruct, is_rtstruct
from xaudit.cases.marks.mark_list import MarkList
from xaudit.cases.names.image_index import ImageIndex
from xaudit.cases.text.tree import files_in
from xaudit.config import LungSection
from xaudit.errors import DataError, did_you_mean
from xaudit.geometry import rasterise, union
from xaudit.records import Annotation, Case, Region

_HEAD_BYTES = 1 << 16


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
        return [repr(one) for one in self.marks.get(case.case_id, ())]


def is_drawn(path: Path) -> bool:
    """Return True for a COCO file, a DICOM segmentation or structure set, or a folder with one of the latter."""
    return path.suffix.lower() == ".json" or _dicom_reader(path) is not None


def drawn_marks(path: Path, images: ImageIndex) -> tuple[Annotation, ...]:
    """Read all that a COCO file or a DICOM segmentation or structure set draws."""
    marks = MarkList(images)
    (_dicom_reader(path) or collect_coco)(path, marks)
    return marks.all()


def drawn_lungs(path: Path, images: ImageIndex, where: str, named: LungSection | None = None) -> DrawnLungs:
    """Read the lungs that a COCO file or a DICOM segmentation or structure set draws.

    Args:
        named: the categories or segments of each lung, if the audit file names them.

    Raises:
        DataError: if no name in the file is that of a lung, or the one in the audit file.
    """
    drawn = [mark for mark in drawn_marks(path, images) if mark.region is not None]
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
