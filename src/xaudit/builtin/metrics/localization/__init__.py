"""Metrics that hold a map against a reader's mark.

Each names a function of :mod:`xaudit.metrics.localization` as ``file:function``, and what of map and mark it is given.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from xaudit.catalog.plugin_records import ImportPath, MetricPlugin
from xaudit.catalog.rows import MetricRow, Option

Measure = Callable[..., Any]
_ROOM = "xaudit.metrics.localization"


def localization_record(
    metric_id: str,
    meaning: str,
    value_range: str,
    citation: str,
    measure: Measure,
    *,
    order: int,
    options: tuple[Option, ...] = (),
    higher_is_better: bool = True,
    by_default: bool = False,
    has_ceiling: bool = False,
    without_map: float | Measure | None = 0.0,
    guarded: bool = True,
) -> MetricPlugin:
    """Make the record of a metric that wants a mark and asks nothing of the model."""
    row = MetricRow(
        metric_id,
        meaning,
        "localization",
        higher_is_better,
        value_range,
        needs_annotation=True,
        citation=citation,
        options=options,
        by_default=by_default,
        has_ceiling=has_ceiling,
    )
    return MetricPlugin(row, measure, without_map, guarded, order=order)


def on_cut(path: str) -> Measure:
    """Give the function the cut map and the mark; the options say how the map is cut."""
    return partial(ImportPath(f"{_ROOM}:on_cut"), ImportPath(f"{_ROOM}.{path}"))


def on_values(path: str) -> Measure:
    """Give the function the positive values of the map, the mark, and the options as keyword arguments."""
    return partial(ImportPath(f"{_ROOM}:on_values"), ImportPath(f"{_ROOM}.{path}"))


def on_map(path: str) -> Measure:
    """Give the function the signed map and the mark in the image's frame, whatever the map holds."""
    return partial(ImportPath(f"{_ROOM}:on_map"), ImportPath(f"{_ROOM}.{path}"))


def in_mm(path: str) -> Measure:
    """Give the function map and mark, and the size of a pixel in millimetres."""
    return partial(ImportPath(f"{_ROOM}.distance:in_mm"), ImportPath(f"{_ROOM}.{path}"))


def in_diagonals(path: str) -> Measure:
    """Give the function map and mark, and the size of a pixel as a share of the image's diagonal."""
    return partial(ImportPath(f"{_ROOM}.distance:in_diagonals"), ImportPath(f"{_ROOM}.{path}"))
