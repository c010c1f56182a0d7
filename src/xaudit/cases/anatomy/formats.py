"""Check that a folder of masks of lungs, body or thorax holds only one format, since only one is read."""

from pathlib import Path

from xaudit.cases.annotation_file import files_below
from xaudit.cases.images.entry import RASTER_SUFFIXES
from xaudit.cases.marks.kind import kind_of_file
from xaudit.cases.masks.nifti import is_nifti
from xaudit.config import AnnotationSection
from xaudit.errors import DataError

_DRAWN = {"coco": "COCO", "dicom-seg": "DICOM segmentations", "rtstruct": "RT structure sets"}
_MAY_DRAW = (".json", ".dcm", ".dicom", "")


def check_one_format(path: Path, location: str) -> None:
    """Raise DataError if a folder holds masks of two formats, or COCO files, one of which must be given as a file.

    Args:
        path: path of the masks; a file is not checked.
        location: name of the masks in errors, such as ``data.regions.lungs``.
    """
    if not path.is_dir():
        return
    first: dict[str, str] = {}
    for file in files_below(path, ()):
        kind = _format_of(file)
        if kind is not None:
            first.setdefault(kind, file.relative_to(path).as_posix())
    if len(first) > 1:
        (known_kind, name), (other, second) = list(first.items())[:2]
        raise DataError(
            f"{location}: {path.name} holds {known_kind} ({_shown(name)}) and {other} ({_shown(second)}), and the masks "
            "of a structure have one format",
            hint="keep the masks of a structure in one format",
        )
    if "COCO" in first:
        raise DataError(
            f"{location}: {path.name} is a folder with COCO ({_shown(first['COCO'])}), and COCO masks of a structure are one file",
            hint="name the file; several files must be joined to one",
        )


def _format_of(file: Path) -> str | None:
    if is_nifti(file):
        return "NIfTI"
    suffix = file.suffix.lower()
    if suffix in RASTER_SUFFIXES:
        return "PNGs"
    if suffix not in _MAY_DRAW:
        return None
    try:
        return _DRAWN.get(kind_of_file(file, file.name, AnnotationSection(path=file)).format_id or "")
    except DataError:
        return None


def _shown(name: str) -> str:
    """Return a file's name, shortened if it is a UID."""
    return name if name.count(".") < 5 else "…" + name[-8:]
