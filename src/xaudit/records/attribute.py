"""A property by which the images of a data set differ, such as the scanner or the patient's sex."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

AttributeSource = Literal["table", "file"]


@dataclass(frozen=True, slots=True)
class Attribute:
    """A property of the images, and its level on each image where it is known.

    Attributes:
        name: as strata, gates and tables write it.
        source: ``table`` for a column that the audit file names, ``file`` for a property of the image file.
        levels: the levels that occur, in the order of display.
        ordered: True if the levels are bands of a number, from low to high.
        by_case: case id: level; a case whose level is not known is missing.
    """

    name: str
    source: AttributeSource
    levels: tuple[str, ...]
    ordered: bool
    by_case: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AttributeRow:
    """The level of one attribute on one image, as the run folder stores it.

    Attributes:
        position: place of the level in the order of display, from 0.
        ordered: True if the levels are bands of a number.
    """

    case_id: str
    attribute: str
    level: str
    position: int
    ordered: bool
    source: AttributeSource


def attribute_rows(attributes: Iterable[Attribute]) -> list[AttributeRow]:
    """Return the rows that store some attributes, one for each image whose level is known."""
    rows = []
    for one in attributes:
        positions = {level: position for position, level in enumerate(one.levels)}
        rows += [
            AttributeRow(case_id, one.name, level, positions[level], one.ordered, one.source)
            for case_id, level in sorted(one.by_case.items())
        ]
    return rows


def attributes_of(rows: Sequence[AttributeRow]) -> dict[str, Attribute]:
    """Return the attributes that rows store, by name; those of several data sets with one name become one.

    Example:
        >>> attributes_of([AttributeRow("a", "sex", "f", 0, False, "table")])["sex"].by_case
        {'a': 'f'}
    """
    grouped: dict[str, list[AttributeRow]] = {}
    for row in rows:
        grouped.setdefault(row.attribute, []).append(row)
    return {
        name: Attribute(
            name,
            own[0].source,
            tuple(dict.fromkeys(row.level for row in sorted(own, key=lambda row: (row.position, row.level)))),
            all(row.ordered for row in own),
            {row.case_id: row.level for row in own},
        )
        for name, own in grouped.items()
    }
