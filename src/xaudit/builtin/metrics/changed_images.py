"""The sections `equivariance` and `resolution`: what a changed image does to map and answer."""

from typing import Literal

from xaudit.builtin.metrics import ALIKE, measured_together
from xaudit.catalog.citations import HERE
from xaudit.catalog.rows import MetricRow


def _rows(family: Literal["equivariance", "resolution"], change: str) -> tuple[MetricRow, ...]:
    return (
        MetricRow(
            family, f"rank correlation, over pixels, of the map of {change} with that of the unchanged image", family,
            True, ALIKE, "one map per change", citation=HERE,
        ),
        MetricRow(
            f"{family}-overlap", "overlap of the highest pixels of the two maps, as many of each as the mark holds",
            family, True, "0 to 1", "none beyond the map's", needs_annotation=True, citation=HERE,
        ),
        MetricRow(
            f"{family}-probability",
            f"by how much the target's probability differs between the unchanged image and {change}", family, False,
            "0 to 1", "1 forward per change", citation=HERE,
        ),
        MetricRow(
            f"{family}-class", f"whether the model names the same class on {change}", family, True, "0 to 1",
            "none beyond the probability's", citation=HERE,
        ),
    )  # fmt: skip


RECORDS = (
    *measured_together(_rows("equivariance", "the flipped, turned or shifted image")),
    *measured_together(_rows("resolution", "the coarser image")),
)
