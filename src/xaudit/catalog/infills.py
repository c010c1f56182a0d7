"""The table of in-fills: ways to replace a region of an image by what could have been there."""

from xaudit.catalog.builtins import by_id, records_below
from xaudit.catalog.plugin_records import InfillRecord

INFILLS = by_id(
    records_below("xaudit.builtin.infills", InfillRecord),
    lambda record: record.id,
    lambda record: (record.order,),
)
"""xaudit's in-fills by id."""
