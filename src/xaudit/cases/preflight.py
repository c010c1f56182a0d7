"""Checks of a data set before any of its images is opened."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from xaudit.cases.groups import read_groups
from xaudit.cases.images.dicom_file import pydicom_package
from xaudit.cases.images.entry import Entry
from xaudit.cases.images.folder import check_folder
from xaudit.cases.images.nifti_file import nibabel_package
from xaudit.cases.listing import class_names_of, listed_entries
from xaudit.cases.masks.nifti import is_nifti, mask_files
from xaudit.cases.phantom.study import CANCER, NORMAL
from xaudit.cases.table import read_text
from xaudit.config.sections.data import DataSection
from xaudit.errors import DataError, did_you_mean


@dataclass(frozen=True, slots=True)
class Preview:
    """A data set as its table or its folders list it.

    Attributes:
        class_names: empty if the listing is faulty.
        entries: every listed image; empty for the phantom study, which is made when it is needed.
        faults: errors that stop a run.
    """

    class_names: tuple[str, ...]
    entries: tuple[Entry, ...]
    faults: tuple[DataError, ...]


def preview(section: DataSection) -> Preview:
    """List a data set without opening an image, and collect every fault that shows."""
    if section.format == "phantom":
        return Preview((CANCER, NORMAL), (), ())
    faults: list[DataError] = []
    entries: tuple[Entry, ...] = ()
    class_names: tuple[str, ...] = ()
    try:
        entries = listed_entries(section, faults)
        class_names = class_names_of(entries, section)
    except DataError as error:
        faults.append(error)
    checks: list[Callable[[], object]] = [
        partial(_check_packages, section, entries),
        partial(_check_annotations, section),
    ]
    if section.split.groups is not None:
        checks.append(partial(read_groups, section.split.groups))
    for structure in ("lungs", "body", "thorax"):
        mask_path = getattr(section.regions, structure)
        if isinstance(mask_path, Path):
            checks.append(partial(_check_masks, mask_path))
    checks += [partial(_check_own, name, own.path) for name, own in section.regions.own.items()]
    for check in checks:
        try:
            check()
        except DataError as error:
            faults.append(error)
    return Preview(class_names, entries, tuple(faults))


def _check_packages(section: DataSection, entries: tuple[Entry, ...]) -> None:
    """Raise DataError if images or masks need a package that is not installed."""
    names = [entry.path.partition("#")[0].lower() for entry in entries]
    if any(name.endswith((".dcm", ".dicom")) for name in names):
        pydicom_package()
    masks = [getattr(section.regions, name) for name in ("lungs", "body", "thorax")]
    masks += [own.path for own in section.regions.own.values()]
    marks = [] if section.annotations is None else [section.annotations.path]
    if any(is_nifti(Path(name)) for name in names) or any(
        isinstance(path, Path) and is_nifti(path) for path in (*masks, *marks)
    ):
        nibabel_package()


def _check_annotations(section: DataSection) -> None:
    """Raise DataError if the annotations do not exist; the hint names the nearest file."""
    path = None if section.annotations is None else section.annotations.path
    if path is None or path.exists():
        return
    beside = [near.name for near in path.parent.iterdir()] if path.parent.is_dir() else []
    hint = did_you_mean(path.name, beside, otherwise="paths in the audit file start from its folder")
    raise DataError(f"{path}: no such annotations", hint=hint)


def _check_own(name: str, path: Path) -> None:
    """Raise DataError, with the region's name, if the masks of a region that the audit file names do not exist."""
    if path.is_file():  # a COCO file, or a DICOM segmentation of any suffix
        return
    try:
        _check_masks(path)
    except DataError as error:
        raise DataError(f"data.regions.own.{name}: {error}", hint=error.hint) from None


def _check_masks(path: Path) -> None:
    """Raise DataError if masks do not exist; the hint names the nearest file."""
    if is_nifti(path):
        mask_files(path)
    elif path.suffix.lower() != ".json":
        check_folder(path, what="masks")
    elif not path.is_file():
        read_text(path, what="annotations")
