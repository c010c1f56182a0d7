"""COCO JSON: boxes, outlines and masks, with the reader of each where the file names readers.

An annotation's ``reader_id`` (or ``annotator``, or ``reader``) says who drew it; without one it is
``reader-1``. A list ``votes`` beside ``annotations`` says who looked and found nothing:
``{"image_id": 7, "reader_id": "reader-2", "finding": false}``. Boxes are x, y, width, height between pixel edges;
outlines are between pixel edges too; run lengths go column by column. Where an annotation has both a mask and
a box, the mask counts.
"""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, assert_never

import numpy as np

from xaudit.cases.marks.encodings.run_lengths import decode_runs
from xaudit.cases.marks.file_set import FileSet, damaged, file_set
from xaudit.cases.marks.mark import checked_box, checked_number, checked_polygon, checked_runs, joined
from xaudit.cases.marks.mark_list import ONLY_READER, MarkList
from xaudit.cases.marks.writing import MarksToWrite, around
from xaudit.cases.text.cells import is_empty
from xaudit.errors import DataError
from xaudit.geometry import rasterise
from xaudit.records import Box, MaskRegion, Polygon, Region

_Item = dict[str, Any]
_ImageId = int | str


def is_coco(content: object) -> bool:
    """Return True for an object with the lists ``images`` and ``annotations``."""
    return isinstance(content, dict) and all(
        isinstance(content.get(key), list) for key in ("images", "annotations")
    )


def fault_of_coco(content: object, shown: str) -> DataError | None:
    """Return the error of JSON that looks like COCO and is not: results, or a file without one of the two lists."""
    if isinstance(content, list) and any(
        isinstance(item, dict) and {"image_id", "score"} <= item.keys() for item in content
    ):
        return damaged(shown, "holds COCO results: a model's predictions and no reader's marks")
    if not isinstance(content, dict):
        return None
    keys = content.keys()
    if not {"images", "categories"} <= keys and not (
        "annotations" in keys and keys & {"images", "categories", "info", "licenses"}
    ):
        return None
    missing = "annotations" if isinstance(content.get("images"), list) else "images"
    return damaged(shown, f"looks like COCO and has no list '{missing}'")


def collect_coco(source: Path | FileSet, marks: MarkList) -> None:
    """Read a file, or several, into a list of marks; marks on images that could not be read are left out.

    Raises:
        DataError: with the file, the place in it and the value.
    """
    given = file_set(source, (".json",))
    for file in given.files:
        _collect(given.relative(file), given.json(file, "COCO"), marks)


def _collect(shown: str, content: object, marks: MarkList) -> None:
    if not isinstance(content, dict) or not {"images", "annotations"} <= content.keys():
        raise DataError(
            f"{shown}: not COCO: it needs the lists images and annotations",
            hint="export as COCO instances, or name the folder of Pascal VOC files",
        )
    cases = _Cases(shown, content, marks)
    categories = _categories(shown, content)
    seen: dict[_ImageId, tuple[str, _Item]] = {}
    for place, item in _items(shown, content, "annotations"):
        with marks.item():
            if _is_repeated(place, item, seen):
                marks.notes["marks that are given again, exactly as before, and count once"] += 1
                continue
            _count_unread(item, marks.notes)
            case_id = cases.of(place, item)
            if case_id is None:
                continue
            label = item.get("category_id")
            known = isinstance(label, int | str) and label in categories
            if label is not None and categories and not known:
                raise DataError(
                    f"{place}: category_id {label!r:.60} is not among the categories", hint="add it there"
                )
            parts = _parts(place, item, marks.images.frames[case_id])
            if len(parts) > 1:
                marks.outlined(
                    case_id, *(np.array(part.points) for part in parts if isinstance(part, Polygon))
                )
            region = joined(parts, marks.images.frames[case_id])
            name = categories.get(label) if isinstance(label, int | str) else None
            marks.add(case_id, _reader(place, item) or marks.only_reader, region, name)
    _collect_votes(shown, content, cases, marks)


def _categories(shown: str, content: _Item) -> Mapping[_ImageId, str]:
    """Return the names of the categories by their ids.

    Raises:
        DataError: for one without id, and for two names under one id.
    """
    names: dict[_ImageId, str] = {}
    for place, item in _items(shown, content, "categories"):
        number, name = _image_id(place, item, "id"), item.get("name")
        name = name if isinstance(name, str) and name.strip() else str(number)
        if names.setdefault(number, name) != name:
            raise DataError(
                f"{place}: the categories '{names[number]:.60}' and '{name:.60}' have the same id {number!r:.40}",
                hint="give each category an id of its own, and mend category_id of its annotations",
            )
    return names


