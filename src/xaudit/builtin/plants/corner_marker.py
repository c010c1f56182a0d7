"""Plant: a small plate with a pattern in the upper right corner."""

from xaudit.catalog.plugin_records import ImportPath, PlantPlugin
from xaudit.catalog.rows import PlantRow

RECORD = PlantPlugin(
    PlantRow(
        "corner-marker",
        "a small plate with a pattern in the upper right corner",
        "box",
        box=(0.875, 0.0, 1.0, 0.125),
        smallest_side=96,
    ),
    insert=ImportPath("xaudit.perturb.plants:insert_corner_marker"),
    evidence=ImportPath("xaudit.perturb.plants:evidence_of_corner_marker"),
    order=10,
)
