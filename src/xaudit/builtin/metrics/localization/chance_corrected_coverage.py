"""Coverage beyond chance."""

from xaudit.builtin.metrics.localization import localization_record, on_cut
from xaudit.catalog.citations import HERE
from xaudit.catalog.options import CUT

RECORD = localization_record(
    "chance-corrected-coverage", "coverage beyond that of a random map which points at as much",
    "at most 1, chance 0", HERE, on_cut("overlap:chance_corrected_coverage"), order=110, options=CUT,
    has_ceiling=True,
)  # fmt: skip
