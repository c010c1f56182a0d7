"""Reader for CSV or Parquet tables made by other programs, with cells unchanged."""

import csv
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from xaudit.cases.table import MOST_COLUMNS, check_bytes, read_text, table_lines
from xaudit.cases.text.cells import fitted, without_empty_end
from xaudit.cases.text.spelling import nfc
from xaudit.counts import counted
from xaudit.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_CELLS = 4_000_000
_MOST_BYTES = 2**28
_LONGEST_TEXT = 10_000

Row = tuple[str, Mapping[str, object]]
"""Name of a row in errors, such as ``preds.csv: line 3``, and its cells by column."""


def read_foreign_table(path: Path, *, what: str) -> list[Row]:
    """Read the rows of a CSV file, or of a Parquet file by its suffix; strip the texts of a CSV.

    Args:
        what: contents of the file, for errors.

    Raises:
        DataError: no such file, damaged, without rows, or with a repeated column.
    """
    rows = _parquet(path, what) if path.suffix.lower() in (".parquet", ".pq") else _csv(path, what)
    if not rows:
        raise DataError(f"{path.name}: the table has no rows", hint="write a row for each image")
    return rows


def _csv(path: Path, what: str) -> list[Row]:
    reader = table_lines(read_text(path, what=what), path.name)
    rows: list[Row] = []
    try:
        names = [nfc(name.strip()) for name in without_empty_end(next(reader, []))]
        _check_names(path.name, names)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            fitting = fitted(cells, len(names))
            if fitting is None:
                raise DataError(
                    f"{path.name}: line {reader.line_num}: {counted(len(cells), 'cell')} under {counted(len(names), 'column')}",
                    hint="put quotes around a text that holds the separator",
                )
            _check_cells(path.name, len(rows) * len(names))
            cells_by_name = {name: nfc(cell.strip()) for name, cell in zip(names, fitting, strict=True)}
            rows.append((f"{path.name}: line {reader.line_num}", cells_by_name))
    except csv.Error as error:
        raise DataError(
            f"{path.name}: line {reader.line_num}: not CSV: {error}", hint="check its quotes"
        ) from None
    return rows


def _parquet(path: Path, what: str) -> list[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        check_bytes(path, path.name)
        file = pq.ParquetFile(path)
        _check_names(path.name, file.schema_arrow.names)
        plain = [field for field in file.schema_arrow if not pa.types.is_nested(field.type)]
        _check_cells(path.name, file.metadata.num_rows * len(plain))
        groups = [file.metadata.row_group(index) for index in range(file.metadata.num_row_groups)]
        n_bytes = sum(group.total_byte_size for group in groups)
        if not 0 <= n_bytes <= _MOST_BYTES or any(group.total_byte_size < 0 for group in groups):
            raise DataError(
                f"{path.name}: declares {n_bytes / 2**20:.0f} MB, and tables of more than {_MOST_BYTES // 2**20} MB "
                "are not read",
                hint="leave out the columns that are not needed",
            )
        # Texts stay dictionaries until they are known to be short: one long text can stand in a million rows.
        texts = [field.name for field in plain if _is_text(field.type)]
        file = pq.ParquetFile(path, read_dictionary=texts)
        table = file.read(columns=[field.name for field in plain], use_threads=False).unify_dictionaries()
        for name in texts:
            _check_texts(path.name, table.column(name))
        rows = table.to_pylist()
    except FileNotFoundError:
        raise DataError(
            f"{path}: no such file of {what}", hint="paths in the audit file start from its folder"
        ) from None
    except (pa.ArrowException, OSError, ValueError, LookupError, MemoryError, OverflowError) as error:
        reason = (str(error).splitlines() or ["damaged"])[0]
        raise DataError(
            f"{path.name}: cannot be read as Parquet: {reason:.120}", hint="write it again"
        ) from None
    return [(f"{path.name}: row {number}", row) for number, row in enumerate(rows, 1)]


def _is_text(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return any(
        is_kind(kind)
        for is_kind in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_binary,
            pa.types.is_large_binary,
        )
    )


def _check_texts(shown: str, column: "pa.ChunkedArray") -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    for chunk in column.chunks:
        values = chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk
        longest = pc.max(pc.binary_length(values)).as_py() or 0
        if longest > _LONGEST_TEXT:
            raise DataError(
                f"{shown}: a text of {longest} bytes, and none of more than {_LONGEST_TEXT} is read",
                hint="give the table of predictions itself",
            )


def _check_cells(shown: str, n_cells: int) -> None:
    if n_cells > _MOST_CELLS:
        raise DataError(
            f"{shown}: more than {_MOST_CELLS // 10**6} million cells",
            hint="leave out the columns and rows that are not needed, or divide the data",
        )


def _check_names(shown: str, names: list[str]) -> None:
    if len(names) > MOST_COLUMNS:
        raise DataError(
            f"{shown}: {len(names)} columns, and no table has more than {MOST_COLUMNS}",
            hint="give the table itself; this is another file, or a damaged one",
        )
    twice = next((name for name, number in Counter(names).items() if name and number > 1), None)
    if twice is not None:
        raise DataError(f"{shown}: two columns are called '{twice}'", hint="keep one of them")
