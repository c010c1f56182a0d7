"""Reliance agreement: the map's regions held against those that the model depends on."""

from xaudit.builtin.metrics import ALIKE, measured_together
from xaudit.catalog.citations import HERE
from xaudit.catalog.rows import MetricRow

RECORDS = measured_together(
    [
        MetricRow(
            "reliance-agreement",
            "do the regions in which the map is densest match those on which the model depends (rank correlation)",
            "agreement",
            True,
            ALIKE,
            "none beyond reliance",
            needs_annotation=True,
            citation=HERE,
        )
    ]
)
