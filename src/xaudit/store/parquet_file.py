"""A Parquet file of one table: records in, the same records out, and a footer that names its run.

The footer's key ``xaudit`` holds JSON: table, schema_version, run_id, config_hash. Pages are compressed with zstd
and carry checksums.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from xaudit.store.migrations import COLUMNS
from xaudit.store.rows.table import Table
from xaudit.store.run_folder import RunFolder
from xaudit.store.schema_version import SCHEMA_VERSION, is_version, require_readable

Record = TypeVar("Record")

FOOTER_KEY = b"xaudit"

_MAP_VALUES, _HALVED_VALUES = pa.list_(pa.float32()), pa.list_(pa.float16())
"""Type of a map's numbers, and the type that versions before 1.2 wrote; both are read."""


_MOST_BYTES = 512 * 2**20
"""Limit on a table's unpacked columns; a part holds a few megabytes."""

_MOST_MAP_BYTES = 2 * _MOST_BYTES
"""Limit on an unpacked table of maps, whose numbers take four bytes each."""


_LONGEST_REASON = 200

ColumnChange = Callable[[pa.Field, pa.ChunkedArray], pa.ChunkedArray]
"""Makes another column of the same type and length of a table's column."""


class DamagedTableError(Exception):
    """A file that is not a complete table of the wanted kind; the message says what is wrong."""


def encode_table(table: Table[Record], rows: Sequence[Record], run: RunFolder) -> bytes:
    """Return the bytes of the whole file, also for a table without rows.

    Raises:
        ValueError: if a column that must hold a value has none.
    """
    plain = [table.row(row) for row in rows]
    columns = []
    for field in table.schema:
        column = pa.array([row.get(field.name) for row in plain], type=field.type)
        if column.null_count and not field.nullable:
            raise ValueError(f"{table.name}: a row has no {field.name}")
        columns.append(column)
    return _encoded(table, columns, run)


def adopt_table(
    path: Path, table: Table[Any], run: RunFolder, shown: str, *, change: ColumnChange | None = None
) -> bytes:
    """Return the bytes of another run's table under this run's name, with the same rows.

    Args:
        change: replaces a column by another of the same type and length; None to keep all as they are.

    Raises as :func:`check_table`; every page is read, so that nothing damaged is taken over.
    """
    columns = read_columns(path, table, shown)
    for field in table.schema:
        if _is_map(field) and columns.column(field.name).type != field.type:
            raise DamagedTableError("its maps are rounded to float16, as versions before 1.2 stored them")
    try:
        kept = columns.columns
        if change is not None:
            kept = [change(field, column) for field, column in zip(table.schema, kept, strict=True)]
        return _encoded(table, kept, run)
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        raise DamagedTableError(_first_line(error)) from error


def read_columns(
    path: Path, table: Table[Any], shown: str, *, names: Sequence[str] | None = None
) -> pa.Table:
    """Return the columns of a file in the schema's order; one that is newer than the file holds its fill.

    Args:
        names: the columns wanted; None for all.

    Raises as :func:`check_table`.
    """
    file = _open_parquet(pa.BufferReader(path.read_bytes()), table, shown)
    fields = [field for field in table.schema if names is None or field.name in names]
    try:
        found = file.read(columns=names, use_threads=False)
        columns = [_column(table, found, field) for field in fields]
        return pa.Table.from_arrays(columns, names=[field.name for field in fields])
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        raise DamagedTableError(_first_line(error)) from error


def _encoded(table: Table[Any], columns: Sequence[Any], run: RunFolder) -> bytes:
    footer = {
        "table": table.name,
        "schema_version": SCHEMA_VERSION,
        "run_id": run.run_id,
        "config_hash": run.config_hash,
    }
    schema = table.schema.with_metadata({FOOTER_KEY: json.dumps(footer)})
    sink = pa.BufferOutputStream()
    pq.write_table(
        pa.Table.from_arrays(columns, schema=schema),
        sink,
        compression="zstd",
        write_page_checksum=True,
        # Map values hardly repeat, but their high bytes do once bytes of one rank lie together.
        use_dictionary=[field.name for field in table.schema if pa.types.is_string(field.type)],
        column_encoding={
            f"{field.name}.list.element": "BYTE_STREAM_SPLIT" for field in table.schema if _is_map(field)
        },
    )
    data: bytes = sink.getvalue().to_pybytes()
    return data


