"""The section `reliance`: what the model depends on, region by region."""

from xaudit.builtin.metrics import measured_together, spelled
from xaudit.catalog.citations import HERE
from xaudit.catalog.regions import AREA_PLACES, OWN_REGION, REGIONS
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


def _area(kind: str, meaning: str) -> MetricRow:
    return MetricRow(
        f"reliance-area-{kind}",
        f"largest effect on the target probability of an area of the reliance map {meaning}; 0 without an area, and then the "
        "interval ends where that of the strongest hidden window there does. Images of every true class count; where hiding "
        "or copying an area raises the answer, it counts at the border only",
        "reliance",
        None,
        "0 to 1, 0 where no area matters",
        "of all together 161 forwards for an image by default, 290 for one of another class than the target",
        needs_annotation=kind == "outside-mark",
        needs_lungs=kind == "outside-lungs",
        citation=HERE,
        headline=False,
    )


_COST = "2 in-fills × (1 + controls) forwards"

RECORDS = measured_together(
    [
        *(
            _row("reliance", "target probability", region, "-1 to 1", _COST, headline=True)
            for region in (*REGIONS, OWN_REGION)
        ),
        MetricRow(
            "kept-mark",
            "target probability that is left when everything but the mark is in-filled: high where the mark suffices",
            "reliance",
            None,
            "0 to 1",
            _COST,
            needs_annotation=True,
            citation=HERE,
        ),
        MetricRow(
            "kept-mark-beyond-random",
            "that probability minus the one when random areas of the mark's size are left instead",
            "reliance",
            None,
            "-1 to 1, 0 where the mark suffices no more than any other place",
            "none beyond kept-mark",
            needs_annotation=True,
            citation=HERE,
        ),
        *(
            _row("reliance-logit", "target's logit", region, "logits", "none beyond reliance", headline=False)
            for region in (*REGIONS, OWN_REGION)
        ),
        *(_area(kind, meaning) for kind, meaning in AREA_PLACES.items()),
    ]
)
