"""The phantom study's networks."""

from xaudit.catalog.plugin_records import ImportPath, ModelPlugin
from xaudit.catalog.rows import ModelRow

RECORD = ModelPlugin(
    ModelRow(
        "phantom",
        "one of the three small networks that ship with the phantom study",
        "variant: honest, unaware or shortcut",
        trains=True,
        one_channel=False,
    ),
    build=ImportPath("xaudit.models.sources.small_resnet:build_phantom"),
    resize="area",
    key="variant",
    side=ImportPath("xaudit.models.sources.small_resnet:phantom_side"),
    order=80,
)
