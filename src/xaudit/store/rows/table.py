"""One kind of table: its name, its columns, and how a record becomes a row and a row a record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import pyarrow as pa

Record = TypeVar("Record")


@dataclass(frozen=True)
class Table(Generic[Record]):
    """A kind of table of one kind of record.

    Attributes:
        name: of the file or, for a table in parts, of the folder.
        meaning: what one row is.
        schema: its columns.
        encode: from a record to a value per column.
        decode: from a value per column back to the same record.
        in_parts: whether it is written as ``<name>/part-<key>.parquet``.
    """

    name: str
    meaning: str
    schema: pa.Schema
    encode: Callable[[Record], Mapping[str, object]]
    decode: Callable[[Mapping[str, Any]], Record]
    in_parts: bool = False
