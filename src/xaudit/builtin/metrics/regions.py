"""Regions: the map's mass in each part of the image."""

from xaudit.builtin.metrics import measured_together
from xaudit.catalog.citations import HERE
from xaudit.catalog.regions import REGIONS
from xaudit.catalog.rows import MetricRow

RECORDS = measured_together(
    MetricRow(
        f"mass-{region}",
        f"share of the positive saliency that lies in the region '{region}'",
        "regions",
        None,
        "0 to 1; over all regions 1",
        needs_annotation=True,
        needs_lungs="lung" in region,
        citation=HERE,
        headline=False,
    )
    for region in REGIONS
)
