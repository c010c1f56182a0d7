"""Reliance agreement: the map's regions held against those that the model depends on."""

from xaudit.builtin.metrics import ALIKE
from xaudit.catalog.citations import HERE
from xaudit.catalog.plugin_records import MetricPlugin, not_alone
from xaudit.catalog.rows import MetricRow

RECORD = MetricPlugin(
    MetricRow(
        "reliance-agreement",
        "do the regions in which the map is densest match those on which the model depends (rank correlation); no verdict "
        "rests on it",
        "agreement",
        True,
        ALIKE,
        "none beyond reliance",
        needs_annotation=True,
        citation=HERE,
        headline=False,
    ),
    not_alone,
    order=1,
)
