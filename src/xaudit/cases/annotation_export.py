"""Readers' marks written as files of the formats that xaudit can write, and what each of them cannot hold.

What a format cannot hold is never dropped in silence: it comes back as a line of :attr:`Written.losses`.
"""

import base64
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from xaudit.cases.box_table import box_table_text
from xaudit.cases.entry import without_suffix
from xaudit.cases.mark_list import NO_READERS, ONLY_READER
from xaudit.cases.nifti_export import write_volumes
from xaudit.cases.phantom_files import write_mask
from xaudit.cases.plane import Plane
from xaudit.cases.yolo import yolo_line
from xaudit.errors import DataError
from xaudit.geometry import bounding_box, rasterise, union
from xaudit.records import Annotation, Box, MaskRegion, Polygon, Region

UNNAMED = "unnamed"
"""The class of a mark without a label, in a format where every mark has a class."""


@dataclass(frozen=True, slots=True)
class MarkedImage:
    """An image that annotations belong to.

    Attributes:
        path: relative to the images' folder, as annotation files name it.
        plane: where it lies in the patient, None where that is not known.
    """

    case_id: str
    path: str
    height: int
    width: int
    plane: Plane | None = None

    @property
    def frame(self) -> tuple[int, int]:
        """Height and width."""
        return self.height, self.width


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes:
        n_files: how many files.
        losses: what the format cannot hold, a sentence each.
    """

    n_files: int
    losses: tuple[str, ...]


def write_annotations(
    format_id: str, images: Sequence[MarkedImage], annotations: Sequence[Annotation], out: Path
) -> Written:
    """Writes annotations as a file, or as a folder of one file per image.

    Args:
        format_id: one of :data:`WRITABLE`.
        images: that were annotated, or may have been.
        annotations: of these images.
        out: the file or folder, not there yet; the folder it lies in is made where needed.

    Raises:
        KeyError: for a format that cannot be written.
        DataError: where two readers' names would be the same folder, or the format cannot hold marks on these images.
        OSError: where it cannot be written.
    """
    write = _WRITERS[format_id]
    losses: Counter[str] = Counter()
    out.parent.mkdir(parents=True, exist_ok=True)
    n_files = write(_Marks(images, annotations), out, losses)
    return Written(n_files, tuple(text.format(n=n) for text, n in losses.items()))


class _Marks:
    """Annotations by image and reader."""

    def __init__(self, images: Sequence[MarkedImage], annotations: Sequence[Annotation]) -> None:
        self.images = images
        self.annotations = annotations
        self.by_case: dict[str, dict[str, list[Annotation]]] = defaultdict(dict)
        for mark in annotations:
            self.by_case[mark.case_id].setdefault(mark.reader_id, []).append(mark)
        self.readers = sorted({mark.reader_id for mark in annotations})

    def sheets(self) -> Iterator[tuple[MarkedImage, str, list[Annotation]]]:
        """Image by image and reader by reader: what was drawn, nothing where the reader found nothing."""
        for image in self.images:
            for reader, marks in self.by_case.get(image.case_id, {}).items():
                yield image, reader, [mark for mark in marks if mark.region is not None]

    def folders(self, losses: Counter[str]) -> Mapping[str, str]:
        """Each reader's folder, with a slash; none where the only reader has no name of their own."""
        if self.readers in ([], [ONLY_READER]):
            return dict.fromkeys(self.readers, "")
        folders: dict[str, str] = {}
        for reader in self.readers:
            name = re.sub(r"[^\w@+ -]|^(?=\s)", "_", reader).strip() or "_"
            name = f"{name}_" if name.lower() in NO_READERS else name
            if name in folders.values():
                raise DataError(
                    f"two readers would have the folder '{name}'", hint="write COCO, or rename one of them"
                )
            if name != reader:
                losses[f"the reader '{reader}' is called '{name}', as a folder"] += 1
            folders[reader] = name
        return {reader: f"{name}/" for reader, name in folders.items()}


def _write_coco(marks: _Marks, out: Path, losses: Counter[str]) -> int:
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
        losses["{n} votes that nothing is there stand under votes, which other tools pass over"] += len(votes)
    return 1


def _coco_shape(region: Region, frame: tuple[int, int]) -> dict[str, object]:
    box = _around(region, frame)
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


