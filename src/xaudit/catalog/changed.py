"""What is asked about changed images."""

from typing import Literal

from xaudit.catalog.localization import HERE
from xaudit.catalog.rows import MetricRow

CHANGED_FAMILIES = ("equivariance", "resolution")
"""Families of metrics that are taken on changed images; the tables' ids name the change after the family."""


def changed_rows(family: Literal["equivariance", "resolution"], change: str) -> tuple[MetricRow, ...]:
    """What is asked about a changed image; in a score's metric id the change stands after the family."""
    return (
        MetricRow(
            family,
            f"rank correlation, over pixels, of the map of {change} with that of the unchanged image",
            family,
            True,
            "-1 to 1, chance 0",
            "one map per change",
            needs_annotation=False,
            needs_lungs=False,
            citation=HERE,
        ),
        MetricRow(
            f"{family}-overlap",
            "overlap of the highest pixels of the two maps, as many of each as the mark holds",
            family,
            True,
            "0 to 1",
            "none beyond the map's",
            needs_annotation=True,
            needs_lungs=False,
            citation=HERE,
        ),
        MetricRow(
            f"{family}-probability",
            f"by how much the target's probability differs between the unchanged image and {change}",
            family,
            False,
            "0 to 1",
            "1 forward per change",
            needs_annotation=False,
            needs_lungs=False,
            citation=HERE,
        ),
        MetricRow(
            f"{family}-class",
            f"whether the model names the same class on {change}",
            family,
            True,
            "0 to 1",
            "none beyond the probability's",
            needs_annotation=False,
            needs_lungs=False,
            citation=HERE,
        ),
    )


def asks_model_of_change(metric_id: str) -> bool:
    """Whether a metric on a changed image asks the model itself and no explainer.

    Example:
        >>> asks_model_of_change("equivariance-rotate-5-class"), asks_model_of_change("equivariance-rotate-5")
        (True, False)
    """
    family, _, rest = metric_id.partition("-")
    return family in CHANGED_FAMILIES and rest.endswith(("-class", "-probability"))


def changed_metric_id(family: str, change: str, measure: str = "") -> str:
    """How the tables call a measure taken on a changed image; without a measure, the family's own.

    Example:
        >>> changed_metric_id("equivariance", "rotate-5"), changed_metric_id("resolution", "2", "iou")
        ('equivariance-rotate-5', 'resolution-2-iou')
    """
    return "-".join([family, change, *([measure] if measure else [])])
