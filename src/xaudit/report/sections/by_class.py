"""Reliance on regions, on the images of each true class."""

from collections.abc import Sequence

from xaudit.catalog import MARGIN, with_own_regions
from xaudit.records import Outcome, RegionByClass
from xaudit.report.grid import Block, Cell, Column, Paragraph, Row, Section, Tone, grid
from xaudit.report.wording import count, interval, region_words
from xaudit.verdict import lungs_known


def by_class_section(outcome: Outcome) -> Section | None:
    """Lay out, per model, the effect of each region on the images of each true class; None if it was not measured."""
    blocks: list[Block] = []
    for model in outcome.model_ids:
        own = [row for row in outcome.by_class if row.model_id == model]
        for target in dict.fromkeys(row.target for row in own):
            rows = [row for row in own if row.target == target]
            blocks += _blocks(model, target, rows, with_own_regions(outcome.own_regions.get(model, {})))
    if not blocks:
        return None
    legend = (
        "Change of the probability when a region is replaced, beyond the change for random areas of its size, with its "
        f"interval. lowers, raises: a change of the other sign counts as 0. An effect is marked where its lower end is above "
        f"{MARGIN:g}. On images whose answer is near 0 little can be lowered, and near 1 little can be raised: read both."
    )
    return Section(
        "What the answer depends on, by the true class of the images", (*blocks, Paragraph(legend, "dim"))
    )


def _blocks(model: str, target: str, rows: list[RegionByClass], regions: Sequence[str]) -> list[Block]:
    labels = list(dict.fromkeys(row.label for row in rows))
    cells = {(row.label, row.region, row.direction): row for row in rows}
    columns = [Column("region")]
    for label in labels:
        n = max(row.n_patients for row in rows if row.label == label)
        cluster = next(row.cluster for row in rows if row.label == label)
        columns += [
            Column(f"{label},\n{count(n, cluster)}:\nlowers", numeric=True),
            Column("\n\nraises", numeric=True),
        ]
    known = any(lungs_known(rows, row) for row in rows)
    body = [
        Row(
            (
                Cell(region_words(region, lungs_known=known)),
                *(
                    _cell(cells.get((label, region, direction)))
                    for label in labels
                    for direction in ("for", "against")
                ),
            )
        )
        for region in regions
        if any(row.region == region for row in rows)
    ]
    return [grid(columns, body, title=f"{model}: P({target})")]


def _cell(row: RegionByClass | None) -> Cell:
    if row is None:
        return Cell("-", "dim")
    low = row.probability.low
    tone: Tone = "strong" if low is not None and low > MARGIN else "plain"
    return Cell(interval(row.probability), tone)
