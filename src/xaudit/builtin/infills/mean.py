"""In-fill: the mean of the pixels that are kept."""

from xaudit.catalog.plugin_records import ImportPath, InfillRecord

RECORD = InfillRecord(
    "mean",
    "the mean of the pixels that are kept",
    ImportPath("xaudit.perturb.infill:fill_with_mean"),
    order=30,
)
