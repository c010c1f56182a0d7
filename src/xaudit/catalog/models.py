"""The table of sources of models."""

from xaudit.catalog.builtins import by_id, records_below
from xaudit.catalog.plugin_records import ModelPlugin
from xaudit.catalog.rows import ModelRow
from xaudit.catalog.table import Table

MODEL_RECORDS = by_id(
    records_below("xaudit.builtin.models", ModelPlugin),
    lambda record: record.row.id,
    lambda record: (record.order,),
)
"""xaudit's own sources of models by id, in report order."""


def holds_network(source: str) -> bool:
    """Return True if a source's file or folder holds the network beside its weights."""
    record = MODEL_RECORDS.get(source)
    return record is not None and record.load is not None


MODELS: Table[ModelRow] = Table(*(record.row for record in MODEL_RECORDS.values()))
