"""Tables made of flat records: a column for each field, typed as the field is."""

import dataclasses
from collections.abc import Sequence
from types import NoneType
from typing import Any, get_args, get_type_hints

import pyarrow as pa

from xaudit.store.rows.columns import FINDING, NUMBER, TEXT, TRUTH, WHOLE
from xaudit.store.rows.table import Table

_TYPES = {str: TEXT, int: WHOLE, float: NUMBER, bool: TRUTH}


def flat_table(name: str, rows: Sequence[object]) -> Table[Any]:
    """Return the kind of table that holds these records, which are all of the first one's type.

    Raises:
        TypeError: if a row is no dataclass or of another type than the first, or if a field is neither text, number nor
            truth value.

    Example:
        >>> from dataclasses import make_dataclass
        >>> row = make_dataclass("Row", [("split", str), ("n", int), ("share", float | None)])
        >>> [(field.name, str(field.type), field.nullable) for field in flat_table("t", [row("a", 1, None)]).schema]
        [('split', 'string', False), ('n', 'int64', False), ('share', 'double', True)]
    """
    record = type(rows[0])
    if not dataclasses.is_dataclass(record) or any(type(row) is not record for row in rows):
        raise TypeError(f"the rows of '{name}' are not records of one type")
    hints = get_type_hints(record)
    fields = [_field(name, one.name, hints[one.name]) for one in dataclasses.fields(record)]

    def encode(row: Any) -> dict[str, object]:  # noqa: ANN401  (any flat record)
        return {field.name: getattr(row, field.name) for field in fields}

    columns = pa.schema(fields)
    if "model_id" in columns.names:
        finding = pa.field(FINDING[0], FINDING[1], metadata={"meaning": FINDING[2]})
        columns = columns.insert(columns.names.index("model_id") + 1, finding)
    return Table(
        name, "", columns, encode, lambda row: record(**{field.name: row[field.name] for field in fields})
    )


def _field(table: str, name: str, hint: Any) -> pa.Field:  # noqa: ANN401  (any annotation)
    kinds = [kind for kind in get_args(hint) or (hint,) if kind is not NoneType]
    if len(kinds) != 1 or kinds[0] not in _TYPES:
        raise TypeError(f"the column '{name}' of '{table}' is neither text, number nor truth value")
    return pa.field(name, _TYPES[kinds[0]], nullable=NoneType in get_args(hint))
