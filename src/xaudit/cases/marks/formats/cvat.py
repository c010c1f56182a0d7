"""CVAT's XML, "CVAT for images 1.1": boxes, outlines, ellipses and masks of many images in one file.

Coordinates are between pixel edges, counted from 0; ``rotation`` is in degrees, clockwise, around the middle of a box or
an ellipse. A mask's run lengths go row by row within its own rectangle and begin outside. An attribute ``reader`` (or
``reader_id``, or ``annotator``) says who drew a shape. An image without shapes may just not have been annotated, so it says
nothing; a tag called ``No finding`` says that its reader found nothing. Lines, points and cuboids have no area
and are refused.

Source: CVAT's page of the format, and ``cvat_sdk.masks``.
"""

from collections import defaultdict
from pathlib import Path
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
from xaudit.cases.marks.mark_list import MarkList
from xaudit.cases.text.cells import cell_text
from xaudit.errors import DataError
from xaudit.records import BoolArray, Region

NOTHING = "no finding"
_READER = ("reader", "reader_id", "annotator")
_WITHOUT_AREA = frozenset({"polyline", "points", "cuboid", "skeleton"})
_SHAPES = frozenset({"box", "polygon", "ellipse", "mask"})


def collect_cvat(source: Path | FileSet, marks: MarkList) -> None:
    """Reads a file, or several, into a list of marks.

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
    """The (height, width) mask of run lengths that go row by row and begin outside.

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
    """The names of the images; a subset stands before those that several images have, of the file or of the data."""
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
