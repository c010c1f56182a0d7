"""Marks written as boxes: Pascal VOC, YOLO and a table."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from xaudit.cases.images.entry import without_suffix
from xaudit.cases.marks.exports.marks_to_write import UNNAMED, MarksToWrite, as_box, spelled, write_text
from xaudit.cases.marks.formats.box_table import box_table_text
from xaudit.cases.marks.formats.yolo import yolo_line
from xaudit.cases.marks.mark_list import ONLY_READER
from xaudit.counts import counted
from xaudit.records import Polygon


def write_voc(marks: MarksToWrite, out: Path, losses: Counter[str]) -> int:
    """One XML file for each image and reader; counts them."""
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
        file = out / f"{folders[reader]}{without_suffix(image.path)}.xml"
        file.parent.mkdir(parents=True, exist_ok=True)
        ElementTree.indent(root)
        file.write_bytes(ElementTree.tostring(root, encoding="utf-8"))
        n_files += 1
    if marks.readers not in ([], [ONLY_READER]):
        losses["readers stand under <annotator>, which other tools pass over"] += 1
    return n_files


def write_yolo(marks: MarksToWrite, out: Path, losses: Counter[str]) -> int:
    """Write a text file for each image and reader, and ``classes.txt`` with the names of the classes; count them.

    Where there are outlines, ``data.yaml`` has the names too and no ``kpt_shape``, so that nobody takes them for key points.
    """
    names = sorted({mark.label or UNNAMED for mark in marks.annotations if mark.region is not None})
    folders = marks.folders(losses)
    out.mkdir(parents=True, exist_ok=True)
    (out / "classes.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    n_files = 1
    if any(isinstance(mark.region, Polygon) for mark in marks.annotations):
        (out / "data.yaml").write_text(f"names: {json.dumps(names, ensure_ascii=False)}\n", encoding="utf-8")
        n_files += 1
    for image, reader, drawn in marks.sheets():
        lines = []
        for mark in drawn:
            region = mark.region
            if not isinstance(region, Polygon):
                region = as_box(region, image.frame, losses)
            if mark.label is None:
                losses[
                    f"{{n}} marks without a label are of the class '{UNNAMED}'"
                    f"|1 mark without a label is of the class '{UNNAMED}'"
                ] += 1
            lines.append(yolo_line(names.index(mark.label or UNNAMED), region, image.frame) + "\n")
        write_text(out / f"{folders[reader]}{without_suffix(image.path)}.txt", "".join(lines))
        n_files += 1
    if drawn_twice := [reader for reader in folders.values() if reader]:
        losses[
            f"readers are {counted(len(drawn_twice), 'folder')}, which other tools take for other images"
        ] += 1
    return n_files


def write_boxes(marks: MarksToWrite, out: Path, losses: Counter[str]) -> int:
    """One CSV table of all boxes; counts it."""
    rows: list[Mapping[str, str]] = []
    for image, reader, drawn in marks.sheets():
        known = {
            "image": image.path,
            "reader": reader,
            "image_width": str(image.width),
            "image_height": str(image.height),
        }
        if not drawn:
            rows.append(known)
        for mark in drawn:
            box = as_box(mark.region, image.frame, losses)
            edges = zip(("x0", "y0", "x1", "y1"), (box.x0, box.y0, box.x1, box.y1), strict=True)
            rows.append(
                {**known, "label": mark.label or "", **{name: spelled(value) for name, value in edges}}
            )
    write_text(out, box_table_text(rows))
    return 1
