"""Metrics, by family.

Those that an audit file lists under `metrics` have a file each, in their family's folder. Those that a section of the audit
file measures together, such as `sanity` or `reliance`, have one file for the section: one computation gives all of them, so
none has a function of its own.
"""

from collections.abc import Iterable
from typing import Literal

from xaudit.catalog.plugin_records import MetricPlugin, not_alone
from xaudit.catalog.regions import OWN_REGION
from xaudit.catalog.rows import MetricRow

ALIKE = "-1 to 1, chance 0"


def measured_together(rows: Iterable[MetricRow], *, first: int = 0) -> tuple[MetricPlugin, ...]:
    """Make the records of one section's metrics, in their order.

    Args:
        first: place of the first one in its family, where several sections share the family.
    """
    return tuple(MetricPlugin(row, not_alone, order=order) for order, row in enumerate(rows, first))


def spelled(region: str) -> str:
    """Name a region in a metric's meaning."""
    return "a region that the audit file names" if region == OWN_REGION else f"the region '{region}'"


def check_row(
    metric_id: str,
    meaning: str,
    family: Literal["sanity", "robustness", "repeatability"],
    value_range: str,
    cost: str,
    citation: str,
    *,
    higher_is_better: bool | None = False,
    headline: bool = True,
    unavailable: str = "",
) -> MetricRow:
    """Make the row of a check, which is measured on some cases only."""
    return MetricRow(
        metric_id, meaning, family, higher_is_better, value_range, cost, citation=citation, headline=headline,
        by_default=False, unavailable=unavailable,
    )  # fmt: skip
