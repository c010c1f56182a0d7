"""The masks of a data set's anatomy as a table of areas and a list of what cannot be right."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from xaudit.report.grid import Block, Column, Grid, Paragraph, Section, grid, row
from xaudit.report.wording import count, percent

LONGEST_LIST = 8
"""Problems named one by one; the rest are counted."""


@dataclass(frozen=True, slots=True)
class AnatomyRow:
    """Areas of one case's masks, and their problems.

    Attributes:
        areas: structure: its share of the image.
        mark_in_lungs: share of the mark that lies in the lungs; None without a mark or lungs.
        sides: how the left and the right lung are told apart, as :attr:`xaudit.stages.work.anatomy.CaseAnatomy.sides` says.
    """

    dataset_id: str
    case_id: str
    areas: dict[str, float] = field(default_factory=dict)
    mark_in_lungs: float | None = None
    problems: tuple[str, ...] = ()
    sides: str = ""


_SIDES = {
    "named": "named by the masks",
    "by shape": "told apart by shape",
    "one lung": "only one lung shown",
    "not told": "not told apart and counted together",
}


def anatomy_section(rows: Sequence[AnatomyRow]) -> Section:
    """Areas by structure, the marks' share in the lungs, and the commonest problems."""
    blocks: list[Block] = [anatomy_grid(rows)]
    held = sorted(one.mark_in_lungs for one in rows if one.mark_in_lungs is not None)
    if held:
        text = (
            f"On {count(len(held), 'marked image')}, {percent(sum(held) / len(held))} of the mark lies inside the lungs on "
            f"average ({percent(held[0])} to {percent(held[-1])}). Pixels of a mark count as mark wherever they lie."
        )
        blocks.append(Paragraph(text))
    sides = Counter(one.sides for one in rows if one.sides)
    if sides:
        told = ", ".join(
            f"{words} on {count(sides[key], 'image')}" for key, words in _SIDES.items() if sides[key]
        )
        blocks.append(Paragraph(f"Left and right lung: {told}."))
    problems = Counter(problem for one in rows for problem in one.problems)
    first = {problem: one.case_id for one in reversed(rows) for problem in one.problems}
    for problem, number in problems.most_common(LONGEST_LIST):
        blocks.append(Paragraph(f"{count(number, 'image')}: {problem} ({first[problem]})", lead="-"))
    if len(problems) > LONGEST_LIST:
        blocks.append(
            Paragraph(
                f"and {count(len(problems) - LONGEST_LIST, 'more kind of problem', 'more kinds of problems')}",
                "dim",
                "-",
            )
        )
    return Section("Masks", tuple(blocks))


def anatomy_grid(rows: Sequence[AnatomyRow]) -> Grid:
    """List each structure of each data set in a row."""
    lines = []
    for dataset_id in dict.fromkeys(one.dataset_id for one in rows):
        own = [one for one in rows if one.dataset_id == dataset_id]
        for structure in dict.fromkeys(name for one in own for name in one.areas):
            areas = sorted(one.areas[structure] for one in own if structure in one.areas)
            lines.append(
                row(
                    dataset_id,
                    structure,
                    str(len(areas)),
                    str(len(own) - len(areas)),
                    percent(areas[0]),
                    percent(areas[len(areas) // 2]),
                    percent(areas[-1]),
                )
            )
    numbers = ("masks", "missing", "smallest", "median", "largest")
    return grid(["data", "structure", *(Column(name, numeric=True) for name in numbers)], lines, n_keys=2)


def anatomy_as_json(rows: Sequence[AnatomyRow]) -> dict[str, Any]:
    """Every case as JSON values; shares are unrounded."""
    return {
        "schema": "xaudit-anatomy",
        "schema_version": 1,
        "cases": [
            {
                "dataset": one.dataset_id,
                "case_id": one.case_id,
                "areas": one.areas,
                "mark_in_lungs": one.mark_in_lungs,
                "sides": one.sides or None,
                "problems": list(one.problems),
            }
            for one in rows
        ],
    }
