"""What the readers drew, from whichever kind of file holds it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from xaudit.cases.coco import read_coco
from xaudit.cases.image_index import ImageIndex
from xaudit.cases.voc import read_voc
from xaudit.config import AnnotationSection
from xaudit.errors import DataError, did_you_mean
from xaudit.records import Annotation, Problem


def read_annotations(
    section: AnnotationSection | None, images: ImageIndex, *, merge: Mapping[str, str]
) -> tuple[tuple[Annotation, ...], tuple[Problem, ...]]:
    """The annotations that a section names, in the order of their cases, and what of them could not be used.

    Args:
        section: None where the data has no annotations.
        images: what they may belong to.
        merge: class name in the data: class name to use; applies to the marks' labels too.

    Raises:
        DataError: with the file, the place in it, the value and the next step.
    """
    if section is None:
        return (), ()
    path = section.path
    if not path.exists():
        beside = [near.name for near in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = did_you_mean(path.name, beside, otherwise="paths in the audit file start from its folder")
        raise DataError(f"{path}: no such annotations", hint=hint)
    found: tuple[Annotation, ...]
    problems: tuple[Problem, ...] = ()
    match section.format if section.format != "auto" else _sniff(path):
        case "coco":
            if path.is_dir():
                raise DataError(f"{path}: is a folder, and COCO is one file", hint="give the JSON file")
            found = read_coco(path, images)
        case _:
            found, problems = read_voc(path, images, origin=section.origin)
    ordered = sorted(found, key=lambda mark: (mark.case_id, mark.reader_id))
    merged = tuple(
        mark if mark.label is None else replace(mark, label=merge.get(mark.label, mark.label))
        for mark in ordered
    )
    return merged, problems


def _sniff(path: Path) -> Literal["coco", "voc"]:
    """A folder is Pascal VOC; a file is told by how it begins."""
    if path.is_dir():
        return "voc"
    try:
        with path.open("rb") as file:
            head = file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read: {error.strerror or 'the system refuses it'}",
            hint="check its permissions",
        ) from None
    return "voc" if head.startswith(b"<") else "coco"
