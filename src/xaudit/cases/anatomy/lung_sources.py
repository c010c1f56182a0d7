"""Sources of the lungs' masks that an audit file names, for every kind of file."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from xaudit.cases.anatomy.drawn_lungs import drawn_lungs, is_drawn
from xaudit.cases.anatomy.formats import check_one_format
from xaudit.cases.anatomy.lung_masks import (
    LungsBySide,
    LungSource,
    NumberedLungs,
    side_folders,
)
from xaudit.cases.masks.by_case import mask_files
from xaudit.cases.names.image_index import ImageIndex
from xaudit.config import LungSection, RegionSection
from xaudit.errors import DataError
from xaudit.records import Case


def lung_source(
    section: RegionSection, cases: Sequence[Case], images: ImageIndex, *, where: str
) -> LungSource | None:
    """Find the lungs' masks, separately if the audit file, names or numbers tell them apart.

    Returns:
        None if the audit file names no masks of the lungs.

    Raises:
        DataError: if the masks, or the names that the audit file gives each lung, cannot be found or read.
    """
    given, location = section.lungs, f"{where}.lungs"
    paths = (given.path, *given.left, *given.right) if isinstance(given, LungSection) else (given,)
    for path in paths:
        if isinstance(path, Path):
            check_one_format(path, location)
    match given:
        case LungSection(path=None):
            sides = {
                side: tuple(
                    _lungs_in(Path(str(path)), section, cases, images, f"{location}.{side}")
                    for path in getattr(given, side)
                )
                for side in ("left", "right")
            }
            names = [", ".join(Path(str(path)).name for path in paths) for paths in (given.left, given.right)]
            return LungsBySide(sides["left"], sides["right"], (names[0], names[1]))
        case LungSection(path=Path() as path) if is_drawn(path):
            return drawn_lungs(path, images, location, given)
        case LungSection(path=Path() as path):
            numbers = [
                tuple(number for number in side if isinstance(number, int))
                for side in (given.left, given.right)
            ]
            if (len(numbers[0]), len(numbers[1])) != (len(given.left), len(given.right)):
                raise DataError(
                    f"{location}: the masks of {path.name} have numbers and no names",
                    hint="give the numbers of each lung, as in `left: [1, 2]`",
                )
            source = _numbered(path, section, cases, images, location)
            named = replace(source, left=numbers[0], right=numbers[1])
            named.check(cases, location)
            return named
        case Path():
            return _lungs_in(given, section, cases, images, location)
        case _:
            return None


def _lungs_in(
    path: Path, section: RegionSection, cases: Sequence[Case], images: ImageIndex, location: str
) -> LungSource:
    """Return the source of the lungs' masks in one file or folder."""
    if is_drawn(path):
        return drawn_lungs(path, images, location)
    folders = side_folders(path, images, location)
    if folders is not None:
        left, right = (
            tuple(_numbered(folder, section, cases, images, location) for folder in side) for side in folders
        )
        names = [", ".join(folder.name for folder in side) for side in folders]
        return LungsBySide(left, right, (names[0], names[1]))
    return _numbered(path, section, cases, images, location)


def _numbered(
    path: Path, section: RegionSection, cases: Sequence[Case], images: ImageIndex, location: str
) -> NumberedLungs:
    files, n_extra = mask_files(path, section, cases, images, location)
    return NumberedLungs(files, section.nifti, cases=tuple(cases), n_extra=n_extra)
