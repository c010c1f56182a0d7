"""The reliance map at a plant, beside the effect at the source."""

from collections.abc import Sequence

from xaudit.records import PlantOnMap
from xaudit.report.grid import Column, Grid, Paragraph, Row, grid, row
from xaudit.report.wording import interval
from xaudit.statistics.digits import shown

HIDES = 0.5
"""Fall of a plant's own answer from which on a window hides it."""

_COLUMNS = (
    Column("w", numeric=True),
    Column("windows"),
    Column("marks"),
    Column("effect at\nthe source", numeric=True),
    Column("in its\nwindow", numeric=True),
    Column("largest\narea there", numeric=True),
    Column("due to\nthe plant", numeric=True),
    Column("position"),
    Column("patients who\nshow it", numeric=True),
)


def map_blocks(maps: Sequence[PlantOnMap]) -> list[Grid | Paragraph]:
    """Return the table of what the map shows at one plant on one model, and a sentence where no window hides the plant."""
    if not maps:
        return []
    first = maps[0]
    kinds = [("hide", True), ("hide", False), ("transplant", True), ("transplant", False)]
    rows = [_row(one) for kind in kinds for one in maps if (one.question, one.marked) == kind]
    blocks: list[Grid | Paragraph] = [
        grid(_COLUMNS, rows, title=f"the reliance map at {first.plant} on {first.model_id}", n_keys=3)
    ]
    if max(one.hidden for one in maps if one.hidden is not None) < HIDES:
        blocks.append(
            Paragraph(
                f"No window of the map hides {first.plant}: what is left of it keeps the answer up. The map cannot show it; "
                "only hiding all of it can, as the question about its region does.",
                "dim",
            )
        )
    return blocks


def _row(one: PlantOnMap) -> Row:
    return row(
        f"{one.share:g}",
        "hidden" if one.question == "hide" else "copied",
        "used" if one.marked else "left out",
        "-" if one.truth is None else shown(one.truth),
        "-" if one.effect is None else interval(one.effect),
        "none" if one.area is None else interval(one.area),
        "-" if one.held is None else shown(one.share * one.held),
        one.position or "-",
        "-" if one.patients is None else f"{100 * one.patients:.0f} %",
    )
