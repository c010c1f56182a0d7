"""CVAT's XML, "CVAT for images 1.1": boxes, outlines, ellipses and masks of many images in one file.

Coordinates are between pixel edges, counted from 0; ``rotation`` is in degrees, clockwise, around the middle of a box or
an ellipse. A mask's run lengths go row by row within its own rectangle and begin outside. An attribute ``reader`` (or
``reader_id``, or ``annotator``) says who drew a shape. An image without shapes may just not have been annotated, so it says
nothing; a tag called ``No finding`` says that its reader found nothing. Lines, points and cuboids have no area
and are refused.

Source: CVAT's page of the format, and ``cvat_sdk.masks``.
"""

from collections import Counter, defaultdict
from collections.abc import Set
from itertools import groupby
from pathlib import Path
from typing import assert_never
from xml.etree import ElementTree

import numpy as np

from xaudit.cases.marks.file_set import FileSet, file_set
from xaudit.cases.marks.mark import (
    checked_box,
    checked_ellipse,
    checked_number,
    checked_polygon,
    placed_mask,
    turned_box,
)
from xaudit.cases.marks.mark_list import ONLY_READER, MarkList
from xaudit.cases.marks.writing import MarksToWrite, spelled
from xaudit.cases.text.cells import cell_text
from xaudit.errors import DataError
from xaudit.geometry import bounding_box, rasterise
from xaudit.records import BoolArray, Box, MaskRegion, Polygon, Region

NOTHING = "no finding"
_READER = ("reader", "reader_id", "annotator")
_WITHOUT_AREA = frozenset({"polyline", "points", "cuboid", "skeleton"})
_SHAPES = frozenset({"box", "polygon", "ellipse", "mask"})


def collect_cvat(source: Path | FileSet, marks: MarkList) -> None:
    """Read a file, or several, into a list of marks.

    Raises:
        DataError: with the image, the shape and the value.
    """
    given = file_set(source, (".xml",))
    for file in given.files:
        shown = given.relative(file)
        _collect_images(shown, given.xml(file, shown, "CVAT"), marks)


def _collect_images(shown: str, tree: ElementTree.Element, marks: MarkList) -> None:
    if tree.tag != "annotations":
        raise DataError(f"{shown}: not CVAT: it begins with <{tree.tag:.40}>", hint="expected <annotations>")
    if tree.find("track") is not None:
        raise DataError(f"{shown}: holds tracks of a video", hint="export the task as 'CVAT for images 1.1'")
    named = _named_images(tree, marks)
    for index, image in enumerate(tree.findall("image")):
        with marks.item():
            _collect(f"{shown}: image {index + 1}", image, named[index], marks)


def runs_by_rows(text: str, height: int, width: int) -> BoolArray:
    """Return the (height, width) mask of run lengths that go row by row and begin outside.

    Raises:
        ValueError: where they are no whole numbers, or do not fill the rectangle.

    Example:
        >>> runs_by_rows("1, 2, 1", 2, 2).astype(int).tolist()
        [[0, 1], [1, 0]]
    """
    try:
        counts = [int(word) for word in text.split(",")]
    except ValueError:
        raise ValueError("holds something that is no whole number") from None
    if min(counts) < 0 or sum(counts) != height * width:
        raise ValueError(f"covers {sum(counts)} of {height * width} pixels")
    return np.repeat(np.arange(len(counts)) % 2 == 1, counts).reshape(height, width)


def _named_images(tree: ElementTree.Element, marks: MarkList) -> list[str]:
    """List the names of the images; a subset stands before those that several images have, of the file or of the data."""
    subsets: dict[str, set[str]] = defaultdict(set)
    pairs = [(image.get("name") or "", image.get("subset") or "") for image in tree.findall("image")]
    for name, subset in pairs:
        subsets[name].add(subset)
    names = [
        f"{subset}/{name}"
        if subset and (len(subsets[name]) > 1 or len(marks.images.named(name)) > 1)
        else name
        for name, subset in pairs
    ]
    marks.expect(names)
    return names


