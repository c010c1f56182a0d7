"""In-fill: noisy linear imputation from the neighbours."""

from xaudit.catalog.plugin_records import ImportPath, InfillRecord

RECORD = InfillRecord(
    "noise",
    "noisy linear imputation from the neighbours",
    ImportPath("xaudit.perturb.infill:fill_with_noise"),
    order=20,
)
