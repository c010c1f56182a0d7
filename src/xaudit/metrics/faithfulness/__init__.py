"""Faithfulness: metrics of how far the model's answer depends on what the map shows, asked in the model's own frame."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from xaudit.catalog import METRIC_RECORDS, OptionValue, typed_options
from xaudit.metrics.absent import Absent
from xaudit.metrics.curve import Found, absent
from xaudit.metrics.faithfulness.asked import Asked
from xaudit.metrics.faithfulness.removal import flipping_curve, pixel_flipping
from xaudit.metrics.guard import signal
from xaudit.metrics.plugged import ask_plugged, plugged_metric
from xaudit.perturb.asking import Asking

if TYPE_CHECKING:
    from xaudit.config import MetricSpec

__all__ = ["Asked", "ask", "flipping_curve", "pixel_flipping"]


def ask(spec: "MetricSpec", asked: Asked) -> Asking[Found]:
    """Ask the metric that ``spec`` names, whether the model's answer depends on what a map shows.

    Args:
        spec: of the family ``faithfulness``.
        asked: its map may still be one that says nothing: then there is no value, with the reason.

    Returns:
        The metric in progress, for :func:`xaudit.perturb.asking.answer`.

    Raises:
        ValueError: for shapes that differ, or a metric of another family or unavailable.
    """
    if tuple(asked.image.shape[1:]) != asked.saliency.shape:
        raise ValueError(
            f"image of {tuple(asked.image.shape)} and map of {asked.saliency.shape} do not match"
        )
    values = signal(asked.saliency)
    measured = _measure(spec, asked if isinstance(values, Absent) else asked.with_map(values))
    return _nothing(values) if isinstance(values, Absent) else measured


def by_keyword(
    function: Callable[..., Asking[Found]], asked: Asked, options: Mapping[str, OptionValue]
) -> Asking[Found]:
    """Call a metric that takes the options of its row as keyword arguments."""
    return function(asked, **options)


def _nothing(why: Absent) -> Asking[Found]:
    yield from ()
    return absent(why.reason)


def _measure(spec: "MetricSpec", asked: Asked) -> Asking[Found]:
    record = METRIC_RECORDS.get(spec.name)
    if record is None:
        return ask_plugged(plugged_metric(spec, "faithfulness"), spec, asked)
    if record.row.family != "faithfulness":
        raise ValueError(f"'{spec.name}' is not a metric of the family faithfulness")
    asking: Asking[Found] = record.measure(asked, typed_options(record.row.options, spec.options))
    return asking
