"""Whole-image properties: how far each model's answer moves with brightness, sharpness and the like, by true class."""

from xaudit.catalog.image_changes import IMAGE_MARGIN
from xaudit.records import Outcome, PropertyEffect
from xaudit.report.grid import Block, Cell, Column, Paragraph, Row, Section, Tone, grid, heading
from xaudit.report.wording import count, interval

_COLUMNS = (
    Column("property"),
    Column("from", wraps=True),
    Column("to", wraps=True),
    Column("P rises by", numeric=True),
    Column("log-odds\nrise by", numeric=True),
    Column("P moves\nby", numeric=True),
    Column("finding\nchanged too", numeric=True),
    Column("natural\nspreads", numeric=True),
)
_CODES = ("XA210", "XA214")


def image_section(outcome: Outcome) -> Section | None:
    """Show the effect of each property on each model, target and true class; None where none was measured."""
    if not outcome.image_properties:
        return None
    rows: list[Row] = []
    headed = ""
    order = {model: place for place, model in enumerate(outcome.model_ids)}
    for effect in sorted(
        outcome.image_properties, key=lambda one: (order[one.model_id], one.target, one.images)
    ):
        unit = f"{effect.cluster}s" if effect.n_patients != 1 else effect.cluster
        title = (
            f"{effect.model_id}: P({effect.target}) on {count(effect.n_cases, 'image')} of {effect.images}"
            + (f", {effect.n_patients} {unit}" if effect.cluster == "patient" else "")
        )
        if title != headed:
            rows.append(heading(title))
            headed = title
        rows.append(_row(effect))
    findings: list[Block] = [
        Paragraph(verdict.sentence, lead=verdict.code)
        for verdict in outcome.verdicts
        if verdict.code in _CODES
    ]
    legend = (
        "from, to: the steps with the least and the most of the property. P rises by: mean change between the two [95 % "
        "interval]; a marked finding keeps its own pattern. P moves by: highest less lowest probability over all steps and the "
        "untouched image. finding changed too: the same where the finding is changed along with the image. natural spreads: "
        "how far the property moves, in standard deviations between these images; more than a few is more than the data "
        f"itself shows. A model follows a property if P rises, or falls, by more than {IMAGE_MARGIN:g} on every class."
    )
    return Section("Whole-image properties", (grid(_COLUMNS, rows), *findings, Paragraph(legend, "dim")))


def _row(effect: PropertyEffect) -> Row:
    low, high = effect.probability.low, effect.probability.high
    beyond = low is not None and high is not None and (low > IMAGE_MARGIN or high < -IMAGE_MARGIN)
    tone: Tone = "strong" if beyond else "plain"
    return Row(
        (
            Cell(effect.property, tone),
            Cell(effect.less or "untouched"),
            Cell(effect.more or "untouched"),
            Cell(interval(effect.probability), tone),
            Cell(interval(effect.log_odds)),
            Cell(interval(effect.movement)),
            Cell(interval(effect.with_finding) if effect.n_marked else "-"),
            Cell("-" if effect.n_spreads is None else f"{effect.n_spreads:.1f}"),
        )
    )
