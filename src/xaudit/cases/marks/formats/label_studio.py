"""Label Studio's JSON export: tasks with the annotations of several annotators.

Coordinates are percent of the image's width and height, between pixel edges; ``original_width`` and ``original_height``
must be the image's own. A rectangle is turned clockwise around its own upper left corner, an ellipse around its middle.
Brush strokes are run lengths of RGBA values in Label Studio's own bit code; what is not transparent is inside. Who
completed an annotation is its reader; one without any region says that its reader found nothing. Cancelled annotations and
predictions are passed over. Key points have no area and are refused.

Source: Label Studio's page of the format, and ``label_studio_sdk.converter``.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, assert_never
from urllib.parse import parse_qs, quote, unquote, urlsplit

from xaudit.cases.marks.encodings.brush import decode_brush, encode_brush
from xaudit.cases.marks.file_set import FileSet, damaged, file_set
from xaudit.cases.marks.mark import (
    checked_box,
    checked_ellipse,
    checked_number,
    checked_polygon,
    placed_mask,
    turned_box,
)
from xaudit.cases.marks.mark_list import ONLY_READER, MarkList
from xaudit.cases.marks.writing import MarkedImage, MarksToWrite
from xaudit.errors import DataError
from xaudit.geometry import rasterise
from xaudit.records import Annotation, Box, MaskRegion, Polygon, Region

_Item = Mapping[str, Any]
_UPLOADED = re.compile(r"^[0-9a-f]{8}-")
_UPLOAD = "/data/upload/"
_OF_A_REGION = frozenset({"labels", "relation"})
_OF_AN_IMAGE = frozenset(
    {"choices", "taxonomy", "textarea", "number", "rating", "datetime", "pairwise", "ranker"}
)
_REGIONS = ("rectangle", "polygon", "ellipse", "brush", "keypoint")
_DECIMALS = 3  # of a pixel; percent of a large image carry no more


def is_label_studio(content: object) -> bool:
    """Return True for a task, and for a list with at least one that is no JSON-MIN."""
    if isinstance(content, list):
        return not _is_json_min(content) and any(map(_is_task, content))
    return _is_task(content)


def fault_of_label_studio(content: object, shown: str) -> DataError | None:
    """Return the error of JSON-MIN, and of tasks without a list of annotations."""
    if _is_json_min(content):
        return DataError(
            f"{shown}: this is Label Studio's JSON-MIN, which is not read", hint="export as JSON"
        )
    for task in content if isinstance(content, list) else [content]:
        if isinstance(task, dict) and "data" in task and {"predictions", "annotations"} & task.keys():
            return damaged(shown, "looks like Label Studio and has no list 'annotations'")
    return None


def _is_json_min(content: object) -> bool:
    match content:
        case [{"annotation_id": _}, *_]:
            return True
    return False


def _is_task(item: object) -> bool:
    match item:
        case {"annotations": list(), "data": dict()}:
            return True
    return False


def collect_label_studio(source: Path | FileSet, marks: MarkList) -> None:
    """Read an export, or several, into a list of marks.

    Raises:
        DataError: with the task, the annotation, the region and the value.
    """
    given = file_set(source, (".json",))
    for file in given.files:
        content = given.json(file, "Label Studio")
        tasks = content if isinstance(content, list) else [content]
        _collect_tasks(given.relative(file), tasks, marks)


def _collect_tasks(shown: str, tasks: Sequence[object], marks: MarkList) -> None:
    named = [names for task in tasks if isinstance(task, dict) and (names := _texts(task))]
    marks.expect(next(filter(marks.images.named, names), names[0]) for names in named)
    for index, task in enumerate(tasks):
        with marks.item():
            place = f"{shown}: task {index + 1}"
            if not isinstance(task, dict) or not isinstance(task.get("annotations"), list):
                raise DataError(
                    f"{place}: not Label Studio: it needs the list annotations",
                    hint="export as JSON, not as JSON-MIN or CSV",
                )
            _collect(place, task, marks)


def _collect(place: str, task: _Item, marks: MarkList) -> None:
    case_id = marks.case(place, *_names(place, task))
    if case_id is None:
        return
    if task.get("predictions"):
        marks.notes["tasks of Label Studio with a model's predictions, which are not read"] += 1
    for index, annotation in enumerate(task["annotations"]):
        with marks.item():
            where = f"{place}: annotation {index + 1}"
            if not isinstance(annotation, dict) or not isinstance(annotation.get("result"), list):
                raise DataError(f"{where}: result is no list", hint="export as JSON")
            if annotation.get("was_cancelled"):
                marks.notes["cancelled annotations of Label Studio, which are not read"] += 1
                continue
            reader = _reader(where, annotation.get("completed_by")) or marks.only_reader
            found = _regions(where, annotation["result"], marks, case_id)
            for region, label in found:
                marks.add(case_id, reader, region, label)
            if not any(isinstance(item, dict) and _kind(item) for item in annotation["result"]):
                marks.nothing(where, case_id, reader)


def _regions(
    where: str, result: Sequence[object], marks: MarkList, case_id: str
) -> list[tuple[Region, str | None]]:
    frame = marks.images.frames[case_id]
    labels: dict[str, list[str]] = {}
    for item in result:
        if isinstance(item, dict) and item.get("type") == "labels" and isinstance(item.get("value"), dict):
            labels[str(item.get("id"))] = _all(item["value"].get("labels"))
    found: list[tuple[Region, str | None]] = []
    for index, item in enumerate(result):
        with marks.item():
            place = f"{where}: region {index + 1}"
            if not isinstance(item, dict):
                raise DataError(f"{place} is {item!r:.40}", hint="expected keys and values")
            kind, value = _kind(item), item.get("value")
            if not kind:
                _check_holds_no_region(place, item, marks)
                continue
            if not isinstance(value, dict):
                raise DataError(f"{place}: value is {value!r:.40}", hint="expected keys and values")
            if item.get("image_rotation"):
                raise DataError(
                    f"{place}: drawn on a turned image", hint="turn the image file itself and annotate that"
                )
            height, width = (
                checked_number(place, item.get(f"original_{side}"), f"original_{side}")
                for side in ("height", "width")
            )
            marks.images.check_size(place, case_id, (round(height), round(width)))
            region = _region(place, kind, value, frame)
            own = _all(value.get(f"{kind}labels")) or labels.get(str(item.get("id")), [])
            found += [(region, label or None) for label in own or [""]]
    return found


def _check_holds_no_region(place: str, item: _Item, marks: MarkList) -> None:
    """Count what is said of a whole image; raises DataError for a region of a kind that is not read."""
    kind = str(item.get("type"))
    if kind in _OF_AN_IMAGE:
        marks.notes["choices and texts of Label Studio that say something of an image and are not read"] += 1
    elif kind not in _OF_A_REGION:
        raise DataError(
            f"{place}: a region of the type {kind!r:.40} is not read",
            hint="draw a rectangle, polygon, ellipse or brush stroke, or take it out",
        )


def _kind(item: _Item) -> str | None:
    name = item.get("type")
    if not isinstance(name, str):
        return None
    kind = name.removesuffix("labels")
    return kind if kind in _REGIONS else None


def _region(place: str, kind: str, value: _Item, frame: tuple[int, int]) -> Region:
    height, width = frame
    match kind:
        case "rectangle":
            x, y = _share(place, value, "x", width), _share(place, value, "y", height)
            w, h = _share(place, value, "width", width), _share(place, value, "height", height)
            turn = checked_number(place, value.get("rotation") or 0, "rotation")
            if turn:
                return checked_polygon(place, turned_box((x, y, x + w, y + h), (x, y), turn), frame)
            x0, y0, x1, y1 = (round(edge, _DECIMALS) for edge in (x, y, x + w, y + h))
            return checked_box(place, (x0, y0, x1, y1), frame)
        case "polygon":
            points = value.get("points")
            if not isinstance(points, list) or not all(isinstance(p, list) and len(p) == 2 for p in points):
                raise DataError(f"{place}: points is {points!r:.40}", hint="expected pairs of x and y")
            return checked_polygon(
                place,
                tuple(
                    (
                        round(checked_number(place, x, "points") * width / 100, _DECIMALS),
                        round(checked_number(place, y, "points") * height / 100, _DECIMALS),
                    )
                    for x, y in points
                ),
                frame,
            )
        case "ellipse":
            centre = _share(place, value, "x", width), _share(place, value, "y", height)
            radii = _share(place, value, "radiusX", width), _share(place, value, "radiusY", height)
            turn = checked_number(place, value.get("rotation") or 0, "rotation")
            return checked_ellipse(place, centre, radii, frame, degrees=turn)
        case "brush":
            return _brush(place, value, frame)
        case _:
            raise DataError(
                f"{place}: a key point has no area", hint="draw a rectangle, polygon, ellipse or brush stroke"
            )


def _brush(place: str, value: _Item, frame: tuple[int, int]) -> Region:
    code = value.get("rle")
    if value.get("format") != "rle" or not isinstance(code, list):
        raise DataError(f"{place}: a brush stroke without rle", hint="export as JSON")
    if not all(isinstance(byte, int) and not isinstance(byte, bool) and 0 <= byte < 256 for byte in code):
        raise DataError(f"{place}: rle holds something that is no byte", hint="export as JSON again")
    try:
        inside = decode_brush(code, frame[0] * frame[1])
    except ValueError as error:
        raise DataError(f"{place}: rle {error}", hint="export as JSON again") from None
    return placed_mask(place, inside.reshape(frame), (0, 0), frame)


def _share(place: str, value: _Item, name: str, size: int) -> float:
    return checked_number(place, value.get(name), name) * size / 100


def _all(labels: object) -> list[str]:
    """List the labels of a region; each of them makes a mark of it."""
    return [label for label in labels if isinstance(label, str)] if isinstance(labels, list) else []


def _reader(place: str, by: object) -> str | None:
    if isinstance(by, dict):
        by = by.get("email") or by.get("username") or by.get("id")
    if by is None:
        return None
    if isinstance(by, bool) or not isinstance(by, int | str):
        raise DataError(f"{place}: completed_by is {by!r:.40}", hint="expected who completed it")
    return str(by)


def _names(place: str, task: _Item) -> list[str]:
    """List the names of the task's image as the tool stores them: in an address, or with eight digits in front."""
    names = _texts(task)
    if not names:
        raise DataError(f"{place}: its data names no image", hint="export the tasks with their data")
    return names


