"""Reliance captured: the share of what the model relies on that lies where the map is strongest."""

from xaudit.catalog.citations import HERE
from xaudit.catalog.plugin_records import MetricPlugin, not_alone
from xaudit.catalog.rows import MetricRow

RECORD = MetricPlugin(
    MetricRow(
        "reliance-captured",
        "of the reliance that the best 5 % of the image holds, how much do the map's strongest 5 % hold; explainers are judged "
        "by it, beside the other patients' mean reliance map (`prior`)",
        "agreement",
        True,
        "0 to 1",
        "none beyond the reliance map",
        citation=HERE,
    ),
    not_alone,
    order=0,
)
