"""Limits: maps that are missing. The ceilings beside them follow from the localization metrics."""

from xaudit.builtin.metrics import measured_together
from xaudit.catalog.citations import HERE
from xaudit.catalog.rows import MetricRow

RECORDS = measured_together(
    [
        MetricRow(
            "map-missing",
            "does the map of a marked case point nowhere: zero, constant, not finite or nothing positive",
            "limits",
            False,
            "0 to 1",
            needs_annotation=True,
            citation=HERE,
            headline=False,
        )
    ]
)
