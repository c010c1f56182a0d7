"""Relevance mass accuracy."""

from xaudit.builtin.metrics.localization import localization_record, on_values
from xaudit.catalog.citations import ARRAS

RECORD = localization_record(
    "relevance-mass-accuracy", "share of the positive saliency that lies inside the mark", "0 to 1", ARRAS,
    on_values("mass:relevance_mass_accuracy"), order=30, by_default=True, has_ceiling=True,
)  # fmt: skip
