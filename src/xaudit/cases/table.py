"""A CSV of images: the columns ``image`` and ``label``, and more where more is known.

That is ``patient``, ``split``, the spacing, ``site`` and ``augmented``.
Separated by commas, semicolons or tabs, in UTF-8. ``image`` is a path relative to the images' folder. A column
``patient`` or ``split`` that is filled for some images only is an error: half-known patients would make half-true
intervals. ``site`` and ``augmented`` may be: the rest is the stratum ``unknown``.
"""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from xaudit.cases.entry import SPLITS, Entry, check_unique, file_and_frame, frame_path
from xaudit.cases.folder import check_folder
from xaudit.errors import DataError, did_you_mean, nearest

NEEDED = ("image", "label")
OPTIONAL = ("patient", "split", "spacing_row_mm", "spacing_col_mm", "site", "augmented")

AUGMENTED = {
    **dict.fromkeys(("yes", "true", "1", "augmented"), True),
    **dict.fromkeys(("no", "false", "0", "original"), False),
}
"""What a cell of the column ``augmented`` may say."""


def read_table(path: Path, root: Path, *, faults: list[DataError] | None = None) -> tuple[Entry, ...]:
    """The images that a table lists, in the order of their paths.

    Args:
        path: of the CSV.
        root: the folder from which the column ``image`` starts.
        faults: gathers the errors of single rows, which are left out then; None raises the first.

    Raises:
        DataError: with the table's name, the line, the column and the value.
    """
    check_folder(root)
    lines = _lines(path)
    if not lines:
        raise DataError(f"{path.name}: the table lists no images", hint="add a row per image")
    _check_all_or_none(path.name, lines)
    entries = tuple(sorted(_entries(path.name, lines, root, faults), key=_path))
    check_unique(entries)
    return entries


def read_text(path: Path, *, what: str) -> str:
    """The text of a UTF-8 file, a byte order mark at its front dropped.

    Raises:
        DataError: no such file, not readable, or not UTF-8.
    """
    try:
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


def _lines(path: Path) -> list[tuple[int, dict[str, str]]]:
    text = read_text(path, what="labels")
    header = text.partition("\n")[0]
    separator = max(",;\t", key=header.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    found: list[tuple[int, dict[str, str]]] = []
    try:
        names = [name.strip().lower() for name in next(rows, [])]
        _check_columns(path.name, names)
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(names):
                raise DataError(
                    f"{path.name}: line {rows.line_num}: {len(row)} cells under {len(names)} columns",
                    hint="put quotes around a text that holds the separator",
                )
            found.append((rows.line_num, {n: c.strip() for n, c in zip(names, row, strict=True)}))
    except csv.Error as error:
        raise DataError(
            f"{path.name}: line {rows.line_num}: not CSV: {error}", hint="check its quotes"
        ) from None
    return found


def _check_columns(shown: str, names: Sequence[str]) -> None:
    for name in NEEDED:
        if name not in names:
            near = nearest(name, names)
            has = ", ".join(f"'{column}'" for column in names if column) or "none"
            raise DataError(
                f"{shown}: no column is called '{name}'; the columns are {has}",
                hint=f"rename '{near}' to '{name}'" if near else f"the table needs {' and '.join(NEEDED)}",
            )
    for name in (*NEEDED, *OPTIONAL):
        if names.count(name) > 1:
            raise DataError(f"{shown}: two columns are called '{name}'", hint="keep one of them")
    one, other = ("spacing_row_mm" in names), ("spacing_col_mm" in names)
    if one != other:
        missing = "spacing_col_mm" if one else "spacing_row_mm"
        raise DataError(f"{shown}: the column '{missing}' is missing", hint="spacing needs rows and columns")


def _check_all_or_none(shown: str, lines: Sequence[tuple[int, Mapping[str, str]]]) -> None:
    for name in ("patient", "split"):
        filled = [line for line, row in lines if row.get(name)]
        empty = [line for line, row in lines if not row.get(name)]
        if filled and empty:
            raise DataError(
                f"{shown}: line {empty[0]}: {name} is empty, while line {filled[0]} has one",
                hint="fill it in for every image, or leave the column out",
            )


def _entries(
    shown: str, lines: Sequence[tuple[int, Mapping[str, str]]], root: Path, faults: list[DataError] | None
) -> list[Entry]:
    entries: list[Entry] = []
    for line, row in lines:
        try:
            entries.append(_entry(f"{shown}: line {line}", row, root))
        except DataError as error:
            if faults is None:
                raise
            faults.append(error)
    if faults and not entries:
        raise faults.pop()
    return entries


def _entry(place: str, row: Mapping[str, str], root: Path) -> Entry:
    for name in NEEDED:
        if not row[name]:
            raise DataError(f"{place}: {name} is empty", hint="fill it in, or drop the row")
    image = PurePosixPath(row["image"].replace("\\", "/"))
    if image.is_absolute() or ".." in image.parts or ":" in image.parts[0]:
        raise DataError(
            f"{place}: image '{row['image']}' leaves the images' folder",
            hint="give a path relative to data.images, or to the table where that is not set",
        )
    file, frame = file_and_frame(image.as_posix())
    if not (root / image).is_file() and (frame is None or not (root / file).is_file()):
        folder = (root / image).parent
        beside = [near.name for near in folder.iterdir()] if folder.is_dir() else []
        hint = did_you_mean(image.name, beside, otherwise="add the image, or drop the row")
        raise DataError(f"{place}: no image '{image.as_posix()}'", hint=hint)
    split = row.get("split") or None
    if split is not None and split.lower() not in SPLITS:
        hint = did_you_mean(split, SPLITS, otherwise="a split is train, validation or test")
        raise DataError(f"{place}: no split is called '{split}'", hint=hint)
    path = image.as_posix() if (root / image).is_file() else frame_path(file, frame)
    return Entry(
        path,
        row["label"],
        patient_id=row.get("patient") or None,
        split=None if split is None else SPLITS[split.lower()],
        spacing_mm=_spacing(place, row),
        site=row.get("site") or None,
        augmented=_augmented(place, row.get("augmented", "")),
    )


def _augmented(place: str, cell: str) -> bool | None:
    if not cell:
        return None
    if cell.lower() not in AUGMENTED:
        raise DataError(
            f"{place}: augmented is '{cell}'",
            hint="write yes or no, or leave the cell empty where nobody knows",
        )
    return AUGMENTED[cell.lower()]


def _spacing(place: str, row: Mapping[str, str]) -> tuple[float, float] | None:
    cells = (row.get("spacing_row_mm", ""), row.get("spacing_col_mm", ""))
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
                f"{place}: {name} is '{cell}'", hint="give millimetres per pixel, or leave both cells empty"
            )
        values.append(value)
    return (values[0], values[1])


def _path(entry: Entry) -> str:
    return entry.path
