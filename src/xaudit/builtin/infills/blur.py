"""In-fill: a smooth continuation of the surroundings."""

from xaudit.catalog.plugin_records import ImportPath, InfillRecord

RECORD = InfillRecord(
    "blur",
    "a smooth continuation of the surroundings",
    ImportPath("xaudit.perturb.infill:fill_smoothly"),
    order=10,
)
