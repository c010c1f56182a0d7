"""The table of metrics, in report order."""

from xaudit.catalog.builtins import by_id, records_below
from xaudit.catalog.citations import HERE
from xaudit.catalog.families import FAMILIES
from xaudit.catalog.metric_ids import CEILING
from xaudit.catalog.plugin_records import MetricPlugin
from xaudit.catalog.rows import MetricRow
from xaudit.catalog.table import Table

_FAMILIES = tuple(FAMILIES)

METRIC_RECORDS = by_id(
    records_below("xaudit.builtin.metrics", MetricPlugin),
    lambda record: record.row.id,
    lambda record: (_FAMILIES.index(record.row.family), record.order),
)
"""xaudit's own metrics by id, in report order; without the ceilings, which follow from the others."""


def ceiling_row(row: MetricRow) -> MetricRow:
    """Make the row of a metric's resolution ceiling."""
    return MetricRow(
        f"{row.id}{CEILING}",
        f"what {row.id} gives the mark itself, drawn on the explainer's native grid",
        "limits",
        True,
        row.range,
        needs_annotation=True,
        citation=HERE,
        headline=False,
    )


METRICS: Table[MetricRow] = Table(
    *(record.row for record in METRIC_RECORDS.values()),
    *(ceiling_row(record.row) for record in METRIC_RECORDS.values() if record.row.has_ceiling),
)

CURVES = {name: record.curve for name, record in METRIC_RECORDS.items() if record.curve is not None}
"""The axes of the curves that metrics are read from, by the metric's id."""
