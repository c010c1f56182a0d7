"""Precision of the cut map."""

from xaudit.builtin.metrics.localization import localization_record, on_cut
from xaudit.catalog.citations import HERE
from xaudit.catalog.options import CUT

RECORD = localization_record(
    "precision", "share of the cut map that is marked", "0 to 1, chance the mark's share", HERE,
    on_cut("overlap:precision"), order=100, options=CUT, has_ceiling=True,
)  # fmt: skip
