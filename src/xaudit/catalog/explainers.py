"""The table of explainers, and of the controls beside them."""

from xaudit.catalog.builtins import by_id, records_below
from xaudit.catalog.plugin_records import ExplainerPlugin
from xaudit.catalog.rows import ExplainerRow
from xaudit.catalog.table import Table

EXPLAINER_RECORDS = by_id(
    records_below("xaudit.builtin.explainers", ExplainerPlugin),
    lambda record: record.row.id,
    lambda record: (record.row.control, record.order),
)
"""xaudit's own explainers and controls by id, in report order."""

EXPLAINERS: Table[ExplainerRow] = Table(*(record.row for record in EXPLAINER_RECORDS.values()))
