"""Relevance rank accuracy."""

from xaudit.builtin.metrics.localization import localization_record, on_values
from xaudit.catalog.citations import ARRAS

RECORD = localization_record(
    "relevance-rank-accuracy", "share of the mark's pixels among as many highest pixels of the map", "0 to 1",
    ARRAS, on_values("ranking:relevance_rank_accuracy"), order=40, by_default=True, has_ceiling=True,
)  # fmt: skip
