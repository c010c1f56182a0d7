"""Classifiers of torchvision by name."""

from xaudit.catalog.plugin_records import ImportPath, ModelPlugin
from xaudit.catalog.rows import ModelRow

RECORD = ModelPlugin(
    ModelRow(
        "torchvision",
        "any classifier of torchvision, by its name",
        "architecture",
        trains=True,
        one_channel=False,
    ),
    build=ImportPath("xaudit.models.sources.torchvision_networks:build_torchvision"),
    key="architecture",
    architecture="{0.architecture}",
    side=ImportPath("xaudit.models.sources.torchvision_networks:torchvision_side"),
    order=10,
)
