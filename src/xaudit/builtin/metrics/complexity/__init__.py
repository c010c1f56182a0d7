"""Metrics of how simple a map is; nothing is asked of the model."""

from functools import partial

from xaudit.catalog.plugin_records import ImportPath, MetricPlugin
from xaudit.catalog.rows import MetricRow, Option


def complexity_record(
    metric_id: str,
    meaning: str,
    value_range: str,
    citation: str,
    function: str,
    *,
    order: int,
    higher_is_better: bool,
    options: tuple[Option, ...] = (),
) -> MetricPlugin:
    """Make the record of a metric of the map's magnitude, scaled to 1.

    Args:
        function: of :mod:`xaudit.metrics`, as ``file:function``; it takes the options as keyword arguments.
    """
    row = MetricRow(
        metric_id,
        meaning,
        "complexity",
        higher_is_better,
        value_range,
        citation=citation,
        options=options,
        by_default=False,
    )
    measure = partial(
        ImportPath("xaudit.metrics.complexity:of_magnitude"), ImportPath(f"xaudit.metrics.{function}")
    )
    return MetricPlugin(row, measure, order=order)
