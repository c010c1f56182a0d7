"""Relevance mass over the mark's share of the image."""

from xaudit.builtin.metrics.localization import localization_record, on_values

RECORD = localization_record(
    "relevance-mass-lift", "how many times denser the positive saliency is in the mark than on average",
    "0 or more, chance 1", "Kohlbrenner et al. 2020, weighted", on_values("mass:relevance_mass_lift"),
    order=120, has_ceiling=True,
)  # fmt: skip
