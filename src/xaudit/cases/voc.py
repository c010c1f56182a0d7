"""Pascal VOC: one XML file of boxes per image.

A file belongs to the image of its own name, or else to the DICOM image whose instance UID it is named by; what
it says in ``filename`` is not believed. Pixels are counted from 1 and the last one is inside, as the format
has it: ``xmin`` 1 and ``xmax`` 3 cover three columns. With ``origin: zero`` the numbers are edges counted from 0:
``xmin`` 1 and ``xmax`` 3 cover two. A file without objects says that its reader found nothing.
"""

import re
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

from xaudit.cases.coco import ONLY_READER
from xaudit.cases.image_index import ImageIndex
from xaudit.cases.marks import checked_box
from xaudit.errors import DataError
from xaudit.records import Annotation, Problem

Origin = Literal["one", "zero"]

_UID = re.compile(r"\d+(\.\d+){4,}")


class _Refusing(ElementTree.TreeBuilder):
    """Builds a tree, and stops at a document type: entities are declared there, and none is needed."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:  # noqa: ARG002
        raise DoctypeError


class DoctypeError(ValueError):
    """An XML file declares a document type, with which it could pull in other files or grow without end."""


def read_voc(
    path: Path, images: ImageIndex, *, origin: Origin = "one"
) -> tuple[tuple[Annotation, ...], tuple[Problem, ...]]:
    """What the files of a folder mark, in the order of their names.

    Args:
        path: the folder, or a single file.
        images: what the files may belong to.
        origin: where the files start to count pixels.

    Returns:
        The annotations, and what could not be used because its image could not be read.

    Raises:
        DataError: with the file, the place in it and the value.
    """
    files = sorted(path.rglob("*.[xX][mM][lL]")) if path.is_dir() else [path]
    if not files:
        raise DataError(
            f"{path.name}: holds no XML file", hint="give the folder of the Pascal VOC files, or a COCO file"
        )
    found: list[Annotation] = []
    problems: list[Problem] = []
    drawn: dict[tuple[str, str], str] = {}
    for file in files:
        name = file.relative_to(path).as_posix() if path.is_dir() else file.name
        shown = _shown(file.name)
        case_id = _case(shown, name, images)
        if case_id is None:
            problems.append(Problem(shown, "load", "the image that it annotates could not be read"))
            continue
        if case_id not in images.frames:
            continue
        marks = _marks(shown, _tree(shown, file), case_id, images, origin)
        reader = marks[0].reader_id
        if (case_id, reader) in drawn:
            raise DataError(
                f"{shown}: {reader} annotated the image {case_id} in {drawn[case_id, reader]} too",
                hint="join the two files, or name their readers in <annotator>",
            )
        drawn[case_id, reader] = shown
        found.extend(marks)
    return tuple(found), tuple(problems)


def _shown(name: str) -> str:
    """A file's name in messages: a DICOM UID is cut to its last digits."""
    return _UID.sub(lambda uid: "…" + uid.group()[-8:], name)


def _case(shown: str, name: str, images: ImageIndex) -> str | None:
    stem = name[: -len(".xml")] if name.lower().endswith(".xml") else name
    by_name = images.named(stem)
    uid = stem.rpartition("/")[2]
    if not by_name and uid in images.uids:
        return images.uids[uid]
    if not by_name and _UID.fullmatch(uid):
        if not images.complete:
            return None
        raise DataError(
            f"{shown}: no image has this name or this DICOM instance UID",
            hint="add the image, or take its annotation out",
        )
    return images.one(shown, stem)


def _tree(shown: str, file: Path) -> ElementTree.Element:
    try:
        parser = ElementTree.XMLParser(target=_Refusing())  # noqa: S314  (document types are refused)
        parser.feed(file.read_bytes())
        tree: ElementTree.Element = parser.close()
    except DoctypeError:
        raise DataError(
            f"{shown}: declares a document type or entities, which can pull in other files",
            hint="take the DOCTYPE out; Pascal VOC needs none",
        ) from None
    except ElementTree.ParseError as error:
        line, column = error.position
        raise DataError(
            f"{shown}: line {line}, column {column}: not XML", hint="export the file again"
        ) from None
    except (LookupError, ValueError):
        raise DataError(f"{shown}: in an unknown encoding", hint="save the file as UTF-8") from None
    except OSError as error:
        reason = error.strerror or "the system refuses it"
        raise DataError(f"{shown}: cannot be read: {reason}", hint="check its permissions") from None
    if tree.tag != "annotation":
        raise DataError(
            f"{shown}: not Pascal VOC: it begins with <{tree.tag:.40}>", hint="expected <annotation>"
        )
    return tree


def _marks(
    shown: str, tree: ElementTree.Element, case_id: str, images: ImageIndex, origin: Origin
) -> list[Annotation]:
    size = (
        [_number(shown, tree.find("size"), side) for side in ("height", "width")] if _has_size(tree) else None
    )
    if size is not None:
        images.check_size(shown, case_id, (round(size[0]), round(size[1])))
    reader = _reader(tree)
    marks = []
    for index, item in enumerate(tree.iter("object")):
        place = f"{shown}: object {index + 1}"
        box = item.find("bndbox")
        x0, y0, x1, y1 = (_number(place, box, side) for side in ("xmin", "ymin", "xmax", "ymax"))
        if origin == "one":
            x0, y0 = x0 - 1, y0 - 1
        region = checked_box(place, (x0, y0, x1, y1), images.frames[case_id])
        marks.append(Annotation(case_id, reader, region, (item.findtext("name") or "").strip() or None))
    return marks or [Annotation(case_id, reader, None)]


def _has_size(tree: ElementTree.Element) -> bool:
    """Some tools write a size of 0 × 0 where they do not know it."""
    sides = [(tree.findtext(f"size/{side}") or "").strip() for side in ("width", "height")]
    return all(side not in ("", "0") for side in sides)


def _reader(tree: ElementTree.Element) -> str:
    for place in ("annotator", "reader", "source/annotator", "source/reader"):
        name = (tree.findtext(place) or "").strip()
        if name:
            return name
    return ONLY_READER


def _number(place: str, parent: ElementTree.Element | None, name: str) -> float:
    text = None if parent is None else parent.findtext(name)
    try:
        return float(text or "")
    except ValueError:
        value = "missing" if text is None else f"'{text.strip():.40}'"
        raise DataError(f"{place}: {name} is {value}", hint="expected a number of pixels") from None
