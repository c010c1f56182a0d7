"""Reader for a CSV of images: the columns ``image`` and ``label``, and optional ones.

These are ``patient``, ``split``, the spacing, ``site``, ``augmented`` and the attributes that the audit file names.
Separated by commas, semicolons or tabs, in UTF-8. Cells with ``nan``, ``N/A``, ``None`` and the like are empty, see
:mod:`xaudit.cases.text.cells`. ``image`` is a path relative to the images' folder. A column
``patient`` or ``split`` that is filled for some images only is an error: half-known patients would make half-true
intervals. ``site`` and ``augmented`` may be: the rest is the stratum ``unknown``.
"""

import csv
import math
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from xaudit.cases.images.entry import SPLITS, Entry, check_unique, file_and_frame, frame_path
from xaudit.cases.images.folder import check_folder
from xaudit.cases.text.cells import cell_text, fitted, without_empty_end
from xaudit.cases.text.columns import NEEDED, OPTIONAL, check_columns
from xaudit.cases.text.finding_labels import LabelColumn
from xaudit.cases.text.spelling import nfc, path_on_disk
from xaudit.cases.text.text_check import check_text
from xaudit.counts import counted
from xaudit.errors import DataError, did_you_mean

if TYPE_CHECKING:
    from _csv import Reader

LARGEST_BYTES = 512 * 2**20
"""Size limit of a table or a file of marks; annotations of a hundred thousand images fit."""

MOST_COLUMNS = 10_000
MOST_ROWS = 1_000_000

_MOST_CELLS = 1_000_000
_LONGEST_NAME = 255
_LONGEST_PATH = 3500
_LONGEST_SHOWN = 200
_COLUMNS_SHOWN = 5
_LONGEST_CELL = 16 * 2**20
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")

AUGMENTED = {
    **dict.fromkeys(("yes", "true", "1", "1.0", "augmented"), True),
    **dict.fromkeys(("no", "false", "0", "0.0", "original"), False),
}
"""Allowed words in the column ``augmented``."""


def read_table(
    path: Path,
    root: Path,
    *,
    attributes: Sequence[str] = (),
    labels: LabelColumn | None = None,
    faults: list[DataError] | None = None,
    passed_over: list[str] | None = None,
) -> tuple[Entry, ...]:
    """Read the images that a table lists, in the order of their paths.

    Args:
        path: path of the CSV.
        root: the folder that the column ``image`` is relative to.
        attributes: names of further columns that are read as they are, in lower case.
        labels: the column that states a finding; an image whose cell is empty has an empty label.
        faults: collects the errors of single rows, which are then left out; None raises the first.
        passed_over: collects a sentence with the names of the columns that are not read.

    Raises:
        DataError: with the table's name, the line, the column and the value.
    """
    check_folder(root)
    lines = _lines(path, attributes, labels)
    if not lines:
        raise DataError(f"{path.name}: the table lists no images", hint="add a row per image")
    _check_all_or_none(path.name, lines)
    unread = [name for name in lines[0].cells if name and name not in (*NEEDED, *OPTIONAL, *attributes)]
    if unread and passed_over is not None:
        shown = ", ".join(f"'{name:.40}'" for name in unread[:_COLUMNS_SHOWN])
        of = "" if labels is None else f" for '{labels.shown}'"
        more = f" and {len(unread) - _COLUMNS_SHOWN} more" if len(unread) > _COLUMNS_SHOWN else ""
        passed_over.append(
            f"{path.name}: {counted(len(unread), 'column is', 'columns are')} not read{of}: {shown}{more}"
        )
    entries = tuple(sorted(_entries(lines, _Rows(path.name, root, attributes, labels), faults), key=_path))
    check_unique(entries)
    return entries


def read_text(path: Path, *, what: str) -> str:
    """Read a UTF-8 file, without the byte order mark at its start.

    Raises:
        DataError: no such file, a device or a pipe, too large, not readable, or not UTF-8.
    """
    try:
        check_bytes(path, path.name)
        check_text(path)
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        beside = (
            [near.name for near in path.parent.iterdir() if near.is_file()] if path.parent.is_dir() else []
        )
        hint = did_you_mean(path.name, beside, otherwise="paths in the audit file start from its folder")
        raise DataError(f"{path}: no such file of {what}", hint=hint) from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path.name}: not UTF-8: byte {error.start} is 0x{error.object[error.start]:02x}",
            hint="save the file as UTF-8",
        ) from None
    except OSError as error:
        reason = error.strerror or "the system refuses it"
        raise DataError(f"{path}: cannot be read: {reason}", hint="check its permissions") from None


