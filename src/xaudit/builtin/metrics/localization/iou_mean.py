"""IoU averaged over thresholds."""

from xaudit.builtin.metrics.localization import localization_record, on_values

RECORD = localization_record(
    "iou-mean", "IoU averaged over the thresholds .05 to .95 of the map's range", "0 to 1", "Jaccard 1912",
    on_values("overlap:mean_iou"), order=70,
)  # fmt: skip
