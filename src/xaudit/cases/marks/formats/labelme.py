"""LabelMe's JSON: one file per image, with rectangles, outlines, circles and masks.

Points are between pixel edges, counted from 0, as the tool's canvas has them. (Its own export to masks also paints the
pixels on the outline, so it is up to a pixel larger.) The two points of a ``mask`` are pixels, the last one
inside, and a PNG of that size beside them holds it. A file belongs to the image of its own name, or else to its ``imagePath``; a
folder before the name is the reader. A file without shapes says that its reader found nothing. Points and lines have
no area and are refused.

Source: ``labelme/utils/shape.py`` and the files that version 6.3.1 writes.
"""

import base64
import binascii
import io
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, assert_never

import numpy as np
from PIL import Image

from xaudit.cases.images.header import UnreadableImageError
from xaudit.cases.images.raster import raster_header, raster_mask
from xaudit.cases.marks.file_set import FileSet, damaged, file_set
from xaudit.cases.marks.mark import checked_box, checked_ellipse, checked_number, checked_polygon, placed_mask
from xaudit.cases.marks.mark_list import ONLY_READER, MarkList
from xaudit.cases.marks.writing import MarksToWrite, file_for
from xaudit.cases.names.name_match import NameMatcher
from xaudit.counts import counted
from xaudit.errors import DataError
from xaudit.geometry import bounding_box, rasterise
from xaudit.records import Annotation, Box, MaskRegion, Polygon, Region

_Item = Mapping[str, Any]


def is_labelme(content: object) -> bool:
    """Return True for an object with the list ``shapes``."""
    return isinstance(content, dict) and isinstance(content.get("shapes"), list)


def fault_of_labelme(content: object, shown: str) -> DataError | None:
    """Return the error of JSON that looks like LabelMe and has no list of shapes."""
    if isinstance(content, dict) and ("shapes" in content or {"imagePath", "imageHeight"} <= content.keys()):
        return damaged(shown, "looks like LabelMe and has no list 'shapes'")
    return None


def collect_labelme(path: Path | FileSet, marks: MarkList) -> None:
    """Read the JSON files of a folder, or a single one, into a list of marks.

    Raises:
        DataError: with the file, the shape and the value.
    """
    given = file_set(path, (".json",))
    files = given.files
    if not files:
        raise DataError(f"{path.name}: holds no JSON file", hint="give the folder of the LabelMe files")
    marks.expect_files(_own_name(given.relative(file)) for file in files)
    for file in files:
        with marks.item():
            name = given.relative(file)
            marks.reading(name)
            _collect(name, given.json(file, "LabelMe"), marks)


def _collect(shown: str, content: object, marks: MarkList) -> None:
    if not isinstance(content, dict) or not is_labelme(content):
        raise DataError(f"{shown}: not LabelMe: it needs the list shapes", hint="save it with LabelMe again")
    case_id, reader = _whose(shown, content.get("imagePath"), marks)
    if case_id is None:
        return
    frame = marks.images.frames[case_id]
    size = content.get("imageHeight"), content.get("imageWidth")
    if size != (None, None):
        height, width = (checked_number(shown, side, "the image's size") for side in size)
        marks.images.check_size(shown, case_id, (round(height), round(width)))
    for index, shape in enumerate(content["shapes"]):
        with marks.item():
            place = f"{shown}: shapes[{index}]"
            if not isinstance(shape, dict):
                raise DataError(f"{place} is {shape!r:.40}", hint="expected keys and values")
            label = shape.get("label")
            if label is not None and not isinstance(label, str):
                raise DataError(f"{place}: label is {label!r:.40}", hint="expected a text")
            marks.add(case_id, reader, _region(place, shape, frame), label or None)
    if not content["shapes"]:
        marks.nothing(shown, case_id, reader)


def _whose(shown: str, image_path: object, marks: MarkList) -> tuple[str | None, str]:
    """Return a file's case and reader by its own name or by what it says; the two never mean different images."""
    own = _own_name(shown)
    said = image_path.replace("\\", "/") if isinstance(image_path, str) else ""
    while said.startswith(("../", "./")):
        said = said.partition("/")[2]
    images = marks.images
    meant = NameMatcher(images, [said]).cases(said) if said else []
    if said and not marks.is_called_like_an_image(own):
        if not meant:
            return marks.case(shown, said), ONLY_READER
        named = images.only(shown, said, meant)
        marks.read_once(shown, own, named, ONLY_READER)
        return (named if named in images.frames else None), ONLY_READER
    case_id, reader = marks.case_and_reader(shown, own)
    another = len(meant) == 1 and meant[0] != case_id
    if case_id is not None and (another or (not meant and images.named(said) == [case_id])):
        raise DataError(
            f"{shown}: is called like the image {case_id}, and its imagePath is that of "
            f"{meant[0] if meant else 'another'}",
            hint="rename the file, or mend imagePath",
        )
    return case_id, reader


def _own_name(shown: str) -> str:
    return shown[: -len(".json")] if shown.lower().endswith(".json") else shown


