"""In-fill: the same place of another patient's image without the finding."""

from xaudit.catalog.plugin_records import ImportPath, InfillRecord

RECORD = InfillRecord(
    "donor",
    "the same place of another patient's image without the finding",
    ImportPath("xaudit.perturb.donor:fill_from_donor"),
    order=50,
    needs_donor=True,
)
