"""Values of the check `copies`: images that are copies of each other, or slices of one scan."""

from xaudit.builtin.metrics import measured_together
from xaudit.catalog.rows import MetricRow

RECORDS = measured_together((
    MetricRow(
        "leakage", "test images with a copy in training or validation, exact or changed", "data", False, "0 and up, images",
        by_default=False,
    ),
    MetricRow(
        "leakage-slices", "test images that look like a neighbouring or repeated slice of a scan in training or validation",
        "data", False, "0 and up, images", by_default=False,
    ),
    MetricRow(
        "copies", "images that have a copy anywhere in the data, exact or changed", "data", False, "0 and up, images",
        by_default=False,
    ),
    MetricRow(
        "copies-different-label", "pairs of copies whose labels differ", "data", False, "0 and up, pairs", by_default=False,
    ),
))  # fmt: skip
