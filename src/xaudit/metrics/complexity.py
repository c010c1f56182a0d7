"""On how few pixels a map dwells; nothing is asked of the model, so a simple map may still be a wrong one.

All count the map's magnitude, scaled by its own largest. Quantus divides by the largest of the whole batch, so that a
map's score depends on the others; given one map at a time it is right.
"""

from typing import TYPE_CHECKING

import numpy as np

from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.guard import signal
from xaudit.records import FloatArray

if TYPE_CHECKING:
    from xaudit.config import MetricSpec


def score_complexity(spec: "MetricSpec", saliency: FloatArray) -> Measured:
    """How simple one map is, by the metric that ``spec`` names.

    Args:
        spec: of the family ``complexity``.
        saliency: (h, w), signed.

    Raises:
        ValueError: for a metric of another family.
    """
    from xaudit.metrics import quantus_adapter

    values = signal(saliency)
    if isinstance(values, Absent):
        return values
    magnitude = np.abs(values) / np.abs(values).max()
    match spec.name:
        case "sparseness":
            return quantus_adapter.sparseness(magnitude)
        case "complexity":
            return quantus_adapter.complexity(magnitude)
        case "effective-complexity":
            return effective_complexity(magnitude, least=float(spec.options["least"] or 0))
        case name:
            from xaudit.metrics.plugged import measured_on_map, plugged_metric

            found = plugged_metric(spec, "complexity")
            if found is not None:
                return measured_on_map(found, spec, values)
            raise ValueError(f"'{name}' is not a metric of the family complexity")


def effective_complexity(magnitude: FloatArray, *, least: float) -> float:
    """Number of pixels whose magnitude exceeds ``least`` of the map's largest; lower is simpler, 1 to all pixels.

    Quantus's count, per map. The paper counts the pixels that the model needs instead, which the area under deletion
    and insertion tell.

    Args:
        magnitude: (h, w), 0 to 1, the largest 1.

    Source: after Nguyen and Rodríguez Martínez 2020, section 3.3.
    """
    return float((magnitude > least).sum())