def check_table(path: Path, table: Table[Any], shown: str) -> None:
    """Check that the file's footer is whole and belongs to this table.

    Raises:
        DamagedTableError: if it is not.
        RunFolderError: if a newer version wrote it.
        OSError: if the file cannot be read.
    """
    with path.open("rb") as file:
        _open_parquet(file, table, shown)


def read_table(path: Path, table: Table[Record], shown: str) -> list[Record]:
    """Read the records of a file, in the order in which they were written. Raise as :func:`check_table`."""
    data = path.read_bytes()
    file = _open_parquet(pa.BufferReader(data), table, shown)
    try:
        content = file.read(use_threads=False)
        columns = {field.name: _values(table, content, field) for field in table.schema}
        names = list(columns)
        rows = zip(*columns.values(), strict=True)
        return [table.decode(dict(zip(names, row, strict=True))) for row in rows]
    except (pa.ArrowException, OSError, ValueError, TypeError, LookupError, OverflowError) as error:
        raise DamagedTableError(_first_line(error)) from error


def _open_parquet(source: Any, table: Table[Any], shown: str) -> pq.ParquetFile:  # noqa: ANN401  (pyarrow is untyped)
    try:
        file = pq.ParquetFile(source, page_checksum_verification=True)
        metadata = file.schema_arrow.metadata or {}
        footer = json.loads(metadata.get(FOOTER_KEY, b"null"))
        groups = [file.metadata.row_group(index) for index in range(file.metadata.num_row_groups)]
        n_bytes = sum(group.total_byte_size + 8 * group.num_rows * group.num_columns for group in groups)
    except (pa.ArrowException, ValueError, RecursionError, MemoryError) as error:
        raise DamagedTableError(_first_line(error)) from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise DamagedTableError(_first_line(error)) from error
    most = _MOST_MAP_BYTES if any(map(_is_map, table.schema)) else _MOST_BYTES
    if n_bytes > most or min((group.total_byte_size for group in groups), default=0) < 0:
        raise DamagedTableError(f"it declares {n_bytes} bytes, and this table has no more than {most}")
    if not isinstance(footer, dict):
        raise DamagedTableError("its footer has no key 'xaudit'")
    if not is_version(footer.get("schema_version")):
        raise DamagedTableError("its footer names no schema version")
    require_readable(footer["schema_version"], shown)
    if footer.get("table") != table.name:
        raise DamagedTableError(f"it holds the table {footer.get('table')!r}, not {table.name!r}")
    return file


def _values(table: Table[Any], found: pa.Table, field: pa.Field) -> list[Any]:
    """Return one Python value per row; a map's numbers stay an array."""
    column = _column(table, found, field)
    if not _is_map(field):
        plain: list[Any] = column.to_pylist()
        return plain
    arrays: list[Any] = []
    for chunk in column.chunks:
        flat = chunk.values.to_numpy(zero_copy_only=False)
        arrays += np.split(flat, chunk.offsets.to_numpy()[1:-1])[: len(chunk)]
    return arrays


def _column(table: Table[Any], found: pa.Table, field: pa.Field) -> pa.ChunkedArray:
    """Return a column, checked against its field; one of a later minor version than the file has its fill."""
    if field.name not in found.column_names:
        return pa.chunked_array([pa.array([_fill(table, field)] * int(found.num_rows), field.type)])
    column = found.column(field.name)
    if column.type != field.type and not (_is_map(field) and column.type == _HALVED_VALUES):
        raise ValueError(f"the column {field.name!r} holds {column.type}, not {field.type}")
    if column.null_count and not field.nullable:
        raise ValueError(f"the column {field.name!r} has gaps")
    return column


def _is_map(field: pa.Field) -> bool:
    """Return True for the numbers of a map, and False for those of a curve, which are few."""
    return bool(field.name == "values" and field.type == _MAP_VALUES)


def _fill(table: Table[Any], field: pa.Field) -> object:
    """Return the value of a column that did not exist when the table was written."""
    value = COLUMNS.get((table.name, field.name))
    if value is None and not field.nullable:
        raise ValueError(f"the column {field.name!r} is missing")
    return value


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:_LONGEST_REASON].rstrip(".")
