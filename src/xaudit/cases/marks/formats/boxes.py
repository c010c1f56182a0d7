"""A table of boxes: one row per box, with an image, and where known a reader and a label.

Columns: ``image``, ``reader``, ``label``, and a box as ``x0``, ``y0``, ``x1``, ``y1`` (edges) or as ``x``, ``y``,
``width``, ``height``; ``image_width`` and ``image_height`` are checked where they are given. ``data.annotations.columns``
says what they are called in a file: ``{image: file, x0: left}``. Edges are counted from 0, the last one outside, unless
``origin: one`` is set: then pixels are counted from 1 and the last is inside. A row with an empty box says that its reader
found nothing.
"""

import csv
import io
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal

from xaudit.cases.annotation_file import Row, check_all_or_none, read_rows
from xaudit.cases.marks.mark import checked_box, checked_number
from xaudit.cases.marks.mark_list import MarkList
from xaudit.cases.marks.writing import MarksToWrite, as_box, spelled
from xaudit.config.sections.data import ANNOTATION_COLUMNS
from xaudit.errors import DataError, did_you_mean

CORNERS = ("x0", "y0", "x1", "y1")
SIDES = ("x", "y", "width", "height")
COLUMNS = ("image", *CORNERS)
WRITTEN = ("image", "reader", "label", *CORNERS, "image_width", "image_height")

Origin = Literal["auto", "one", "zero"]


def is_box_table(names: Collection[str], columns: Mapping[str, str]) -> bool:
    """Return True if a header has columns for an image and a box, by whatever names."""
    in_file = _in_file(columns)
    return in_file["image"] in names and box_columns(names, in_file) is not None


def collect_boxes(
    path: Path, marks: MarkList, *, columns: Mapping[str, str], origin: Origin = "auto"
) -> None:
    """Read a table of boxes into a list of marks.

    Args:
        path: of the CSV.
        marks: to add to.
        columns: name used here: name in the file, for those that differ.
        origin: where the file starts to count pixels; ``auto`` is zero.

    Raises:
        DataError: with the line, the column and the value.
    """
    names, rows = read_rows(path)
    in_file = _in_file(columns)
    box = box_columns(names, in_file)
    if box is None or in_file["image"] not in names:
        missing = "image" if in_file["image"] not in names else "x0, y0, x1, y1 or x, y, width, height"
        has = ", ".join(f"'{name:.40}'" for name in names[:30] if name) or "none"
        raise DataError(
            f"{path.name}: no column for {missing}; the columns are {has}",
            hint="name them with data.annotations.columns, as in {image: file_name}",
        )
    for column in columns.values():
        if column.strip().lower() not in names:
            raise DataError(
                f"{path.name}: no column is called '{column}'",
                hint=did_you_mean(column, names, otherwise="see data.annotations.columns"),
            )
    kept = marks.expect_rows(rows, in_file["image"])
    check_all_or_none(kept, in_file["reader"], "reader")
    for row in kept:
        with marks.item():
            _collect(row, marks, in_file, box, origin)


def _in_file(columns: Mapping[str, str]) -> Mapping[str, str]:
    return {name: columns.get(name, name).strip().lower() for name in ANNOTATION_COLUMNS}


def box_columns(names: Collection[str], in_file: Mapping[str, str]) -> tuple[str, ...] | None:
    """Return the columns of a box that a header has, in one of two spellings, by the names used here; None if it has neither.

    Example:
        >>> box_columns(("image", "x", "y", "width", "height"), {})
        ('x', 'y', 'width', 'height')
    """
    for box in (CORNERS, SIDES):
        if all(in_file.get(name, name) in names for name in box):
            return box
    return None


def collect_cell_box(
    row: Row, marks: MarkList, case_id: str, reader: str, label: str | None, edges: Mapping[str, str]
) -> None:
    """Add the box of a row, its cells by the names of :data:`CORNERS` or :data:`SIDES`; all empty, nothing is there."""
    if not any(edges.values()):
        marks.nothing(row.place, case_id, reader)
        return
    numbers = [checked_number(row.place, value or "nothing", name) for name, value in edges.items()]
    if "width" in edges:
        x, y, width, height = numbers
        numbers = [x, y, x + width, y + height]
    x0, y0, x1, y1 = numbers
    marks.add(case_id, reader, checked_box(row.place, (x0, y0, x1, y1), marks.images.frames[case_id]), label)


def _check_given_once(row: Row, in_file: Mapping[str, str], edges: Mapping[str, str]) -> None:
    """Raise DataError where a row gives its box twice, by corners and by size, and they are not the same box."""
    sides = [row[in_file[name]] for name in SIDES]
    if "x0" not in edges or not all(sides) or not all(edges.values()):
        return
    x0, y0, x1, y1 = (checked_number(row.place, edges[name], name) for name in CORNERS)
    x, y, width, height = (
        checked_number(row.place, side, name) for side, name in zip(sides, SIDES, strict=True)
    )
    if max(abs(x - x0), abs(y - y0), abs(x + width - x1), abs(y + height - y1)) > 1:
        raise DataError(
            f"{row.place}: its box is given twice: from ({x0:g}, {y0:g}) to ({x1:g}, {y1:g}), and from ({x:g}, {y:g}) "
            f"{width:g} wide and {height:g} high",
            hint="keep the columns that are meant, or say with data.annotations.columns what is what",
        )


def _collect(
    row: Row, marks: MarkList, in_file: Mapping[str, str], box: tuple[str, ...], origin: Origin
) -> None:
    name = row[in_file["image"]]
    if not name:
        raise DataError(f"{row.place}: image is empty", hint="fill it in, or drop the row")
    case_id = marks.case(row.place, name)
    if case_id is None:
        return
    size = [row[in_file[name]] for name in ("image_height", "image_width")]
    if all(size):
        height, width = (checked_number(row.place, side, "the image's size") for side in size)
        marks.images.check_size(row.place, case_id, (round(height), round(width)))
    edges = {name: row[in_file[name]] for name in box}
    _check_given_once(row, in_file, edges)
    if origin == "one" and all(edges.values()):
        for edge in box[:2]:
            edges[edge] = repr(checked_number(row.place, edges[edge], edge) - 1)
    reader, label = row[in_file["reader"]] or marks.only_reader, row[in_file["label"]] or None
    collect_cell_box(row, marks, case_id, reader, label, edges)


def write_boxes(marks: MarksToWrite, out: Path, losses: Counter[str]) -> int:
    """Write a CSV table of all boxes; count it."""
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
            box = as_box(mark.region, image.frame, losses)
            edges = zip(CORNERS, (box.x0, box.y0, box.x1, box.y1), strict=True)
            rows.append(
                {**known, "label": mark.label or "", **{name: spelled(value) for name, value in edges}}
            )
    text = io.StringIO()
    writer = csv.DictWriter(text, WRITTEN, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    out.write_text(text.getvalue(), encoding="utf-8")
    return 1
