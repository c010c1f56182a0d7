"""CheXlocalize's IoU."""

from xaudit.builtin.metrics.localization import localization_record, on_map
from xaudit.catalog.citations import SAPORTA

RECORD = localization_record(
    "chexlocalize-iou", "IoU by CheXlocalize's definitions: scaled from the minimum, Otsu, outlines filled",
    "0 to 1", SAPORTA, on_map("chexlocalize:segmentation_iou"), order=220,
    without_map=on_map("chexlocalize:segmentation_iou"),
)  # fmt: skip
