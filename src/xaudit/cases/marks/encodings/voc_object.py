"""The region of an object in a Pascal VOC file: its outline where it has one, else its box.

Several tools write an outline beside the box: ``<polygon>`` with ``<x1>``, ``<y1>``, ``<x2>`` … (RectLabel, Roboflow) or with
``<pt><x/><y/></pt>`` (the web LabelMe). The outline is the mark then, and the box only what lies around it. Its points lie between
pixel edges, counted from 0, as these tools' canvases have them; where its extent is that of the box's own numbers, which count
pixels from 1, its points are those pixels, and they count.
"""

import math
import re
from collections import Counter
from typing import Literal
from xml.etree import ElementTree

import numpy as np

from xaudit.cases.marks.mark import checked_box, checked_polygon, joined
from xaudit.errors import DataError
from xaudit.geometry import mask_region, union
from xaudit.outlines import on_outlines, within_outlines
from xaudit.records import BoolArray, FloatArray, Region

Origin = Literal["one", "zero"]

_NO_IMAGE_IS_LARGER = 1e12
_NUMBERED = re.compile(r"([xy])(\d+)")
_ON_OUTLINE_PX = 0.02
_SHARED = 0.5  # of the box and the outline's extent, or they are two marks
_NOT_READ = (
    "robndbox",
    "segmentation",
    "segm",
    "mask",
    "rle",
    "ellipse",
    "circle",
    "line",
    "polyline",
    "cuboid",
)
_BESIDE = {
    "part": "parts of objects",
    "point": "points of objects",
    "keypoints": "key points of objects",
    "landmarks": "landmarks of objects",
}

_Corners = tuple[float, float, float, float]
_Points = tuple[tuple[float, float], ...]


def object_region(
    place: str, item: ElementTree.Element, frame: tuple[int, int], origin: Origin, notes: Counter[str]
) -> Region:
    """Return the region of an object.

    Args:
        place: for the error.
        item: the element ``<object>``.
        frame: (height, width) of the image.
        origin: where the file starts to count pixels.
        notes: counts what of the object is not used, by the sentence that says so.

    Raises:
        DataError: without outline and box, with one outside the image, or with an outline elsewhere than the box.
    """
    box = item.find("bndbox")
    if len({ElementTree.tostring(box).strip() for box in item.findall("bndbox")}) > 1:
        raise DataError(
            f"{place}: has two boxes", hint="make two objects of them, or keep the one that is meant"
        )
    polygons = item.findall("polygon")
    for tag, words in _BESIDE.items():
        n_found = len(item.findall(tag))
        if n_found:
            notes[f"{words} in Pascal VOC files, which have no area and are not read"] += n_found
    unread = next((tag for tag in _NOT_READ if _holds_something(item.find(tag))), None)
    if unread is not None and not polygons:
        if box is None:
            raise DataError(
                f"{place}: its shape is a <{unread}>, which is not read", hint="save it as a polygon"
            )
        notes[
            f"objects of Pascal VOC files with a <{unread}>, which is not read, so that their boxes count"
        ] += 1
    numbers = None if box is None and polygons else _numbers(place, box)
    if not polygons:
        return checked_box(place, _edges(numbers or (math.nan,) * 4, origin), frame)
    outlines = [_points(f"{place}: polygon", polygon) for polygon in polygons]
    if numbers is not None and _are_pixels(place, outlines, numbers, origin):
        outlines = [tuple((x - 0.5, y - 0.5) for x, y in points) for points in outlines]
        checked = [checked_polygon(f"{place}: polygon", points, frame) for points in outlines]
        return mask_region(union((_with_edge(np.array(outline.points), frame) for outline in checked), frame))
    return joined(tuple(checked_polygon(f"{place}: polygon", points, frame) for points in outlines), frame)


def _with_edge(points: FloatArray, frame: tuple[int, int]) -> BoolArray:
    """Return the pixels whose centres lie within an outline or on it."""
    return within_outlines([points], frame) | on_outlines([points], frame, _ON_OUTLINE_PX)


def number_in(place: str, parent: ElementTree.Element | None, name: str) -> float:
    """Return the number of pixels in an element.

    Raises:
        DataError: where it is missing, or no number.
    """
    text = None if parent is None else parent.findtext(name)
    try:
        number = float(text or "")
        if abs(number) >= _NO_IMAGE_IS_LARGER and math.isfinite(number):
            raise ValueError
        return number
    except ValueError:
        value = "missing" if text is None else f"'{text.strip():.40}'"
        raise DataError(f"{place}: {name} is {value}", hint="expected a number of pixels") from None


def _numbers(place: str, box: ElementTree.Element | None) -> _Corners:
    x0, y0, x1, y1 = (number_in(place, box, side) for side in ("xmin", "ymin", "xmax", "ymax"))
    return x0, y0, x1, y1


def _edges(numbers: _Corners, origin: Origin) -> _Corners:
    x0, y0, x1, y1 = numbers
    return (x0 - 1, y0 - 1, x1, y1) if origin == "one" else numbers


def _points(place: str, polygon: ElementTree.Element) -> _Points:
    """Return the points of an outline, in either of the two spellings."""
    numbered = [found for child in polygon if (found := _NUMBERED.fullmatch(child.tag))]
    if numbered:
        order = sorted({int(found[2]) for found in numbered})
        if len(numbered) != 2 * len(order):
            raise DataError(f"{place}: its x and y are no pairs", hint="save it again")
        return tuple((number_in(place, polygon, f"x{n}"), number_in(place, polygon, f"y{n}")) for n in order)
    points = [child for child in polygon if child.find("x") is not None and child.find("y") is not None]
    if not points:
        raise DataError(
            f"{place}: its points are written in a way that is not read", hint="save it as x1, y1, x2, y2 …"
        )
    return tuple((number_in(place, point, "x"), number_in(place, point, "y")) for point in points)


def _are_pixels(place: str, outlines: list[_Points], numbers: _Corners, origin: Origin) -> bool:
    """Return True if outlines are in the box's own numbers of pixels; raises DataError where they lie elsewhere than the box."""
    xs, ys = zip(*(point for points in outlines for point in points), strict=True)
    extent = (min(xs), min(ys), max(xs), max(ys))
    edges = _edges(numbers, origin)
    if all(map(math.isfinite, (*extent, *edges))) and _overlap(extent, edges) < _SHARED:
        raise DataError(
            f"{place}: its polygon from ({extent[0]:g}, {extent[1]:g}) to ({extent[2]:g}, {extent[3]:g}) and its box from "
            f"({edges[0]:g}, {edges[1]:g}) to ({edges[2]:g}, {edges[3]:g}) are not the same mark",
            hint="keep the one that is meant, or make two objects of them",
        )
    return origin == "one" and _furthest(extent, numbers) < _furthest(extent, edges)


def _furthest(one: _Corners, other: _Corners) -> float:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def _overlap(one: _Corners, other: _Corners) -> float:
    """Return the intersection over union of two boxes, each made a pixel larger so that thin ones can meet."""
    a, b = ((x0 - 0.5, y0 - 0.5, x1 + 0.5, y1 + 0.5) for x0, y0, x1, y1 in (one, other))
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0.0, width) * max(0.0, height)
    areas = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (a, b))
    return shared / (areas - shared) if areas > shared else 0.0


def _holds_something(element: ElementTree.Element | None) -> bool:
    return element is not None and (len(element) > 0 or bool((element.text or "").strip()))
