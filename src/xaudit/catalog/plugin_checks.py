"""Checks of what a plug-in says of itself, before it stands in the catalog."""

import re
from collections.abc import Collection
from dataclasses import replace
from typing import TypeVar

from xaudit.catalog.plugin_records import ExplainerPlugin, MetricPlugin, ModelPlugin, PlantPlugin, Plugin
from xaudit.catalog.rows import ExplainerRow, FormatRow, MetricRow, ModelRow, Option, PlantRow

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_OPTION = re.compile(r"[a-z][a-z0-9_]*")
_TAKEN = re.compile(
    r"(mass|reliance|equivariance|resolution|mprt|repeatability|reproducibility|chexlocalize|external)(-.*)?|.*-ceiling"
)
"""Ids that xaudit makes out of others."""
_NOT_OPTIONS = ("name", "id")

METRIC_FAMILIES = ("localization", "faithfulness", "complexity")
"""The families of metrics that an audit file chooses from, and so those that a plug-in may add to."""

P = TypeVar("P", bound=Plugin)


def check_plugin(plugin: Plugin, name: str, known: Collection[str]) -> str:
    """Say what is wrong with a plug-in; empty where nothing is.

    Args:
        name: of the entry point.
        known: ids that the catalog has already.
    """
    row = plugin.row
    wanted = {
        "ExplainerPlugin": ExplainerRow,
        "MetricPlugin": MetricRow,
        "ModelPlugin": ModelRow,
        "FormatPlugin": FormatRow,
        "PlantPlugin": PlantRow,
    }[type(plugin).__name__]
    if not isinstance(row, wanted):
        return f"its row is a {type(row).__name__}, expected a {wanted.__name__}"
    if row.id != name:
        return f"its row has the id '{row.id}', and the entry point another; they must be the same"
    if not _NAME.fullmatch(name):
        return "a name has small letters, digits and single hyphens only"
    if _TAKEN.fullmatch(name):
        return "xaudit makes names like this itself; it must have another name"
    if name in known:
        return f"xaudit has its own '{name}'; it must have another name"
    for work in ("make", "measure", "build", "collect", "insert", "evidence"):
        if hasattr(plugin, work) and not callable(getattr(plugin, work)):
            return f"its `{work}` is a {type(getattr(plugin, work)).__name__}, expected a function"
    match plugin:
        case ExplainerPlugin(row=explainer):
            return _explainer_fault(explainer) or _options_fault(explainer.options)
        case MetricPlugin(row=metric):
            return _metric_fault(metric, plugin.without_map) or _options_fault(metric.options)
        case ModelPlugin(options=options):
            return _options_fault(options)
        case PlantPlugin(row=plant) if (plant.place == "box") != (plant.box is not None):
            return f"its row says place '{plant.place}'; a plant in one place has a box, and no other has"
        case _:
            return "" if row.meaning else "its row has no meaning"


def with_row(plugin: P) -> P:
    """The plug-in with its row as the catalog takes it: a metric of another package is measured where it is named."""
    if isinstance(plugin, MetricPlugin) and plugin.row.by_default:
        return replace(plugin, row=replace(plugin.row, by_default=False))
    return plugin


def _explainer_fault(row: ExplainerRow) -> str:
    if row.control or row.family == "control":
        return "a plug-in cannot be a control"
    if row.made_of != "image":
        return f"its row says made_of '{row.made_of}', and a plug-in makes maps of an image"
    if row.sums_to_answer and "baseline" not in {option.name for option in row.options}:
        return "its row says sums_to_answer, and there is no option `baseline`"
    return ""


def _metric_fault(row: MetricRow, without_map: object) -> str:
    if row.family not in METRIC_FAMILIES:
        return f"its row has the family '{row.family}', expected one of {', '.join(METRIC_FAMILIES)}"
    if row.has_ceiling and row.family != "localization":
        return "only a metric of the family localization has a ceiling"
    if without_map is not None and not isinstance(without_map, int | float) and not callable(without_map):
        return f"its without_map is {without_map!r}, expected a number, a function or None"
    return ""


def _options_fault(options: tuple[Option, ...]) -> str:
    for option in options:
        if not isinstance(option, Option):
            return f"its options hold a {type(option).__name__}, expected an Option"
        if not _OPTION.fullmatch(option.name) or option.name in _NOT_OPTIONS:
            return f"no option can be called '{option.name}'"
        if isinstance(option.default, bool):
            return f"its option '{option.name}' is true or false; give it the choices `yes` and `no`"
        if option.choices and isinstance(option.default, str) and option.default not in option.choices:
            return f"the default of its option '{option.name}' is none of its choices"
    return ""
