"""A kind of table: its name, its columns, and the conversion between records and rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import pyarrow as pa

from xaudit.records.model_id import finding_of

Record = TypeVar("Record")


@dataclass(frozen=True)
class Table(Generic[Record]):
    """A kind of table, holding one kind of record.

    Attributes:
        name: name of the file or, for a table in parts, of the folder.
        meaning: meaning of a row.
        schema: its columns.
        encode: converts a record to a value per column.
        decode: converts a value per column back to the same record.
        in_parts: True if it is written as ``<name>/part-<key>.parquet``.
    """

    name: str
    meaning: str
    schema: pa.Schema
    encode: Callable[[Record], Mapping[str, object]]
    decode: Callable[[Mapping[str, Any]], Record]
    in_parts: bool = False

    def row(self, record: Record) -> Mapping[str, object]:
        """Return a value per column, with the finding that the model's id names."""
        values = self.encode(record)
        model = values.get("model", values.get("model_id"))
        return {**values, "finding": finding_of(model)} if isinstance(model, str) else values
