"""Whole-image properties: how far each model's answer moves with brightness, sharpness and the like, by true class."""

from collections.abc import Iterable

from xaudit.catalog.image_changes import IMAGE_MARGIN
from xaudit.records import Outcome, PropertyEffect
from xaudit.report.grid import Block, Cell, Column, Paragraph, Row, Section, Tone, grid, heading
from xaudit.report.wording import count, interval
from xaudit.statistics.digits import shown

_COLUMNS = (
    Column("property"),
    Column("P rises by", numeric=True),
    Column("log-odds\nrise by", numeric=True),
    Column("P moves\nby", numeric=True),
    Column("finding\nchanged too", numeric=True),
    Column("natural\nspreads", numeric=True),
)
_CODES = ("XA210", "XA214")


def image_section(outcome: Outcome) -> Section | None:
    """Show the effect of each property on each model, target and true class; None where none was measured."""
    effects = [one for one in outcome.image_properties if one.model_id in outcome.model_ids]
    if not effects:
        return None
    rows: list[Row] = []
    headed = ""
    for effect in sorted(
        effects, key=lambda one: (outcome.model_ids.index(one.model_id), one.target, one.images)
    ):
        title = _title(effect)
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
        f"P rises by: mean change of the probability [95 % interval] from the one step to the other: {_steps(effects)}. A marked "
        "finding keeps its own pattern. P moves by: highest less lowest probability over all steps and the untouched image. "
        "finding changed too: the same where the finding is changed along with the image. natural spreads: how far the "
        "property moves, in standard deviations between these images; many are more than the data itself shows. A model "
        f"follows a property if P rises, or falls, by more than {IMAGE_MARGIN:g} on every class."
    )
    return Section("Whole-image properties", (grid(_COLUMNS, rows), *findings, Paragraph(legend, "dim")))


def _title(effect: PropertyEffect) -> str:
    patients = f", {count(effect.n_patients, 'patient')}" if effect.cluster == "patient" else ""
    images = f"{count(effect.n_cases, 'image')} of {effect.images}"
    return f"{effect.model_id}: P({effect.target}) on {images}{patients}"


def _steps(effects: Iterable[PropertyEffect]) -> str:
    """List each property with the steps that give the least and the most of it."""
    steps = {one.property: f"{one.less or 'untouched'} to {one.more or 'untouched'}" for one in effects}
    return ", ".join(f"{name} {step}" for name, step in steps.items())


def _row(effect: PropertyEffect) -> Row:
    low, high = effect.probability.low, effect.probability.high
    beyond = low is not None and high is not None and (low > IMAGE_MARGIN or high < -IMAGE_MARGIN)
    tone: Tone = "strong" if beyond else "plain"
    return Row(
        (
            Cell(effect.property, tone),
            Cell(interval(effect.probability), tone),
            Cell(shown(effect.log_odds.estimate)),
            Cell(shown(effect.movement.estimate)),
            Cell(shown(effect.with_finding.estimate) if effect.n_marked else "-"),
            Cell("-" if effect.n_spreads is None else f"{effect.n_spreads:.1f}"),
        )
    )
