"""Marks written as boxes, outlines and masks in JSON: COCO and LabelMe."""

import base64
import io
import json
from collections import Counter
from pathlib import Path
from typing import assert_never

import numpy as np
from PIL import Image

from xaudit.cases.images.entry import without_suffix
from xaudit.cases.marks.exports.marks_to_write import MarksToWrite, around, write_text
from xaudit.cases.marks.mark_list import ONLY_READER
from xaudit.geometry import bounding_box, rasterise
from xaudit.records import Annotation, Box, MaskRegion, Polygon, Region


def write_coco(marks: MarksToWrite, out: Path, losses: Counter[str]) -> int:
    """One file of all images, marks and readers; counts it."""
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


def write_labelme(marks: MarksToWrite, out: Path, losses: Counter[str]) -> int:
    """One JSON file for each image and reader; counts them."""
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
        text = json.dumps(content, indent=2) + "\n"
        write_text(out / f"{folders[reader]}{without_suffix(image.path)}.json", text)
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
