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


def plugged_metric(spec: "MetricSpec", family: str) -> Brought:
    """Return the plug-in behind a metric.

    Raises:
        PluginError: where it cannot be used, or no package brings it.
        ValueError: where it is of another family.
    """
    found = installed("metric", spec.name)
    if found.plugin.row.family != family:
        raise ValueError(f"'{spec.name}' is not a metric of the family {family}")
    return found


def measured_on_mark(found: Brought, spec: "MetricSpec", marked: "MarkedMap") -> Measured:
    """Measure a plug-in's metric of the family ``localization``."""
    # Other metrics are given the same arrays after it.
    lent = replace(
        marked, saliency=marked.saliency.copy(), mark=marked.mark.copy(), valid=marked.valid.copy()
    )
    return _measured(found, lambda: found.plugin.measure(lent, spec.options))


def measured_on_map(found: Brought, spec: "MetricSpec", values: FloatArray) -> Measured:
    """Measure a plug-in's metric of the family ``complexity``; ``values`` are (h, w), finite and not constant."""
    return _measured(found, lambda: found.plugin.measure(values.copy(), spec.options))


def ask_plugged(found: Brought, spec: "MetricSpec", asked: "Asked") -> "Asking[Found]":
    """Ask a plug-in's metric of the family ``faithfulness``."""
    with blamed(found.offer, "measuring"):
        lent = replace(asked, image=asked.image.clone(), saliency=asked.saliency.copy())
        asking = found.plugin.measure(lent, spec.options)
        if not isinstance(asking, Generator):
            raise _wrong(found, f"a {type(asking).__name__}, expected a generator of questions")
        came_to = yield from asking
    if isinstance(came_to, Found):
        return Found(_checked(found, came_to.value), came_to.curve)
    return Found(_checked(found, came_to))


def _measured(found: Brought, measure: Callable[[], Any]) -> Measured:
    with blamed(found.offer, "measuring"):
        value = measure()
    return _checked(found, value)


def _checked(found: Brought, value: Any) -> Measured:  # noqa: ANN401
    """The value, if it is one that the tables can hold."""
    if isinstance(value, Absent):
        return value
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise _wrong(found, f"a {type(value).__name__}, expected a number or Absent")
    if not math.isfinite(value):
        raise _wrong(found, f"{value}, expected a finite number, or Absent with the reason")
    if found.plugin.row.is_share and not 0 <= value <= 1:
        raise _wrong(found, f"{value:g}, and its row says '{found.plugin.row.range}'")
    return float(value)


def _wrong(found: Brought, what: str) -> PluginError:
    return PluginError(
        f"{found.offer.spelled}: `measure` gave {what}", hint=f"tell the authors of {found.offer.package}"
    )
