"""Attribution localisation, as Quantus names it."""

from xaudit.builtin.metrics.localization import localization_record, on_values

RECORD = localization_record(
    "attribution-localisation",
    "positive saliency inside the mark over all of it: relevance mass accuracy under Quantus's name",
    "0 to 1", "Kohlbrenner et al. 2020", on_values("mass:attribution_localisation"), order=130,
)  # fmt: skip
