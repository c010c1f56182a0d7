"""Plant: a brighter image border."""

from xaudit.catalog.plugin_records import ImportPath, PlantPlugin
from xaudit.catalog.rows import PlantRow

RECORD = PlantPlugin(
    PlantRow("border-tone", "a brighter border, .045 of the side wide", "ring"),
    insert=ImportPath("xaudit.perturb.plants:insert_border_tone"),
    evidence=ImportPath("xaudit.perturb.plants:evidence_of_border_tone"),
    order=20,
)
