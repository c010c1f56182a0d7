"""Tables of a data audit: one Parquet file for each, and a CSV file for proposed groups."""

import csv
import dataclasses
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from xaudit.records import DataAudit, DataCheck
from xaudit.store.parquet_file import encode_table
from xaudit.store.rows.flat import flat_table
from xaudit.store.run_folder import RunFolder

AS_CSV = ("groups",)
"""Tables that are also written as CSV, because `split.groups` or a person reads them."""


def table_file(check: DataCheck, table: str) -> str:
    """Return the file name of a table, without its suffix; the main data set needs no prefix.

    Example:
        >>> table_file(DataCheck("copies", "Copies", "second"), "copies")
        'second-copies'
    """
    return table if check.dataset_id == "data" else f"{check.dataset_id}-{table}"


def encoded_tables(audit: DataAudit) -> dict[str, bytes]:
    """Return the content of each table's file by its name; a table without rows has none.

    Raises:
        TypeError: if the rows of a table are not flat records of one type.
    """
    run = RunFolder(Path(), audit.audit_id, audit.name, audit.config_hash, datetime.min.replace(tzinfo=UTC))
    files: dict[str, bytes] = {}
    for check in audit.checks:
        for name, rows in check.tables.items():
            if rows:
                file = table_file(check, name)
                if f"{file}.parquet" in files:
                    raise ValueError(f"two checks have a table '{name}'")
                files[f"{file}.parquet"] = encode_table(flat_table(name, rows), rows, run)
                if name in AS_CSV:
                    files[f"{file}.csv"] = _csv(rows).encode()
    return files


def _csv(rows: Sequence[object]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [field.name for field in dataclasses.fields(rows[0])]  # type: ignore[arg-type]
    writer.writerow(names)
    writer.writerows(
        [["" if (cell := getattr(row, name)) is None else cell for name in names] for row in rows]
    )
    return out.getvalue()
