"""Localization: metrics of how well a map meets the place where readers marked the finding.

One file per kind of question; :func:`measure` asks any of them by its catalog name. What counts is the positive part of
the map over the pixels that the model saw.

A map that points nowhere (zero, constant, not finite, nothing positive) on a marked case is not left out: it found
nothing, and gets what that is worth, 0 for most metrics and the chance level for those of rank. Distances have no
such value and stay absent. See docs/decisions/0010-a-map-that-points-nowhere.md.
"""

from collections.abc import Callable

from xaudit.catalog import METRIC_RECORDS, typed_options
from xaudit.catalog.plugin_records import MetricPlugin
from xaudit.config import MetricSpec
from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.localization.binarisation import kept_by
from xaudit.metrics.localization.marked_map import MarkedMap, Options
from xaudit.metrics.plugged import measured_on_mark, plugged_metric

__all__ = ["MarkedMap", "measure"]

UNTUNED = Absent(
    "no threshold was tuned for the class that is explained: the tuning split has no marked case of it"
)


def measure(spec: MetricSpec, marked: MarkedMap) -> Measured:
    """Measure one localization metric on one map and mark; Absent says why it has no value.

    Raises:
        ValueError: for a metric that is not of this family.
    """
    if spec.cuts_at_tuned_threshold and marked.threshold is None:
        return UNTUNED
    own = METRIC_RECORDS.get(spec.name)
    if own is None:
        plugin = plugged_metric(spec, "localization")
        missing = _without_map_or_mark(plugin.plugin, marked)
        return measured_on_mark(plugin, spec, marked) if missing is None else missing
    if own.row.family != "localization":
        raise ValueError(f"'{spec.name}' is not a metric of the family localization")
    missing = _without_map_or_mark(own, marked)
    value: Measured = (
        own.measure(marked, typed_options(own.row.options, spec.options)) if missing is None else missing
    )
    return value


def _without_map_or_mark(record: MetricPlugin, marked: MarkedMap) -> Measured | None:
    """Return what a metric says where there is no map or no mark; None where both are there."""
    if not record.guarded:
        return None
    if marked.no_mark is not None:
        return marked.no_mark
    if marked.no_map is None:
        return None
    if record.without_map is None:
        return marked.no_map
    value: Measured = (
        record.without_map(marked) if callable(record.without_map) else float(record.without_map)
    )
    return value


def on_cut(function: Callable[..., float], marked: MarkedMap, options: Options) -> float:
    """Call a metric of the cut map and the mark."""
    return function(kept_by(marked, options), marked.inside)


def on_values(function: Callable[..., float], marked: MarkedMap, options: Options) -> float:
    """Call a metric of the map's positive values and the mark, with the options as keyword arguments."""
    return function(marked.values, marked.inside, **options)


def on_map(function: Callable[..., Measured], marked: MarkedMap, _options: Options | None = None) -> Measured:
    """Call a metric of the signed map and the mark in the image's frame, whatever the map holds."""
    return function(marked.saliency, marked.mark)