def _is_repeated(place: str, item: _Item, known: dict[_ImageId, tuple[str, _Item]]) -> bool:
    """Return True if an annotation is an earlier one again; raises DataError where another one has its id."""
    number = item.get("id")
    if isinstance(number, bool) or not isinstance(number, int | str):
        return False
    first = known.setdefault(number, (place, item))
    if first[1] is item:
        return False
    if first[1] != item:
        raise DataError(
            f"{place}: has the same id {number!r:.40} as {first[0].rpartition(': ')[2]}, and says something else",
            hint="give each annotation an id of its own",
        )
    return True


def _count_unread(item: _Item, notes: Counter[str]) -> None:
    """Count the parts of an annotation that are not used."""
    points = item.get("keypoints")
    if isinstance(points, list) and any(points):
        notes[
            "COCO annotations with key points, which have no area, so that their outlines or boxes count"
        ] += 1
    if item.get("iscrowd") in (1, True):
        notes["COCO annotations of a crowd (iscrowd 1), which count as one mark each"] += 1


class _Cases:
    """The cases of the file's image ids, looked up when an annotation asks."""

    def __init__(self, shown: str, content: _Item, marks: MarkList) -> None:
        self._marks = marks
        self._known: dict[_ImageId, str | None] = {}
        self._listed: dict[_ImageId, tuple[str, _Item]] = {}
        for place, item in _items(shown, content, "images"):
            image_id = _image_id(place, item, "id")
            if image_id in self._listed:
                raise DataError(
                    f"{place}: a second image with the id {image_id!r:.60}", hint="ids must differ"
                )
            self._listed[image_id] = (place, item)
        marks.expect(str(item.get("file_name") or "") for _, item in self._listed.values())

    def of(self, place: str, item: _Item) -> str | None:
        """Return the case that an annotation belongs to; None where its image could not be read."""
        image_id = _image_id(place, item, "image_id")
        if image_id not in self._known:
            if image_id not in self._listed:
                raise DataError(
                    f"{place}: image_id {image_id!r:.60} is not among the images",
                    hint="add the image there, or take the annotation out",
                )
            self._known[image_id] = self._case(*self._listed[image_id])
        return self._known[image_id]

    def _case(self, place: str, item: _Item) -> str | None:
        name = item.get("file_name")
        if not isinstance(name, str) or not name:
            raise DataError(f"{place}: file_name is {name!r:.60}", hint="give the image's path")
        case_id = self._marks.case(place, name)
        if case_id is None:
            return None
        size = (item.get("height"), item.get("width"))
        if size != (None, None):
            height, width = (
                _number(place, part, side) for part, side in zip(size, ("height", "width"), strict=True)
            )
            self._marks.images.check_size(place, case_id, (round(height), round(width)))
        return case_id


def _items(shown: str, content: _Item, key: str) -> list[tuple[str, _Item]]:
    """List the entries of one of the file's lists, each with the place that an error names."""
    items = content.get(key) or []
    if not isinstance(items, list):
        raise DataError(f"{shown}: {key} is no list", hint="export the annotations as COCO instances")
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            raise DataError(f"{shown}: {key}[{index}] is {item!r:.40}", hint="expected keys and values")
    return [(f"{shown}: {key}[{index}]", item) for index, item in enumerate(items)]


def _image_id(place: str, item: _Item, key: str) -> _ImageId:
    value = item.get(key)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise DataError(f"{place}: {key} is {value!r:.60}", hint="expected the image's number or name")
    return value


def _reader(place: str, item: _Item) -> str | None:
    for key in ("reader_id", "annotator", "reader"):
        value = item.get(key)
        if value is not None and not (isinstance(value, str) and is_empty(value)):
            if isinstance(value, bool) or not isinstance(value, int | str):
                raise DataError(f"{place}: {key} is {value!r:.40}", hint="expected the reader's name")
            return str(value)
    return None


def _number(place: str, value: object, what: str) -> float:
    if isinstance(value, str):
        raise DataError(f"{place}: {what} holds {value!r:.40}", hint="expected a number of pixels")
    return checked_number(place, value, what)


def _parts(place: str, item: _Item, frame: tuple[int, int]) -> tuple[Region, ...]:
    drawn = item.get("segmentation")
    if isinstance(drawn, Mapping):
        return (_runs(f"{place}.segmentation", drawn, frame),)
    if isinstance(drawn, list) and drawn:
        outlines = drawn if isinstance(drawn[0], list) else [drawn]
        return tuple(_outline(f"{place}.segmentation[{i}]", part, frame) for i, part in enumerate(outlines))
    box = item.get("bbox")
    if "segments_info" in item:
        raise DataError(
            f"{place}: is panoptic, and its mask is another file", hint="export as COCO instances"
        )
    if isinstance(box, list) and len(box) == 5:
        raise DataError(
            f"{place}: bbox holds five numbers, of which the fifth is an angle",
            hint="export turned boxes as polygons",
        )
    more = item.get("attributes")
    turn = more.get("rotation") if isinstance(more, Mapping) else None
    if isinstance(turn, int | float) and turn % 360:
        raise DataError(
            f"{place}: bbox is turned by {turn:g} degrees, as its attribute rotation says",
            hint="export turned boxes as polygons",
        )
    if not isinstance(box, list) or len(box) != 4:
        raise DataError(
            f"{place}: bbox is {box!r:.40}",
            hint="give x, y, width, height, or a segmentation; who found nothing stands in votes",
        )
    x, y, width, height = (_number(f"{place}.bbox", value, "it") for value in box)
    return (checked_box(f"{place}.bbox", (x, y, x + width, y + height), frame),)