def _region(place: str, shape: _Item, frame: tuple[int, int]) -> Region:
    kind = shape.get("shape_type") or "polygon"
    points = _points(place, shape.get("points"))
    if shape.get("mask") is not None and kind != "mask":
        raise DataError(
            f"{place}: a {kind!s:.40} that holds a mask too, so which of them counts is not clear",
            hint="save it as a shape of the type mask, or take the mask out",
        )
    match kind:
        case "polygon" | "oriented_rectangle" | "rotation":
            return checked_polygon(place, tuple(points), frame)
        case "rectangle" if len(points) == 4 and not _lies_straight(points):
            return checked_polygon(place, tuple(points), frame)
        case "rectangle" if len(points) in (2, 4):
            xs, ys = [x for x, _ in points], [y for _, y in points]
            return checked_box(place, (min(xs), min(ys), max(xs), max(ys)), frame)
        case "circle" if len(points) == 2:
            (cx, cy), (x, y) = points
            radius = math.hypot(x - cx, y - cy)
            return checked_ellipse(place, (cx, cy), (radius, radius), frame)
        case "mask" if len(points) == 2:
            return _mask(place, shape.get("mask"), points, frame)
        case "rectangle" | "circle" | "mask":
            raise DataError(f"{place}: a {kind} of {counted(len(points), 'point')}", hint="expected two")
        case _:
            raise DataError(
                f"{place}: a shape of the type {kind!r:.40} has no area",
                hint="draw a rectangle, polygon, circle or mask, or take it out",
            )


def _lies_straight(points: Sequence[tuple[float, float]]) -> bool:
    """Return True if four corners are those of a box along rows and columns, up to a hundredth of a pixel."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return all(
        min(x - min(xs), max(xs) - x) <= 0.01 and min(y - min(ys), max(ys) - y) <= 0.01 for x, y in points
    )


def _points(place: str, given: object) -> Sequence[tuple[float, float]]:
    if not isinstance(given, list) or not all(isinstance(point, list) and len(point) == 2 for point in given):
        raise DataError(f"{place}: points is {given!r:.40}", hint="expected pairs of x and y")
    return [(checked_number(place, x, "points"), checked_number(place, y, "points")) for x, y in given]


def _mask(
    place: str, encoded: object, points: Sequence[tuple[float, float]], frame: tuple[int, int]
) -> Region:
    (x0, y0), (x1, y1) = points
    try:
        data = base64.b64decode(encoded if isinstance(encoded, str) else "", validate=True)
        header = raster_header(data, "png")
        if (header.height, header.width) != (int(y1) - int(y0) + 1, int(x1) - int(x0) + 1):
            raise DataError(
                f"{place}: a mask of {header.width} × {header.height} pixels between ({x0:g}, {y0:g}) and "
                f"({x1:g}, {y1:g})",
                hint="save it with LabelMe again",
            )
        crop = np.asarray(raster_mask(data))
    except (binascii.Error, ValueError):
        raise DataError(f"{place}: mask is no base64", hint="save it with LabelMe again") from None
    except UnreadableImageError as error:
        raise DataError(f"{place}: the mask {error}", hint="save it with LabelMe again") from None
    return placed_mask(place, crop, (int(x0), int(y0)), frame)


def write_labelme(marks: MarksToWrite, out: Path, losses: Counter[str]) -> int:
    """Write a JSON file for each image and reader; count them."""
    folders = marks.folders(losses)
    n_files = 0
    for image, reader, drawn in marks.sheets():
        content: dict[str, object] = {
            "version": "6.3.1",
            "flags": {},
            "shapes": [_labelme_shape(mark, image.frame) for mark in drawn if mark.region is not None],
            "imagePath": image.path,
            "imageData": None,
            "imageHeight": image.height,
            "imageWidth": image.width,
        }
        file = file_for(out, folders[reader] + image.path, ".json")
        file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        n_files += 1
    return n_files


def _labelme_shape(mark: Annotation, frame: tuple[int, int]) -> dict[str, object]:
    shape: dict[str, object] = {"label": mark.label or "", "group_id": None, "description": "", "flags": {}}
    match mark.region:
        case Box(x0, y0, x1, y1):
            return {**shape, "shape_type": "rectangle", "points": [[x0, y0], [x1, y1]], "mask": None}
        case Polygon(points):
            return {**shape, "shape_type": "polygon", "points": [list(p) for p in points], "mask": None}
        case MaskRegion():
            mask = rasterise(mark.region, frame)
            box = bounding_box(mask)
            x0, y0, x1, y1 = int(box.x0), int(box.y0), int(box.x1), int(box.y1)
            file = io.BytesIO()
            Image.fromarray(mask[y0:y1, x0:x1].astype(np.uint8)).save(file, format="PNG")
            text = base64.b64encode(file.getvalue()).decode("ascii")
            corners = [[float(x0), float(y0)], [float(x1 - 1), float(y1 - 1)]]
            return {**shape, "shape_type": "mask", "points": corners, "mask": text}
        case None:
            raise ValueError("nothing was drawn")
        case _:
            assert_never(mark.region)
