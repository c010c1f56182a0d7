"""Plant: a bright spot in the lower left of the middle."""

from xaudit.catalog.plugin_records import ImportPath, PlantPlugin
from xaudit.catalog.rows import PlantRow

RECORD = PlantPlugin(
    PlantRow(
        "hyperintensity",
        "a bright spot with a soft edge, in the lower left of the image",
        "box",
        box=(0.25, 0.625, 0.375, 0.75),
    ),
    insert=ImportPath("xaudit.perturb.plants:insert_hyperintensity"),
    evidence=ImportPath("xaudit.perturb.plants:evidence_of_hyperintensity"),
    order=40,
)