def _outline(place: str, values: object, frame: tuple[int, int]) -> Region:
    if not isinstance(values, list) or len(values) % 2:
        raise DataError(f"{place} is {values!r:.40}", hint="expected x and y in turn")
    numbers = [_number(place, value, "it") for value in values]
    return checked_polygon(place, tuple(zip(numbers[::2], numbers[1::2], strict=True)), frame)


def _runs(place: str, drawn: Mapping[str, Any], frame: tuple[int, int]) -> Region:
    size, counts = drawn.get("size"), drawn.get("counts")
    if not isinstance(size, list) or len(size) != 2:
        raise DataError(f"{place}: size is {size!r:.40}", hint="expected height and width")
    if isinstance(counts, str):
        try:
            lengths = decode_runs(counts)
        except ValueError as error:
            raise DataError(f"{place}: counts: {error}", hint="export the annotations again") from None
    elif isinstance(counts, list):
        lengths = tuple(round(_number(place, value, "counts")) for value in counts)
    else:
        raise DataError(f"{place}: counts is {counts!r:.40}", hint="expected run lengths")
    height, width = (round(_number(place, value, "size")) for value in size)
    return checked_runs(place, MaskRegion(height, width, lengths), frame)


def _collect_votes(shown: str, content: _Item, cases: _Cases, marks: MarkList) -> None:
    for place, item in _items(shown, content, "votes"):
        with marks.item():
            finding = item.get("finding")
            if not isinstance(finding, bool):
                raise DataError(f"{place}: finding is {finding!r:.40}", hint="expected true or false")
            case_id, reader = cases.of(place, item), _reader(place, item) or marks.only_reader
            if case_id is not None and not finding:
                marks.nothing(place, case_id, reader)


def write_coco(marks: MarksToWrite, out: Path, losses: Counter[str]) -> int:
    """Write a file of all images, marks and readers; count it."""
    numbers = {image.case_id: number for number, image in enumerate(marks.images, start=1)}
    names = sorted({mark.label for mark in marks.annotations if mark.label is not None})
    frames = {image.case_id: image.frame for image in marks.images}
    drawn: list[dict[str, object]] = []
    votes: list[dict[str, object]] = []
    for mark in marks.annotations:
        if mark.region is None:
            votes.append({"image_id": numbers[mark.case_id], "reader_id": mark.reader_id, "finding": False})
            continue
        label = {} if mark.label is None else {"category_id": names.index(mark.label) + 1}
        drawn.append(
            {
                "id": len(drawn) + 1,
                "image_id": numbers[mark.case_id],
                **label,
                "reader_id": mark.reader_id,
                "iscrowd": 0,
                **_coco_shape(mark.region, frames[mark.case_id]),
            }
        )
    content = {
        "images": [
            {"id": numbers[one.case_id], "file_name": one.path, "width": one.width, "height": one.height}
            for one in marks.images
        ],
        "categories": [{"id": number, "name": name} for number, name in enumerate(names, start=1)],
        "annotations": drawn,
        "votes": votes,
    }
    out.write_text(json.dumps(content) + "\n", encoding="utf-8")
    if marks.readers not in ([], [ONLY_READER]):
        losses["readers stand under reader_id, which other tools pass over"] += 1
    if votes:
        losses[
            "{n} votes that nothing is there stand under votes, which other tools pass over"
            "|1 vote that nothing is there stands under votes, which other tools pass over"
        ] += len(votes)
    return 1


def _coco_shape(region: Region, frame: tuple[int, int]) -> dict[str, object]:
    box = around(region, frame)
    edges = {"bbox": [box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0]}
    match region:
        case Box():
            return {**edges, "area": (box.x1 - box.x0) * (box.y1 - box.y0), "segmentation": []}
        case Polygon(points):
            area = float(rasterise(region, frame).sum())
            return {**edges, "area": area, "segmentation": [[value for point in points for value in point]]}
        case MaskRegion(height, width, counts):
            runs = {"size": [height, width], "counts": list(counts)}
            return {**edges, "area": float(sum(counts[1::2])), "segmentation": runs}
        case _:
            assert_never(region)
