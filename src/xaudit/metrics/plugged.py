"""Metrics of other packages, asked as xaudit's own and held to their range."""

import math
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from xaudit.catalog.plugins import Brought, blamed, installed
from xaudit.errors import PluginError
from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.curve import Found
from xaudit.records import FloatArray

if TYPE_CHECKING:
    from xaudit.config import MetricSpec
    from xaudit.metrics.faithfulness.asked import Asked
    from xaudit.metrics.localization.marked_map import MarkedMap
    from xaudit.perturb.asking import Asking


def plugged_metric(spec: "MetricSpec", *families: str) -> Brought:
    """Return the plug-in behind a metric of these families.

    Raises:
        PluginError: where it cannot be used, or no package brings it.
        ValueError: where it is of another family.
    """
    plugin = installed("metric", spec.name)
    if plugin.plugin.row.family not in families:
        raise ValueError(f"'{spec.name}' is not a metric of the family {families[0]}")
    return plugin


def measured_on_mark(plugin: Brought, spec: "MetricSpec", marked: "MarkedMap") -> Measured:
    """Measure a plug-in's metric of the family ``localization``."""
    # Other metrics are given the same arrays after it.
    lent = replace(
        marked, saliency=marked.saliency.copy(), mark=marked.mark.copy(), valid=marked.valid.copy()
    )
    return _measured(plugin, lambda: plugin.plugin.measure(lent, spec.options))


def measured_on_map(plugin: Brought, spec: "MetricSpec", values: FloatArray) -> Measured:
    """Measure a plug-in's metric of the family ``complexity``; ``values`` are (h, w), finite and not constant."""
    return _measured(plugin, lambda: plugin.plugin.measure(values.copy(), spec.options))


def ask_plugged(plugin: Brought, spec: "MetricSpec", asked: "Asked") -> "Asking[Found]":
    """Ask a plug-in's metric of the family ``faithfulness``."""
    with blamed(plugin.offer, "measuring"):
        lent = replace(asked, image=asked.image.clone(), saliency=asked.saliency.copy())
        asking = plugin.plugin.measure(lent, spec.options)
        if not isinstance(asking, Generator):
            raise _wrong(plugin, f"a {type(asking).__name__}, expected a generator of questions")
        result = yield from asking
    if isinstance(result, Found):
        return replace(result, value=_checked(plugin, result.value))
    return Found(_checked(plugin, result))


def _measured(plugin: Brought, measure: Callable[[], Any]) -> Measured:
    with blamed(plugin.offer, "measuring"):
        value = measure()
    return _checked(plugin, value)


def _checked(plugin: Brought, value: Any) -> Measured:  # noqa: ANN401
    """The value, if it is one that the tables can hold."""
    if isinstance(value, Absent):
        return value
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise _wrong(plugin, f"a {type(value).__name__}, expected a number or Absent")
    if not math.isfinite(value):
        raise _wrong(plugin, f"{value}, expected a finite number, or Absent with the reason")
    if plugin.plugin.row.is_share and not 0 <= value <= 1:
        raise _wrong(plugin, f"{value:g}, and its row says '{plugin.plugin.row.range}'")
    return float(value)


def _wrong(plugin: Brought, what: str) -> PluginError:
    return PluginError(
        f"{plugin.offer.spelled}: `measure` gave {what}", hint=f"tell the authors of {plugin.offer.package}"
    )
