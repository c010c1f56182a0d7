"""The area under the ROC curve of pixels."""

from xaudit.builtin.metrics.localization import localization_record, on_values

RECORD = localization_record(
    "pixel-auroc", "how well the map ranks marked pixels above the others", "0 to 1, chance .5",
    "Fawcett 2006", on_values("ranking:pixel_auroc"), order=50, by_default=True, without_map=0.5,
)  # fmt: skip