def _texts(task: _Item) -> list[str]:
    data = task.get("data")
    texts = [text for text in data.values() if isinstance(text, str)] if isinstance(data, dict) else []
    if isinstance(data, dict) and isinstance(data.get("image"), str):
        texts = [data["image"]]
    if isinstance(task.get("file_upload"), str):
        texts.append(f"{_UPLOAD}{task['file_upload']}")
    return [name for text in texts for name in _names_in(text) if name]


def _names_in(text: str) -> list[str]:
    """List the names that an address or a path can mean: as it is written and decoded; of an upload its last part."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return [text]
    given = parse_qs(parts.query).get("d")
    if given:
        written = text.partition("?d=")[2]
        return [written, unquote(written), given[0]]
    path = unquote(f"{parts.path}#{parts.fragment}" if parts.fragment else parts.path)
    if _UPLOAD in path:
        last = path.rpartition("/")[2]
        return [last, _UPLOADED.sub("", last)]
    return [path] if parts.netloc else [text, unquote(text)]


def write_label_studio(marks: MarksToWrite, out: Path, losses: Counter[str]) -> int:
    """Write a JSON file with a task for each annotated image; count it."""
    tasks: list[dict[str, Any]] = []
    for image, sheets in groupby(marks.sheets(), key=lambda sheet: sheet[0]):
        annotations: list[dict[str, Any]] = []
        for _, reader, drawn in sheets:
            by = {} if reader == ONLY_READER else {"completed_by": reader}
            result = [
                {"id": f"{len(tasks) + 1}-{len(annotations) + 1}-{place}", **_result(mark, image, losses)}
                for place, mark in enumerate(drawn, start=1)
            ]
            annotations.append({"id": len(annotations) + 1, **by, "result": result})
        tasks.append({"id": len(tasks) + 1, "data": {"image": quote(image.path)}, "annotations": annotations})
    if marks.readers not in ([], [ONLY_READER]):
        losses["readers stand by name under completed_by, where Label Studio has its users' numbers"] += 1
    out.write_text(json.dumps(tasks) + "\n", encoding="utf-8")
    return 1


def _result(mark: Annotation, image: MarkedImage, losses: Counter[str]) -> dict[str, Any]:
    height, width = image.frame
    numbers: tuple[float, ...]
    match mark.region:
        case Box(x0, y0, x1, y1):
            kind, numbers = "rectangle", (x0, y0, x1, y1)
            value: dict[str, Any] = {
                "x": x0 * 100 / width,
                "y": y0 * 100 / height,
                "width": (x1 - x0) * 100 / width,
                "height": (y1 - y0) * 100 / height,
                "rotation": 0,
            }
        case Polygon(points):
            kind, numbers = "polygon", tuple(number for point in points for number in point)
            value = {"points": [[x * 100 / width, y * 100 / height] for x, y in points], "closed": True}
        case MaskRegion():
            kind, numbers = "brush", ()
            value = {"format": "rle", "rle": encode_brush(rasterise(mark.region, image.frame))}
        case None:
            raise ValueError("nothing was drawn")
        case _:
            assert_never(mark.region)
    if any(number != round(number, _DECIMALS) for number in numbers):
        losses[
            "{n} marks have coordinates of more than three decimals, which percent do not keep"
            "|1 mark has coordinates of more than three decimals, which percent do not keep"
        ] += 1
    named = {} if mark.label is None else {f"{kind}labels": [mark.label]}
    return {
        "type": f"{kind}labels" if named else kind,
        "from_name": "label",
        "to_name": "image",
        "original_width": width,
        "original_height": height,
        "image_rotation": 0,
        "value": {**value, **named},
    }
