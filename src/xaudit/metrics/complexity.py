"""Complexity: metrics of on how few pixels a map dwells; nothing is asked of the model, so a simple map may be wrong.

All count the map's magnitude, scaled by its own largest. Quantus divides by the largest of the whole batch, so that a
map's score depends on the others; given one map at a time it is right.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from xaudit.catalog import METRIC_RECORDS, OptionValue, typed_options
from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.guard import signal
from xaudit.records import FloatArray

if TYPE_CHECKING:
    from xaudit.config import MetricSpec


def score_complexity(spec: "MetricSpec", saliency: FloatArray) -> Measured:
    """Measure how simple one map is, by the metric that ``spec`` names.

    Args:
        spec: of the family ``complexity``.
        saliency: (h, w), signed.

    Raises:
        ValueError: for a metric of another family.
    """
    values = signal(saliency)
    if isinstance(values, Absent):
        return values
    record = METRIC_RECORDS.get(spec.name)
    if record is None:
        from xaudit.metrics.plugged import measured_on_map, plugged_metric

        return measured_on_map(plugged_metric(spec, "complexity"), spec, values)
    if record.row.family != "complexity":
        raise ValueError(f"'{spec.name}' is not a metric of the family complexity")
    value: Measured = record.measure(values, typed_options(record.row.options, spec.options))
    return value


def of_magnitude(
    function: Callable[..., float], values: FloatArray, options: Mapping[str, OptionValue]
) -> float:
    """Call a metric of the map's magnitude, scaled to 1 by its largest, with the options as keyword arguments."""
    return function(np.abs(values) / np.abs(values).max(), **options)


def effective_complexity(magnitude: FloatArray, *, least: float) -> float:
    """Count the pixels whose magnitude exceeds ``least`` of the map's largest; lower is simpler, 1 to all pixels.

    Quantus's count, per map. The paper counts the pixels that the model needs instead, which the area under deletion
    and insertion tell.

    Args:
        magnitude: (h, w), 0 to 1, the largest 1.

    Source: after Nguyen and Rodríguez Martínez 2020, section 3.3.
    """
    return float((magnitude > least).sum())