def check_bytes(path: Path, shown: str) -> None:
    """Raise DataError if a file is too large to be read, or is a device or a pipe.

    Raises:
        OSError: if it cannot be inspected.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        raise DataError(f"{shown}: no file, but a device or a pipe", hint="give a file, or a folder of files")
    if status.st_size > LARGEST_BYTES:
        raise DataError(
            f"{shown}: {status.st_size / 2**20:.0f} MB, and annotations of more than {LARGEST_BYTES // 2**20} MB are not read",
            hint="divide the file, or take embedded images out of it",
        )


def table_lines(text: str, shown: str) -> "Reader":
    """Return the cells of each line of a CSV; the separator is the comma, semicolon or tab most frequent in the first line.

    Raises:
        DataError: more than :data:`MOST_COLUMNS` columns in the first line.
        csv.Error: from the iterator, for a cell without end or quotes that do not match.
    """
    first = _LINE.match(text)
    header = first.group() if first else ""
    separator = max(",;\t", key=header.count)
    n_columns = header.count(separator) + 1
    if n_columns > MOST_COLUMNS:
        raise DataError(
            f"{shown}: line 1: {n_columns} columns, and no table has more than {MOST_COLUMNS}",
            hint="give the table itself; this is another file, or a damaged one",
        )
    csv.field_size_limit(_LONGEST_CELL)
    return csv.reader(_short_lines(text, separator, shown), delimiter=separator, strict=True)


def _short_lines(text: str, separator: str, shown: str) -> Iterator[str]:
    """Yield line by line, so that no second copy of the text is held; raise DataError for a line with too many cells."""
    for number, line in enumerate(_LINE.finditer(text), start=1):
        if line.group().count(separator) > _MOST_CELLS:
            raise DataError(
                f"{shown}: line {number}: more than {_MOST_CELLS} cells",
                hint="give the table itself; this is another file, or a damaged one",
            )
        yield line.group()


class _Line(NamedTuple):
    """A line of the table.

    Attributes:
        number: from 1.
        cells: texts by column.
        words: the words in cells that count as empty, by column.
    """

    number: int
    cells: Mapping[str, str]
    words: Mapping[str, str]

    def spelled_empty(self, name: str) -> str:
        """Say that a column is empty, with the word in the cell."""
        return f"{name} is empty" + (f" ('{self.words[name]}')" if name in self.words else "")


class _Rows(NamedTuple):
    """The meaning of a table's rows: its name, the folder of its images, its further columns, and that of its labels."""

    shown: str
    root: Path
    attributes: Sequence[str]
    labels: LabelColumn | None


