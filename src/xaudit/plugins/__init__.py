"""The interface for packages that add an explainer, a metric, a source of models, a format of marks or a plant.

A package names an object of one of these records in its metadata, as an entry point of the group ``xaudit.explainers``,
``xaudit.metrics``, ``xaudit.models``, ``xaudit.formats`` or ``xaudit.plants``; the entry point's name is the id of the record's row. It is
imported when an audit, or `xaudit list`, asks for it. Each record documents the arguments and result of its function. A
package runs :func:`check_explainer`, :func:`check_metric`, :func:`check_model`, :func:`check_format` and :func:`check_plant` in its own tests:
an audit relies on what they check. See docs/how-to/plug-ins.md.

Importing this module is cheap: names that need torch are imported on first use.
"""

import importlib
from typing import TYPE_CHECKING, Any

from xaudit.catalog import ExplainerRow, FormatRow, MetricRow, ModelRow, Option, PlantRow
from xaudit.catalog.plugin_records import (
    ExplainerPlugin,
    FormatPlugin,
    MetricPlugin,
    ModelPlugin,
    PlantPlugin,
)
from xaudit.errors import DataError, ModelError, PluginError
from xaudit.metrics.absent import Absent
from xaudit.records import Box, MaskRegion, Polygon

if TYPE_CHECKING:
    from xaudit.cases.annotation_file import files_below, read_json, read_rows, read_xml
    from xaudit.metrics.curve import Curve, Found
    from xaudit.perturb.asking import Question
    from xaudit.plugins.explainer_check import check_explainer
    from xaudit.plugins.format_check import check_format
    from xaudit.plugins.metric_check import check_metric
    from xaudit.plugins.model_check import check_model
    from xaudit.plugins.plant_check import check_plant

_LATER = {
    "Curve": "xaudit.metrics.curve",
    "Found": "xaudit.metrics.curve",
    "Question": "xaudit.perturb.asking",
    "check_explainer": "xaudit.plugins.explainer_check",
    "check_format": "xaudit.plugins.format_check",
    "check_metric": "xaudit.plugins.metric_check",
    "check_model": "xaudit.plugins.model_check",
    "check_plant": "xaudit.plugins.plant_check",
    "files_below": "xaudit.cases.annotation_file",
    "read_json": "xaudit.cases.annotation_file",
    "read_rows": "xaudit.cases.annotation_file",
    "read_xml": "xaudit.cases.annotation_file",
}

__all__ = [
    "Absent",
    "Box",
    "Curve",
    "DataError",
    "ExplainerPlugin",
    "ExplainerRow",
    "FormatPlugin",
    "FormatRow",
    "Found",
    "MaskRegion",
    "MetricPlugin",
    "MetricRow",
    "ModelError",
    "ModelPlugin",
    "ModelRow",
    "Option",
    "PlantPlugin",
    "PlantRow",
    "PluginError",
    "Polygon",
    "Question",
    "check_explainer",
    "check_format",
    "check_metric",
    "check_model",
    "check_plant",
    "files_below",
    "read_json",
    "read_rows",
    "read_xml",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _LATER:
        raise AttributeError(f"module 'xaudit.plugins' has no attribute '{name}'")
    return getattr(importlib.import_module(_LATER[name]), name)
