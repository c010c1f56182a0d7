"""Every metric, in report order."""

from xaudit.catalog.changed import changed_rows
from xaudit.catalog.faithfulness import BASELINES, COMPLEXITY, FAITHFULNESS
from xaudit.catalog.localization import ARRAS, CUT, HERE, PLACED
from xaudit.catalog.regions import REGIONS
from xaudit.catalog.rows import MetricRow, Option
from xaudit.catalog.sanity import SANITY
from xaudit.catalog.table import Table

_SCORED: tuple[MetricRow, ...] = (
    MetricRow(
        "pointing-game",
        "does the map's highest point lie inside the mark; ties count in part",
        "localization",
        True,
        "0 to 1",
        "none",
        needs_annotation=True,
        needs_lungs=False,
        citation="Zhang et al. 2018",
        options=(
            Option("tolerance_px", 0.0, "pixels of the image by which the mark is widened", minimum=0),
            Option(
                "tolerance_cells",
                0.0,
                "cells of the explainer's native grid by which it is widened",
                minimum=0,
            ),
        ),
        has_ceiling=True,
    ),
    MetricRow(
        "iou",
        "overlap of the cut map with the mark; cut at Otsu's threshold unless told otherwise",
        "localization",
        True,
        "0 to 1",
        "none",
        needs_annotation=True,
        needs_lungs=False,
        citation="Jaccard 1912; Otsu 1979",
        options=CUT,
        has_ceiling=True,
    ),
    MetricRow(
        "relevance-mass-accuracy",
        "share of the positive saliency that lies inside the mark",
        "localization",
        True,
        "0 to 1",
        "none",
        needs_annotation=True,
        needs_lungs=False,
        citation=ARRAS,
        has_ceiling=True,
    ),
    MetricRow(
        "relevance-rank-accuracy",
        "share of the mark's pixels among as many highest pixels of the map",
        "localization",
        True,
        "0 to 1",
        "none",
        needs_annotation=True,
        needs_lungs=False,
        citation=ARRAS,
        has_ceiling=True,
    ),
    MetricRow(
        "pixel-auroc",
        "how well the map ranks marked pixels above the others",
        "localization",
        True,
        "0 to 1, chance .5",
        "none",
        needs_annotation=True,
        needs_lungs=False,
        citation="Fawcett 2006",
    ),
    *PLACED,
    MetricRow(
        "pixel-flipping",
        "mean target probability while the map's highest pixels are removed first",
        "faithfulness",
        False,
        "0 to 1",
        "`steps` + 1 forwards",
        needs_annotation=False,
        needs_lungs=False,
        citation="Bach et al. 2015",
        options=(
            Option("steps", 32, "removals from the whole image to none of it", minimum=2),
            Option("baseline", "blur", "what stands where a pixel was", choices=BASELINES),
        ),
    ),
    *FAITHFULNESS,
    *COMPLEXITY,
    *(
        MetricRow(
            f"mass-{region}",
            f"share of the positive saliency that lies in the region '{region}'",
            "regions",
            None,
            "0 to 1; over all regions 1",
            "none",
            needs_annotation=True,
            needs_lungs="lung" in region,
            citation=HERE,
            headline=False,
        )
        for region in REGIONS
    ),
    MetricRow(
        "reliance-agreement",
        "do the regions in which the map is densest match those on which the model depends (rank correlation)",
        "agreement",
        True,
        "-1 to 1, chance 0",
        "none beyond reliance",
        needs_annotation=True,
        needs_lungs=False,
        citation=HERE,
    ),
    *(
        MetricRow(
            f"reliance-{region}",
            f"fall of the target probability when '{region}' is in-filled, minus that of random areas of its size; a rise is no fall",
            "reliance",
            None,
            "-1 to 1, 0 where it matters no more than any other place",
            "2 in-fills × (1 + controls) forwards",
            needs_annotation=True,
            needs_lungs="lung" in region,
            citation=HERE,
        )
        for region in REGIONS
    ),
    *(
        MetricRow(
            f"reliance-logit-{region}",
            f"fall of the target's logit when '{region}' is in-filled, minus that of random areas of its size; a rise is no fall",
            "reliance",
            None,
            "logits, 0 where it matters no more than any other place",
            "none beyond reliance",
            needs_annotation=True,
            needs_lungs="lung" in region,
            citation=HERE,
            headline=False,
        )
        for region in REGIONS
    ),
    *changed_rows("equivariance", "the flipped, turned or shifted image"),
    *changed_rows("resolution", "the coarser image"),
    *SANITY,
)


CEILING = "-ceiling"
"""Ends the id of a metric's resolution ceiling."""


def ceiling_row(row: MetricRow) -> MetricRow:
    """The row of a metric's resolution ceiling."""
    return MetricRow(
        f"{row.id}{CEILING}",
        f"what {row.id} gives the mark itself, drawn on the explainer's native grid",
        "limits",
        True,
        row.range,
        "none",
        needs_annotation=True,
        needs_lungs=False,
        citation=HERE,
        headline=False,
    )


METRICS: Table[MetricRow] = Table(
    *_SCORED,
    MetricRow(
        "map-missing",
        "does the map of a marked case point nowhere: zero, constant, not finite or nothing positive",
        "limits",
        False,
        "0 to 1",
        "none",
        needs_annotation=True,
        needs_lungs=False,
        citation=HERE,
        headline=False,
    ),
    *(ceiling_row(row) for row in _SCORED if row.has_ceiling),
)
