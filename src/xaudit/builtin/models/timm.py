"""Classifiers of timm by name."""

from xaudit.catalog.plugin_records import ImportPath, ModelPlugin
from xaudit.catalog.rows import ModelRow

RECORD = ModelPlugin(
    ModelRow(
        "timm",
        "any classifier of timm, by its name; its weights are never downloaded",
        "architecture",
        extra="timm",
        trains=True,
    ),
    build=ImportPath("xaudit.models.sources.timm_networks:build_timm"),
    key="architecture",
    library="timm",
    architecture="timm {0.architecture}",
    side=ImportPath("xaudit.models.sources.timm_networks:timm_side"),
    remarks=ImportPath("xaudit.models.sources.timm_networks:timm_remarks"),
    order=20,
)
