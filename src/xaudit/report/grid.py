"""Tables as data: what stands in them, not how they are drawn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Tone = Literal["plain", "good", "warn", "bad", "dim", "strong"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A text and what it means; nothing may be said by the tone alone."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        title: may hold a line break.
        numeric: aligned to the right.
        wraps: whether its text may be broken over lines where room is short.
    """

    title: str
    numeric: bool = False
    wraps: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table; a heading is a single text above the rows that follow."""

    cells: tuple[Cell, ...]
    heading: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table.

    Attributes:
        title: stands above it, where there is one.
        n_keys: leading columns that are repeated where the table is cut to fit a narrow screen.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    title: str = ""
    n_keys: int = 1


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A text of its own.

    Attributes:
        lead: a short word before it, such as a verdict; further lines are indented below its end.
    """

    text: str
    tone: Tone = "plain"
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Beside:
    """Tables that stand side by side where there is room."""

    grids: tuple[Grid, ...]


@dataclass(frozen=True, slots=True)
class Sketch:
    """A picture made of characters, all lines as long as the first.

    Attributes:
        title: stands above it; cut or broken to the picture's width.
    """

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Pictures made of characters, as many beside each other as fit."""

    sketches: tuple[Sketch, ...]


Block = Grid | Paragraph | Beside | Drawing


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report."""

    title: str
    blocks: tuple[Block, ...]


def row(*texts: str | Cell) -> Row:
    """A row of texts and cells."""
    return Row(tuple(Cell(text) if isinstance(text, str) else text for text in texts))


def heading(text: str) -> Row:
    """A line over the rows that follow."""
    return Row((Cell(text, "strong"),), heading=True)


def grid(titles: Iterable[str | Column], rows: Sequence[Row], *, title: str = "", n_keys: int = 1) -> Grid:
    """A table from its column titles and rows.

    Raises:
        ValueError: if a row has not one cell for each column.
    """
    columns = tuple(Column(item) if isinstance(item, str) else item for item in titles)
    for line in rows:
        if not line.heading and len(line.cells) != len(columns):
            raise ValueError(f"a row of {len(line.cells)} cells under {len(columns)} columns")
    return Grid(columns, tuple(rows), title, n_keys)