def _write_voc(marks: _Marks, out: Path, losses: Counter[str]) -> int:
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
            box = _as_box(mark.region, image.frame, losses)
            thing = ElementTree.SubElement(root, "object")
            ElementTree.SubElement(thing, "name").text = mark.label or ""
            edges = ElementTree.SubElement(thing, "bndbox")
            corners = {"xmin": box.x0 + 1, "ymin": box.y0 + 1, "xmax": box.x1, "ymax": box.y1}
            if any(value != round(value) for value in corners.values()):
                losses["{n} boxes have edges between pixels; other tools may round them"] += 1
            for name, edge in corners.items():
                ElementTree.SubElement(edges, name).text = _spelled(edge)
        file = out / f"{folders[reader]}{without_suffix(image.path)}.xml"
        file.parent.mkdir(parents=True, exist_ok=True)
        ElementTree.indent(root)
        file.write_bytes(ElementTree.tostring(root, encoding="utf-8"))
        n_files += 1
    if marks.readers not in ([], [ONLY_READER]):
        losses["readers stand under <annotator>, which other tools pass over"] += 1
    return n_files


def _write_yolo(marks: _Marks, out: Path, losses: Counter[str]) -> int:
    names = sorted({mark.label or UNNAMED for mark in marks.annotations if mark.region is not None})
    folders = marks.folders(losses)
    out.mkdir(parents=True, exist_ok=True)
    (out / "classes.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    n_files = 1
    for image, reader, drawn in marks.sheets():
        lines = []
        for mark in drawn:
            region = mark.region
            if not isinstance(region, Polygon):
                region = _as_box(region, image.frame, losses)
            if mark.label is None:
                losses[f"{{n}} marks without a label are of the class '{UNNAMED}'"] += 1
            lines.append(yolo_line(names.index(mark.label or UNNAMED), region, image.frame) + "\n")
        _write_text(out / f"{folders[reader]}{without_suffix(image.path)}.txt", "".join(lines))
        n_files += 1
    if drawn_twice := [reader for reader in folders.values() if reader]:
        losses[f"readers are {len(drawn_twice)} folders, which other tools take for other images"] += 1
    return n_files


def _write_labelme(marks: _Marks, out: Path, losses: Counter[str]) -> int:
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
        _write_text(out / f"{folders[reader]}{without_suffix(image.path)}.json", text)
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


def _write_boxes(marks: _Marks, out: Path, losses: Counter[str]) -> int:
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
            box = _as_box(mark.region, image.frame, losses)
            edges = zip(("x0", "y0", "x1", "y1"), (box.x0, box.y0, box.x1, box.y1), strict=True)
            rows.append(
                {**known, "label": mark.label or "", **{name: _spelled(value) for name, value in edges}}
            )
    _write_text(out, box_table_text(rows))
    return 1


def _write_masks(marks: _Marks, out: Path, losses: Counter[str]) -> int:
    folders = marks.folders(losses)
    n_files = 0
    for image, reader, drawn in marks.sheets():
        masks = (rasterise(mark.region, image.frame) for mark in drawn if mark.region is not None)
        n_shapes = sum(not isinstance(mark.region, MaskRegion) for mark in drawn)
        if n_shapes:
            losses["{n} boxes and outlines are the pixels whose centres they hold"] += n_shapes
        if any(mark.label is not None for mark in drawn):
            losses["{n} labels are lost"] += sum(mark.label is not None for mark in drawn)
        if len(drawn) > 1:
            losses["{n} marks are one mask with others of the same reader and image"] += len(drawn)
        file = out / f"{folders[reader]}{without_suffix(image.path)}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        write_mask(file, union(masks, image.frame))
        n_files += 1
    return n_files


def _write_nifti(marks: _Marks, out: Path, losses: Counter[str]) -> int:
    sheets = ((image.case_id, reader, drawn) for image, reader, drawn in marks.sheets())
    return write_volumes(marks.images, sheets, marks.folders(losses), out, losses)


_WRITERS: Mapping[str, Callable[[_Marks, Path, Counter[str]], int]] = {
    "coco": _write_coco,
    "voc": _write_voc,
    "yolo": _write_yolo,
    "labelme": _write_labelme,
    "boxes": _write_boxes,
    "masks": _write_masks,
    "nifti": _write_nifti,
}

WRITABLE = tuple(_WRITERS)
"""The formats that can be written."""


def _as_box(region: Region | None, frame: tuple[int, int], losses: Counter[str]) -> Box:
    match region:
        case Box():
            return region
        case Polygon():
            losses["{n} outlines became the boxes around them"] += 1
        case MaskRegion():
            losses["{n} masks became the boxes around them"] += 1
        case None:
            raise ValueError("nothing was drawn")
        case _:
            assert_never(region)
    return _around(region, frame)


def _around(region: Region, frame: tuple[int, int]) -> Box:
    match region:
        case Box():
            return region
        case Polygon(points):
            xs, ys = [x for x, _ in points], [y for _, y in points]
            return Box(min(xs), min(ys), max(xs), max(ys))
        case MaskRegion():
            return bounding_box(rasterise(region, frame))
        case _:
            assert_never(region)


def _spelled(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _write_text(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
