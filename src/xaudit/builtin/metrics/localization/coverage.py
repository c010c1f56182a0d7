"""Coverage of the mark."""

from xaudit.builtin.metrics.localization import localization_record, on_cut
from xaudit.catalog.citations import HERE
from xaudit.catalog.options import CUT

RECORD = localization_record(
    "coverage", "share of the mark that the cut map covers", "0 to 1", HERE, on_cut("overlap:coverage"),
    order=90, options=CUT, has_ceiling=True,
)  # fmt: skip
