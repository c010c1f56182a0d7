"""Plant: a brighter image."""

from xaudit.catalog.plugin_records import ImportPath, PlantPlugin
from xaudit.catalog.rows import PlantRow

RECORD = PlantPlugin(
    PlantRow("brightness", "the whole image is brighter by .15", "image", property="brightness"),
    insert=ImportPath("xaudit.perturb.plants:insert_brightness"),
    evidence=ImportPath("xaudit.perturb.plants:evidence_of_brightness"),
    order=60,
)
