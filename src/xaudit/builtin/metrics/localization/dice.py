"""Dice's coefficient."""

from xaudit.builtin.metrics.localization import localization_record, on_cut
from xaudit.catalog.options import CUT

RECORD = localization_record(
    "dice", "twice the overlap of cut map and mark, over the size of both", "0 to 1", "Dice 1945",
    on_cut("overlap:dice"), order=60, options=CUT, has_ceiling=True,
)  # fmt: skip
