"""The section `reliance`: what the model depends on, region by region."""

from xaudit.builtin.metrics import measured_together, spelled
from xaudit.catalog.citations import HERE
from xaudit.catalog.regions import OWN_REGION, REGIONS
from xaudit.catalog.rows import MetricRow


def _row(prefix: str, answer: str, region: str, value_range: str, cost: str, *, headline: bool) -> MetricRow:
    return MetricRow(
        f"{prefix}-{region}",
        f"fall of the {answer} when {spelled(region)} is in-filled, minus that of random areas of its size; a rise is no fall",
        "reliance",
        None,
        f"{value_range}, 0 where it matters no more than any other place",
        cost,
        needs_annotation=region != OWN_REGION,
        needs_lungs="lung" in region,
        citation=HERE,
        headline=headline,
    )


_COST = "2 in-fills × (1 + controls) forwards"

RECORDS = measured_together(
    [
        *(
            _row("reliance", "target probability", region, "-1 to 1", _COST, headline=True)
            for region in (*REGIONS, OWN_REGION)
        ),
        *(
            _row("reliance-logit", "target's logit", region, "logits", "none beyond reliance", headline=False)
            for region in (*REGIONS, OWN_REGION)
        ),
    ]
)
