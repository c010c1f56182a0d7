"""Plant: a blurred image."""

from xaudit.catalog.plugin_records import ImportPath, PlantPlugin
from xaudit.catalog.rows import PlantRow

RECORD = PlantPlugin(
    PlantRow("blur", "the whole image is blurred", "image", property="sharpness"),
    insert=ImportPath("xaudit.perturb.plants:insert_blur"),
    evidence=ImportPath("xaudit.perturb.plants:evidence_of_blur"),
    order=70,
)
