"""In-fill: the opposite side."""

from xaudit.catalog.plugin_records import ImportPath, InfillRecord

RECORD = InfillRecord(
    "mirror", "the opposite side", ImportPath("xaudit.perturb.infill:fill_from_opposite"), order=40
)
