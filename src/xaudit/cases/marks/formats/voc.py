"""Pascal VOC: one XML file of boxes and outlines per image.

A file belongs to the image of its own name, or else to the DICOM image whose instance UID it is named by; what
it says in ``filename`` is not believed. Pixels are counted from 1 and the last one is inside, as the format
has it: ``xmin`` 1 and ``xmax`` 3 cover three columns. An outline beside a box counts, see :mod:`xaudit.cases.marks.encodings.voc_object`. With ``origin: zero`` the numbers are edges counted from 0:
``xmin`` 1 and ``xmax`` 3 cover two. A file without objects says that its reader found nothing.
"""

import math
import re
from collections import Counter
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

from xaudit.cases.marks.encodings.voc_object import Origin, number_in, object_region
from xaudit.cases.marks.file_set import FileSet, file_set, without_uids
from xaudit.cases.marks.mark_list import ONLY_READER, MarkList
from xaudit.cases.marks.writing import MarksToWrite, as_box, file_for, spelled
from xaudit.cases.names.image_index import NO_IMAGE
from xaudit.cases.text.cells import cell_text
from xaudit.errors import DataError
from xaudit.records import Annotation, Problem

_UID = re.compile(r"\d+(\.\d+){4,}")


def collect_voc(
    path: Path | FileSet, marks: MarkList, *, origin: Literal["auto", "one", "zero"] = "auto"
) -> tuple[Problem, ...]:
    """Read the files of a folder, or a single one, into a list of marks; return what could not be used.

    Args:
        path: the folder, or a single file.
        marks: to add to.
        origin: where the files start to count pixels; ``auto`` is one.

    Raises:
        DataError: with the file, the place in it and the value.
    """
    given = file_set(path, (".xml",))
    files = given.files
    if not files:
        raise DataError(
            f"{path.name}: holds no XML file", hint="give the folder of the Pascal VOC files, or a COCO file"
        )
    problems: list[Problem] = []
    drawn: dict[tuple[str, str], str] = {}
    marks.expect_files(_stem(given.relative(file)) for file in files)
    for file in files:
        with marks.item():
            name = given.relative(file)
            marks.reading(without_uids(name))
            shown = without_uids(file.name)
            case_id = _case(shown, name, marks)
            if case_id is None:
                if name in marks.extra or marks.is_absent(_stem(name)):
                    continue
                problems.append(Problem(shown, "load", "the image that it annotates could not be read"))
                continue
            if case_id not in marks.images.frames:
                continue
            unnamed = marks.folder_reader(name) if given.mixed else marks.only_reader
            tree = given.xml(file, shown, "Pascal VOC")
            found = _marks(shown, tree, (case_id, unnamed), marks, "zero" if origin == "zero" else "one")
            reader = found[0].reader_id
            if (case_id, reader) in drawn:
                raise DataError(
                    f"{without_uids(name)}: {reader} annotated the image {case_id} in {drawn[case_id, reader]} too",
                    hint="join the two files, or name their readers in <annotator>",
                )
            drawn[case_id, reader] = without_uids(name)
            for mark in found:
                if mark.region is None:
                    marks.nothing(shown, case_id, reader)
                else:
                    marks.add(case_id, reader, mark.region, mark.label)
    return tuple(problems)


def _case(shown: str, name: str, marks: MarkList) -> str | None:
    images, stem = marks.images, _stem(name)
    found = marks.file_of(shown, stem)
    if found is not None:
        return found[0]
    uid = stem.rpartition("/")[2]
    if uid in images.uids:
        return images.uids[uid]
    if marks.ignore_extra:
        marks.extra.add(name)
        return None
    if _UID.fullmatch(uid):
        if not images.complete:
            return None
        raise DataError(
            f"{shown}: no image has this name or this DICOM instance UID",
            hint=NO_IMAGE,
        )
    marks.absent(shown, stem)
    return None


