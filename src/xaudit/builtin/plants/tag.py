"""Plant: a plate with a pattern over a named region."""

from xaudit.catalog.plugin_records import ImportPath, PlantPlugin
from xaudit.catalog.rows import PlantRow

RECORD = PlantPlugin(
    PlantRow(
        "tag",
        "a plate with a pattern over a region: `tag@opposite-lung`, `tag@same-lung`, or a region that the audit file names",
        "region",
        smallest_side=48,
    ),
    insert=ImportPath("xaudit.perturb.plants:insert_tag"),
    evidence=ImportPath("xaudit.perturb.plants:evidence_of_tag"),
    order=30,
)