def _texts(names: Sequence[str], cells: Sequence[str]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    texts = dict(zip(names, map(cell_text, cells), strict=True))
    words = {
        name: cell.strip()
        for name, cell in zip(names, cells, strict=True)
        if cell.strip() and not texts[name]
    }
    return texts, words


def _lines(path: Path, attributes: Sequence[str], labels: LabelColumn | None) -> list[_Line]:
    text = read_text(path, what="labels")
    rows = table_lines(text, path.name)
    table_rows: list[_Line] = []
    try:
        names = [nfc(name.strip()).lower() for name in without_empty_end(next(rows, []))]
        names = names if labels is None else labels.renamed(path.name, names)
        check_columns(path.name, names, attributes)
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            cells = fitted(row, len(names))
            if cells is None:
                raise DataError(
                    f"{path.name}: line {rows.line_num}: {counted(len(row), 'cell')} under {counted(len(names), 'column')}",
                    hint="put quotes around a text that holds the separator",
                )
            if len(table_rows) >= MOST_ROWS:
                raise DataError(
                    f"{path.name}: lists more than {MOST_ROWS} images", hint="audit them in several runs"
                )
            table_rows.append(_Line(rows.line_num, *_texts(names, cells)))
    except csv.Error as error:
        raise DataError(
            f"{path.name}: line {rows.line_num}: not CSV: {error}", hint="check its quotes"
        ) from None
    return table_rows


def _check_all_or_none(shown: str, lines: Sequence[_Line]) -> None:
    for name in ("patient", "split"):
        filled = [line for line in lines if line.cells.get(name)]
        empty = [line for line in lines if not line.cells.get(name)]
        if filled and empty:
            raise DataError(
                f"{shown}: line {empty[0].number}: {empty[0].spelled_empty(name)}, while line {filled[0].number} has one",
                hint="fill it in for every image, or leave the column out",
            )


def _entries(lines: Sequence[_Line], rows: _Rows, faults: list[DataError] | None) -> list[Entry]:
    entries: list[Entry] = []
    for line in lines:
        try:
            entry = _entry(f"{rows.shown}: line {line.number}", line, rows)
            texts = tuple((name, line.cells[name]) for name in rows.attributes if line.cells[name])
            entries.append(replace(entry, attributes=texts))
        except DataError as error:
            if faults is None:
                raise
            faults.append(error)
    if faults and not entries:
        raise faults.pop()
    return entries


def _entry(location: str, line: _Line, rows: _Rows) -> Entry:
    row, root, labels = line.cells, rows.root, rows.labels
    for name in NEEDED:
        if not row[name] and not (name == "label" and labels):
            raise DataError(
                f"{location}: {line.spelled_empty(name)}",
                hint="fill it in, or drop the row"
                + (
                    "; a class of that name needs another, such as 'no finding'"
                    if name == "label" and name in line.words
                    else ""
                ),
            )
    image = PurePosixPath(row["image"].replace("\\", "/"))
    if image.is_absolute() or ".." in image.parts or _DRIVE.match(row["image"]):
        raise DataError(
            f"{location}: image '{row['image']:.200}' leaves the images' folder",
            hint="give a path relative to data.images, or to the table where that is not set",
        )
    parts = [part.encode("utf-8", "replace") for part in image.parts]
    if "\0" in row["image"] or max(map(len, parts)) > _LONGEST_NAME or len(b"/".join(parts)) > _LONGEST_PATH:
        raise DataError(f"{location}: image {row['image']!r:.80} is no path", hint="give the image's path")
    path = _path_on_disk(root, image.as_posix())
    if path is None:
        folder = (root / image).parent
        beside = [near.name for near in folder.iterdir()] if folder.is_dir() else []
        hint = did_you_mean(image.name[:_LONGEST_SHOWN], beside, otherwise="add the image, or drop the row")
        raise DataError(f"{location}: no image '{image.as_posix():.200}'", hint=hint)
    split = row.get("split") or None
    if split is not None and split.lower() not in SPLITS:
        hint = did_you_mean(split[:_LONGEST_SHOWN], SPLITS, otherwise="a split is train, validation or test")
        raise DataError(f"{location}: no split is called '{split:.60}'", hint=hint)
    return Entry(
        path,
        row["label"] if labels is None or not row["label"] else labels.label_of(location, row["label"]),
        patient_id=row.get("patient") or None,
        split=None if split is None else SPLITS[split.lower()],
        spacing_mm=_spacing(location, line),
        site=row.get("site") or None,
        augmented=_augmented(location, row.get("augmented", "")),
    )


def _path_on_disk(root: Path, image: str) -> str | None:
    """Return the path of an image as the disk spells it, with the frame number if it has one."""
    try:
        whole = path_on_disk(root, image)
        file, frame = file_and_frame(image)
        if whole is not None or frame is None:
            return whole
        own = path_on_disk(root, file)
    except OSError:
        return None
    return None if own is None else frame_path(own, frame)


def _augmented(location: str, cell: str) -> bool | None:
    if not cell:
        return None
    if cell.lower() not in AUGMENTED:
        raise DataError(
            f"{location}: augmented is '{cell:.60}'",
            hint="write yes or no, or leave the cell empty if it is not known",
        )
    return AUGMENTED[cell.lower()]


def _spacing(location: str, line: _Line) -> tuple[float, float] | None:
    cells = (line.cells.get("spacing_row_mm", ""), line.cells.get("spacing_col_mm", ""))
    if not any(cells):
        return None
    values: list[float] = []
    for name, cell in zip(("spacing_row_mm", "spacing_col_mm"), cells, strict=True):
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and value > 0):
            raise DataError(
                f"{location}: {name} is '{line.words.get(name, cell):.60}'",
                hint="give millimetres per pixel, or leave both cells empty",
            )
        values.append(value)
    return (values[0], values[1])


def _path(entry: Entry) -> str:
    return entry.path
