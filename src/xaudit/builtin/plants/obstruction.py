"""Plant: a flat grey box in the upper right of the middle."""

from xaudit.catalog.plugin_records import ImportPath, PlantPlugin
from xaudit.catalog.rows import PlantRow

RECORD = PlantPlugin(
    PlantRow(
        "obstruction",
        "a flat grey box that hides what is below, in the upper right of the image",
        "box",
        box=(0.625, 0.125, 0.75, 0.25),
    ),
    insert=ImportPath("xaudit.perturb.plants:insert_obstruction"),
    evidence=ImportPath("xaudit.perturb.plants:evidence_of_obstruction"),
    order=50,
)
