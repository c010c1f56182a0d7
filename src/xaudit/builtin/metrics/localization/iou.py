"""Intersection over union."""

from xaudit.builtin.metrics.localization import localization_record, on_cut
from xaudit.catalog.options import CUT

RECORD = localization_record(
    "iou", "overlap of the cut map with the mark; cut at Otsu's threshold unless told otherwise", "0 to 1",
    "Jaccard 1912; Otsu 1979", on_cut("overlap:overlap_iou"), order=20, options=CUT, by_default=True,
    has_ceiling=True,
)  # fmt: skip