def _collect(place: str, image: ElementTree.Element, name: str, marks: MarkList) -> None:
    case_id = marks.case(place, name)
    if case_id is None:
        return
    frame = marks.images.frames[case_id]
    if image.get("width") is not None:
        height, width = (_number(place, image, side) for side in ("height", "width"))
        marks.images.check_size(place, case_id, (round(height), round(width)))
    for index, shape in enumerate(image):
        with marks.item():
            where = f"{place}: {shape.tag} {index + 1}"
            reader = _reader(shape) or marks.only_reader
            if shape.tag == "tag" and (shape.get("label") or "").lower() == NOTHING:
                marks.nothing(where, case_id, reader)
            elif shape.tag in _SHAPES:
                marks.add(case_id, reader, _region(where, shape, frame), shape.get("label") or None)
            elif shape.tag in _WITHOUT_AREA:
                raise DataError(
                    f"{where}: has no area", hint="draw a box, polygon, ellipse or mask, or take it out"
                )
            elif shape.tag == "tag":
                marks.notes["tags of CVAT that say something of a whole image and are not read"] += 1
            else:
                raise DataError(
                    f"{where}: a shape of this kind is not read",
                    hint="draw a box, polygon, ellipse or mask, or take it out",
                )


def _region(place: str, shape: ElementTree.Element, frame: tuple[int, int]) -> Region:
    turn = _number(place, shape, "rotation") if shape.get("rotation") else 0.0
    if turn % 360 and shape.tag in ("polygon", "mask"):
        raise DataError(
            f"{place}: a {shape.tag} that is turned by {turn:g} degrees",
            hint="draw it as it lies, without rotation",
        )
    match shape.tag:
        case "box":
            x0, y0, x1, y1 = (_number(place, shape, name) for name in ("xtl", "ytl", "xbr", "ybr"))
            if turn:
                middle = ((x0 + x1) / 2, (y0 + y1) / 2)
                return checked_polygon(place, turned_box((x0, y0, x1, y1), middle, turn), frame)
            return checked_box(place, (x0, y0, x1, y1), frame)
        case "polygon":
            return checked_polygon(place, _points(place, shape), frame)
        case "ellipse":
            cx, cy, rx, ry = (_number(place, shape, name) for name in ("cx", "cy", "rx", "ry"))
            return checked_ellipse(place, (cx, cy), (rx, ry), frame, degrees=turn)
        case _:
            return _mask(place, shape, frame)


def _points(place: str, shape: ElementTree.Element) -> tuple[tuple[float, float], ...]:
    text = shape.get("points") or ""
    pairs = [pair.split(",") for pair in text.split(";")]
    if not all(len(pair) == 2 for pair in pairs):
        raise DataError(f"{place}: points is '{text:.40}'", hint="expected x,y;x,y;…")
    return tuple((checked_number(place, x, "points"), checked_number(place, y, "points")) for x, y in pairs)


def _mask(place: str, shape: ElementTree.Element, frame: tuple[int, int]) -> Region:
    left, top, width, height = (
        round(_number(place, shape, name)) for name in ("left", "top", "width", "height")
    )
    if not (0 < width <= frame[1] and 0 < height <= frame[0]):
        raise DataError(
            f"{place}: a mask of {width} × {height} pixels on an image of {frame[1]} × {frame[0]}",
            hint="coordinates must belong to the image file itself",
        )
    try:
        crop = runs_by_rows(shape.get("rle") or "", height, width)
    except ValueError as error:
        raise DataError(f"{place}: rle {error}", hint="export the task again") from None
    return placed_mask(place, crop, (left, top), frame)


def _reader(shape: ElementTree.Element) -> str | None:
    named = {item.get("name"): cell_text(item.text or "") for item in shape.findall("attribute")}
    return next((named[name] for name in _READER if named.get(name)), None)


def _number(place: str, item: ElementTree.Element, name: str) -> float:
    return checked_number(place, item.get(name) or "nothing", name)


def write_cvat(marks: MarksToWrite, out: Path, losses: Counter[str]) -> int:
    """Write an XML file of all annotated images and all readers; count it."""
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
            for shape in shapes or [
                ElementTree.Element("tag", {"label": NOTHING.capitalize(), "source": "manual"})
            ]:
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
    """Return a mask's run lengths, row by row, beginning outside.

    Example:
        >>> runs_of_rows(np.array([[False, True], [True, False]]))
        '1, 2, 1'
    """
    flat = mask.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    counts = np.diff([0, *edges.tolist(), flat.size]).tolist()
    return ", ".join(map(str, [0, *counts] if flat[0] else counts))


def _meta(labels: Set[str], *, named: bool) -> ElementTree.Element:
    """Build the header that other tools ask for: the labels, and the attribute for readers if shapes have it."""
    meta = ElementTree.Element("meta")
    task = ElementTree.SubElement(meta, "task")
    ElementTree.SubElement(task, "mode").text = "annotation"
    known = ElementTree.SubElement(task, "labels")
    for name in [*sorted(labels), NOTHING.capitalize()]:
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
