"""IoU at the best threshold."""

from xaudit.builtin.metrics.localization import localization_record, on_values

RECORD = localization_record(
    "iou-best", "highest IoU at any threshold, chosen with the mark in view: optimistic", "0 to 1",
    "Jaccard 1912", on_values("overlap:best_iou"), order=80,
)  # fmt: skip
