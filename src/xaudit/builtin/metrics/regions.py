"""Regions: the map's mass in each part of the image."""

from xaudit.builtin.metrics import measured_together, spelled
from xaudit.catalog.citations import HERE
from xaudit.catalog.regions import OWN_REGION, REGIONS
from xaudit.catalog.rows import MetricRow

RECORDS = measured_together(
    MetricRow(
        f"mass-{region}",
        f"share of the positive saliency that lies in {spelled(region)}",
        "regions",
        None,
        "0 to 1; over all regions 1",
        needs_annotation=region != OWN_REGION,
        needs_lungs="lung" in region,
        citation=HERE,
        headline=False,
    )
    for region in (*REGIONS, OWN_REGION)
)
