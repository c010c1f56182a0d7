"""Models that are not here."""

from xaudit.catalog.plugin_records import ModelPlugin
from xaudit.catalog.rows import ModelRow

RECORD = ModelPlugin(
    ModelRow(
        "external",
        "no model: its predictions as a table and its saliency maps as files; nothing that asks a model is assessed",
        "predictions, maps",
        is_here=False,
    ),
    build=None,
    key="predictions",
    order=90,
)
