"""Marks written as Label Studio's JSON: a task for each image, an annotation for each reader."""

import json
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import Any, assert_never
from urllib.parse import quote

import numpy as np

from xaudit.cases.marks.exports.marks_to_write import MarkedImage, MarksToWrite
from xaudit.cases.marks.mark_list import ONLY_READER
from xaudit.geometry import rasterise
from xaudit.records import Annotation, BoolArray, Box, MaskRegion, Polygon

_SIZES = (3, 4, 8, 16)  # in bits: what the length of a run may take
_DECIMALS = 3  # of a pixel, as the reader of the format rounds


def write_label_studio(marks: MarksToWrite, out: Path, losses: Counter[str]) -> int:
    """One JSON file of a task for each image that was annotated; counts it."""
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


def encode_brush(inside: BoolArray) -> list[int]:
    """The bytes of a brush stroke: what is inside is opaque white, the rest transparent black, row by row.

    Source: Label Studio's own code of RGBA values (``label_studio_sdk.converter.brush``).
    """
    flat = inside.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    bits = [f"{4 * flat.size:032b}", f"{8 - 1:05b}", *(f"{size - 1:04b}" for size in _SIZES)]
    for begin, end in zip([0, *edges.tolist()], [*edges.tolist(), flat.size], strict=True):
        value = f"{255 if flat[begin] else 0:08b}"
        left = 4 * (end - begin)
        while left:
            now = min(left, 1 << _SIZES[-1])
            which = next(place for place, size in enumerate(_SIZES) if now <= 1 << size)
            bits.append(f"1{which:02b}{now - 1:0{_SIZES[which]}b}{value}")
            left -= now
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))


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
