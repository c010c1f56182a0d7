"""Models that are not here."""

from xaudit.catalog.plugin_records import ImportPath, ModelPlugin
from xaudit.catalog.rows import ModelRow

RECORD = ModelPlugin(
    ModelRow(
        "external",
        "no model: its predictions as a table and its saliency maps as files; nothing that asks a model is assessed",
        "predictions, maps",
        is_here=False,
    ),
    build=ImportPath("xaudit.models.sources.build:refuse_external"),
    key="predictions",
    order=90,
)