def _stem(name: str) -> str:
    return name[: -len(".xml")] if name.lower().endswith(".xml") else name


def _marks(
    shown: str, tree: ElementTree.Element, whose: tuple[str, str], marks: MarkList, origin: Origin
) -> list[Annotation]:
    (case_id, unnamed), images = whose, marks.images
    if tree.tag != "annotation":
        raise DataError(
            f"{shown}: not Pascal VOC: it begins with <{tree.tag:.40}>", hint="expected <annotation>"
        )
    size = (
        [number_in(shown, tree.find("size"), side) for side in ("height", "width")]
        if _has_size(tree)
        else None
    )
    if size is not None:
        if not all(math.isfinite(side) for side in size):
            raise DataError(f"{shown}: size is {size[1]:g} × {size[0]:g}", hint="expected pixels, or no size")
        images.check_size(shown, case_id, (round(size[0]), round(size[1])))
    reader = _reader(tree) or unnamed
    found = []
    for index, item in enumerate(tree.iter("object")):
        if (item.findtext("deleted") or "").strip() == "1":
            marks.notes["objects of Pascal VOC files that are marked as deleted and are not read"] += 1
            continue
        region = object_region(
            f"{shown}: object {index + 1}", item, images.frames[case_id], origin, marks.notes
        )
        found.append(Annotation(case_id, reader, region, (item.findtext("name") or "").strip() or None))
    if (tree.findtext("segmented") or "").strip() == "1" and tree.find("object/polygon") is None:
        marks.notes[
            "Pascal VOC files that say that they are segmented; that mask is another file, and their boxes count"
        ] += 1
    return found or [Annotation(case_id, reader, None)]


def _has_size(tree: ElementTree.Element) -> bool:
    """Return True if a file says its image's size; some tools write 0 × 0 where they do not know it."""
    sides = [(tree.findtext(f"size/{side}") or "").strip() for side in ("width", "height")]
    return all(side not in ("", "0") for side in sides)


def _reader(tree: ElementTree.Element) -> str | None:
    for place in ("annotator", "reader", "source/annotator", "source/reader"):
        name = cell_text(tree.findtext(place) or "")
        if name:
            return name
    return None


def write_voc(marks: MarksToWrite, out: Path, losses: Counter[str]) -> int:
    """Write an XML file for each image and reader; count them."""
    folders = marks.folders(Counter())
    n_files = 0
    for image, reader, drawn in marks.sheets():
        root = ElementTree.Element("annotation")
        ElementTree.SubElement(root, "filename").text = image.path.rpartition("/")[2]
        if reader != ONLY_READER:
            ElementTree.SubElement(root, "annotator").text = reader
        size = ElementTree.SubElement(root, "size")
        for name, value in (("width", image.width), ("height", image.height)):
            ElementTree.SubElement(size, name).text = str(value)
        for mark in drawn:
            box = as_box(mark.region, image.frame, losses)
            thing = ElementTree.SubElement(root, "object")
            ElementTree.SubElement(thing, "name").text = mark.label or ""
            edges = ElementTree.SubElement(thing, "bndbox")
            corners = {"xmin": box.x0 + 1, "ymin": box.y0 + 1, "xmax": box.x1, "ymax": box.y1}
            if any(value != round(value) for value in corners.values()):
                losses[
                    "{n} boxes have edges between pixels; other tools may round them"
                    "|1 box has edges between pixels; other tools may round them"
                ] += 1
            for name, edge in corners.items():
                ElementTree.SubElement(edges, name).text = spelled(edge)
        ElementTree.indent(root)
        file = file_for(out, folders[reader] + image.path, ".xml")
        file.write_bytes(ElementTree.tostring(root, encoding="utf-8"))
        n_files += 1
    if marks.readers not in ([], [ONLY_READER]):
        losses["readers stand under <annotator>, which other tools pass over"] += 1
    return n_files
