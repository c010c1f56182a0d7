"""Reliance on regions under each in-fill, and how odd the in-filled images are."""

from xaudit.catalog import MARGIN, REGIONS
from xaudit.records import InfillEffect, Outcome
from xaudit.report.grid import Block, Cell, Column, Paragraph, Row, Section, Tone, grid
from xaudit.report.wording import interval, percent, region_words


def by_infill_section(outcome: Outcome) -> Section | None:
    """Lay out, per model, the effect of each region under each in-fill beside the share of odd images; None without any."""
    blocks: list[Block] = []
    unknown = []
    for model in outcome.model_ids:
        own = [row for row in outcome.by_infill if row.model_id == model]
        if own:
            blocks.append(_table(model, own))
        if own and all(row.odd is None for row in own):
            unknown.append(model)
    if not blocks:
        return None
    legend = (
        "Fall of the probability when a region is replaced, beyond the fall for random areas of its size, under each in-fill "
        f"alone. An effect is marked where its lower end is above {MARGIN:g}; where the in-fills do not agree, the verdict is "
        "undecided (XA212). odd: share of these images that lie farther from real images of other patients, in the model's own "
        "features, than 99 % of real images do. The answer to an odd image may be the in-fill's doing."
    )
    if unknown:
        legend += (
            f" odd is not measured for {', '.join(unknown)}: the model's features cannot be reached, or the test split has "
            "too few images to compare with."
        )
    return Section("Does it depend on what the region is replaced by?", (*blocks, Paragraph(legend, "dim")))


def _table(model: str, rows: list[InfillEffect]) -> Block:
    infills = list(dict.fromkeys(row.infill for row in rows))
    cells = {(row.region, row.infill): row for row in rows}
    present = {row.region for row in rows}
    regions = [*(name for name in REGIONS if name in present), *sorted(present - {*REGIONS})]
    columns = [Column("region")]
    for infill in infills:
        columns += [Column(f"{infill}:\nfalls", numeric=True), Column("\nodd", numeric=True)]
    known = not present.isdisjoint({"lungs", "same-lung"})
    body = [
        Row(
            (
                Cell(region_words(region, lungs_known=known)),
                *(cell for infill in infills for cell in _cells(cells.get((region, infill)))),
            )
        )
        for region in regions
    ]
    return grid(columns, body, title=model)


def _cells(row: InfillEffect | None) -> tuple[Cell, Cell]:
    if row is None:
        return Cell("-", "dim"), Cell("-", "dim")
    low = row.effect.low
    tone: Tone = "strong" if low is not None and low > MARGIN else "plain"
    return Cell(interval(row.effect), tone), Cell("-", "dim") if row.odd is None else Cell(percent(row.odd))
