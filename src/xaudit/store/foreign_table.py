"""A table that somebody else wrote, CSV or Parquet: its rows as they are, every cell by its column."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from xaudit.cases.table import read_text
from xaudit.errors import DataError

Row = tuple[str, Mapping[str, object]]
"""What to call a row in errors, ``preds.csv: line 3``, and its cells by column."""


def read_foreign_table(path: Path, *, what: str) -> list[Row]:
    """The rows of a CSV file, or of a Parquet file by its suffix; texts of a CSV are stripped.

    Args:
        what: the file holds, for errors.

    Raises:
        DataError: no such file, damaged, without rows, or with a column that stands twice.
    """
    rows = _parquet(path, what) if path.suffix.lower() in (".parquet", ".pq") else _csv(path, what)
    if not rows:
        raise DataError(f"{path.name}: the table has no rows", hint="write a row for each image")
    return rows


def _csv(path: Path, what: str) -> list[Row]:
    text = read_text(path, what=what)
    header = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count), strict=True)
    rows: list[Row] = []
    try:
        names = [name.strip() for name in next(reader, [])]
        _check_names(path.name, names)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(names):
                raise DataError(
                    f"{path.name}: line {reader.line_num}: {len(cells)} cells under {len(names)} columns",
                    hint="put quotes around a text that holds the separator",
                )
            told = {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
            rows.append((f"{path.name}: line {reader.line_num}", told))
    except csv.Error as error:
        raise DataError(
            f"{path.name}: line {reader.line_num}: not CSV: {error}", hint="check its quotes"
        ) from None
    return rows


def _parquet(path: Path, what: str) -> list[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except FileNotFoundError:
        raise DataError(
            f"{path}: no such file of {what}", hint="paths in the audit file start from its folder"
        ) from None
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{path.name}: cannot be read as Parquet: {str(error).splitlines()[0]:.120}",
            hint="write it again",
        ) from None
    _check_names(path.name, table.column_names)
    return [(f"{path.name}: row {number}", row) for number, row in enumerate(table.to_pylist(), 1)]


def _check_names(shown: str, names: list[str]) -> None:
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"{shown}: two columns are called '{twice}'", hint="keep one of them")
