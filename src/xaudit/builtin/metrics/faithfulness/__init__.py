"""Metrics that ask whether the model's answer depends on what the map shows.

In a row's cost, names in backticks are its options, ``side`` is that of the model's frame in pixels, and forwards that another
metric of the audit has paid for are not paid again.
"""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from xaudit.catalog.plugin_records import ImportPath, MetricPlugin, not_alone
from xaudit.catalog.rows import CurveRow, MetricRow, Option

LOWER_CURVE = "a lower curve is better"
HIGHER_CURVE = "a higher curve is better"
TARGET_PROBABILITY = "target probability"


def faithfulness_record(
    metric_id: str,
    meaning: str,
    value_range: str,
    cost: str,
    citation: str,
    function: str | None,
    *,
    order: int,
    settings: Mapping[str, str] = MappingProxyType({}),
    options: tuple[Option, ...] = (),
    higher_is_better: bool = True,
    by_default: bool = False,
    unavailable: str = "",
    curve: CurveRow | None = None,
) -> MetricPlugin:
    """Make the record of a metric that asks the model about changed images.

    Args:
        function: of :mod:`xaudit.metrics.faithfulness`, as ``file:function``; it takes the options as keyword arguments.
        settings: keyword arguments that are no options.
    """
    row = MetricRow(
        metric_id,
        meaning,
        "faithfulness",
        higher_is_better,
        value_range,
        cost,
        citation=citation,
        options=options,
        by_default=by_default,
        unavailable=unavailable,
    )
    room = "xaudit.metrics.faithfulness"
    measure = partial(ImportPath(f"{room}:by_keyword"), partial(ImportPath(f"{room}.{function}"), **settings))
    return MetricPlugin(row, measure if function else not_alone, curve=curve, order=order)
