"""Marks written as CVAT's XML, "CVAT for images 1.1": boxes, outlines and masks of all images in one file."""

from collections import Counter
from collections.abc import Set
from itertools import groupby
from pathlib import Path
from typing import assert_never
from xml.etree import ElementTree

import numpy as np

from xaudit.cases.marks.exports.marks_to_write import MarksToWrite, spelled
from xaudit.cases.marks.mark_list import ONLY_READER
from xaudit.geometry import bounding_box, rasterise
from xaudit.records import BoolArray, Box, MaskRegion, Polygon, Region

NOTHING = "No finding"


def write_cvat(marks: MarksToWrite, out: Path, losses: Counter[str]) -> int:
    """One XML file of all images that were annotated, and of all readers; counts it."""
    root = ElementTree.Element("annotations")
    ElementTree.SubElement(root, "version").text = "1.1"
    named = marks.readers not in ([], [ONLY_READER])
    root.append(
        _meta({mark.label or "" for mark in marks.annotations if mark.region is not None}, named=named)
    )
    for number, (image, sheets) in enumerate(groupby(marks.sheets(), key=lambda sheet: sheet[0])):
        size = {"width": str(image.width), "height": str(image.height)}
        element = ElementTree.SubElement(root, "image", {"id": str(number), "name": image.path, **size})
        for _, reader, drawn in sheets:
            shapes = [
                _shape(mark.region, mark.label, image.frame) for mark in drawn if mark.region is not None
            ]
            for shape in shapes or [ElementTree.Element("tag", {"label": NOTHING, "source": "manual"})]:
                if reader != ONLY_READER:
                    ElementTree.SubElement(shape, "attribute", {"name": "reader"}).text = reader
                element.append(shape)
    unnamed = sum(mark.region is not None and mark.label is None for mark in marks.annotations)
    if unnamed:
        losses[
            "{n} marks without a label have an empty one, which CVAT does not import"
            "|1 mark without a label has an empty one, which CVAT does not import"
        ] += unnamed
    if named:
        losses["readers stand in an attribute `reader`, which CVAT imports where the label has one"] += 1
    ElementTree.indent(root)
    out.write_bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
    return 1


def runs_of_rows(mask: BoolArray) -> str:
    """Run lengths that go row by row and begin outside.

    Example:
        >>> runs_of_rows(np.array([[False, True], [True, False]]))
        '1, 2, 1'
    """
    flat = mask.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    counts = np.diff([0, *edges.tolist(), flat.size]).tolist()
    return ", ".join(map(str, [0, *counts] if flat[0] else counts))


def _meta(labels: Set[str], *, named: bool) -> ElementTree.Element:
    """What other tools ask of a file before its images: its labels, and that shapes name their reader where they do."""
    meta = ElementTree.Element("meta")
    task = ElementTree.SubElement(meta, "task")
    ElementTree.SubElement(task, "mode").text = "annotation"
    known = ElementTree.SubElement(task, "labels")
    for name in [*sorted(labels), NOTHING]:
        label = ElementTree.SubElement(known, "label")
        ElementTree.SubElement(label, "name").text = name
        attributes = ElementTree.SubElement(label, "attributes")
        if named:
            reader = ElementTree.SubElement(attributes, "attribute")
            for key, text in (
                ("name", "reader"),
                ("mutable", "False"),
                ("input_type", "text"),
                ("values", ""),
            ):
                ElementTree.SubElement(reader, key).text = text
    return meta


def _shape(region: Region, label: str | None, frame: tuple[int, int]) -> ElementTree.Element:
    known = {"label": label or "", "source": "manual", "occluded": "0"}
    match region:
        case Box(x0, y0, x1, y1):
            edges = {"xtl": spelled(x0), "ytl": spelled(y0), "xbr": spelled(x1), "ybr": spelled(y1)}
            return ElementTree.Element("box", {**known, **edges})
        case Polygon(points):
            text = ";".join(f"{spelled(x)},{spelled(y)}" for x, y in points)
            return ElementTree.Element("polygon", {**known, "points": text})
        case MaskRegion():
            mask = rasterise(region, frame)
            box = bounding_box(mask)
            x0, y0, x1, y1 = int(box.x0), int(box.y0), int(box.x1), int(box.y1)
            place = {"left": str(x0), "top": str(y0), "width": str(x1 - x0), "height": str(y1 - y0)}
            return ElementTree.Element("mask", {**known, "rle": runs_of_rows(mask[y0:y1, x0:x1]), **place})
        case _:
            assert_never(region)
