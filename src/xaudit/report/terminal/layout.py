"""Sections and tables as lines of text that fit a width; knows nothing of audits, and is quick to import."""

import textwrap
from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from xaudit.report.grid import Beside, Block, Column, Drawing, Grid, Paragraph, Row, Section, Sketch, Tone

_GAP = 2
_BESIDE_GAP = 4
_NARROWEST = 12
_STYLES: dict[Tone, str] = {
    "plain": "",
    "good": "green",
    "warn": "bold yellow",
    "bad": "bold red",
    "dim": "dim",
    "strong": "bold",
}


def render_section(section: Section, console: Console) -> None:
    """Prints one section: its title over a rule, then its paragraphs and tables."""
    rule = "-" if not console.encoding.lower().startswith("utf") else "─"
    print_line(console, Text())
    print_line(console, Text(f"{section.title} ".ljust(console.width, rule), style="bold"))
    for block in section.blocks:
        render_block(block, console)


def render_block(block: Block, console: Console) -> None:
    """Prints one paragraph, table or picture."""
    match block:
        case Paragraph():
            print_lines(console, list(_paragraph_lines(block, console.width)))
        case Grid():
            print_lines(console, grid_lines(block, console.width))
        case Beside(grids):
            print_lines(
                console, _side_by_side([grid_lines(one, console.width) for one in grids], console.width)
            )
        case Drawing(sketches):
            print_lines(console, _side_by_side(_sketch_lines(sketches), console.width, gap=_GAP))


def print_lines(console: Console, lines: Sequence[Text]) -> None:
    """Prints lines that are never broken; all at once, and plain ones past rich, which takes a millisecond for each."""
    for line in lines:
        line.rstrip()
    if console.color_system is None:
        for line in lines:
            line.truncate(console.width, overflow="ellipsis")
        console.file.write("".join(f"{line.plain}\n" for line in lines))
    elif lines:
        print_line(console, Text("\n").join(lines))


def print_line(console: Console, text: Text) -> None:
    """Prints one line that is never broken."""
    text.rstrip()
    console.print(text, no_wrap=True, overflow="ellipsis", crop=True)


def _paragraph_lines(paragraph: Paragraph, width: int) -> Iterator[Text]:
    lead = f"{paragraph.lead} " if paragraph.lead else ""
    indent = " " * cell_len(lead)
    lines = textwrap.wrap(paragraph.text, max(_NARROWEST, width - len(indent)), break_on_hyphens=False) or [
        ""
    ]
    style = _STYLES[paragraph.tone]
    for number, words in enumerate(lines):
        # With a lead, the lead alone carries the colour: a coloured paragraph is hard to read.
        before = Text(lead if number == 0 else indent, style=style)
        yield before.append(words, style="" if paragraph.lead and paragraph.tone != "dim" else style)


def grid_lines(table: Grid, width: int) -> list[Text]:
    """A table as lines no wider than ``width``; its columns are cut into several tables where they do not fit."""
    lines = [Text(table.title, style="bold")] if table.title else []
    for columns in _pieces(table, width):
        lines += _piece_lines(table, columns, width)
    return lines


def _pieces(table: Grid, width: int) -> list[list[int]]:
    """Indices of the columns that fit beside each other, balanced, the key columns first in each."""
    widths = [_natural_width(table, index) for index in range(len(table.columns))]
    keys = list(range(min(table.n_keys, len(widths))))
    others = [index for index in range(len(widths)) if index not in keys]
    if any(column.wraps for column in table.columns) or not others:
        return [[*keys, *others]]
    room = width - sum(widths[index] + _GAP for index in keys)
    for n_pieces in range(1, len(others) + 1):
        size = -(-len(others) // n_pieces)
        pieces = [others[start : start + size] for start in range(0, len(others), size)]
        if all(sum(widths[i] + _GAP for i in piece) - _GAP <= room for piece in pieces):
            return [[*keys, *piece] for piece in pieces]
    return [[*keys, index] for index in others]


def _natural_width(table: Grid, index: int) -> int:
    texts = table.columns[index].title.split("\n")
    texts += [row.cells[index].text for row in table.rows if not row.heading]
    return max(cell_len(text) for text in texts)


def _piece_lines(table: Grid, indices: Sequence[int], width: int) -> list[Text]:
    columns = [table.columns[index] for index in indices]
    widths = _fitted([_natural_width(table, index) for index in indices], columns, width)
    titles = [column.title.split("\n") for column in columns]
    depth = max(len(title) for title in titles)
    lines: list[Text] = []
    for level in range(depth):
        parts = [title[level - depth + len(title)] if level >= depth - len(title) else "" for title in titles]
        lines.append(_joined([(part, "dim") for part in parts], columns, widths))
    for row in table.rows:
        if row.heading:
            lines.append(Text(_cut(row.cells[0].text, width), style=_STYLES[row.cells[0].tone]))
        else:
            lines += _row_lines(row, indices, columns, widths)
    return lines


def _fitted(widths: list[int], columns: Sequence[Column], width: int) -> list[int]:
    """The widths with those of wrapping columns shortened, the widest first, until all fit."""
    wrapping = [index for index, column in enumerate(columns) if column.wraps]
    while wrapping and sum(widths) + _GAP * (len(widths) - 1) > width:
        widest = max(wrapping, key=lambda index: widths[index])
        if widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
    return widths


def _row_lines(
    row: Row, indices: Sequence[int], columns: Sequence[Column], widths: Sequence[int]
) -> list[Text]:
    wrapped = []
    for index, column, width in zip(indices, columns, widths, strict=True):
        text = row.cells[index].text
        fits = cell_len(text) <= width or not column.wraps
        wrapped.append([text] if fits else textwrap.wrap(text, width, break_on_hyphens=False) or [""])
    tones = [_STYLES[row.cells[index].tone] for index in indices]
    return [
        _joined(
            [
                (parts[level] if level < len(parts) else "", tone)
                for parts, tone in zip(wrapped, tones, strict=True)
            ],
            columns,
            widths,
        )
        for level in range(max(len(parts) for parts in wrapped))
    ]


def _joined(parts: Sequence[tuple[str, str]], columns: Sequence[Column], widths: Sequence[int]) -> Text:
    line = Text()
    for position, ((text, style), column, width) in enumerate(zip(parts, columns, widths, strict=True)):
        cut = _cut(text, width)
        padding = " " * (width - cell_len(cut))
        if position:
            line.append(" " * _GAP)
        line.append(padding if column.numeric else "").append(cut, style=style)
        line.append("" if column.numeric else padding)
    return line


def _cut(text: str, width: int) -> str:
    if cell_len(text) <= width:
        return text
    return text[: max(0, width - 1)] + "…"


def _sketch_lines(sketches: Sequence[Sketch]) -> list[list[Text]]:
    """Return the lines of each picture, under titles that are broken to its width and all as high."""
    widths = [max((cell_len(line) for line in one.lines), default=_NARROWEST) for one in sketches]
    titles = [
        textwrap.wrap(one.title, width, break_on_hyphens=False)
        for one, width in zip(sketches, widths, strict=True)
    ]
    height = max(map(len, titles), default=0)
    return [
        [
            *(Text(line, style="bold") for line in [*[""] * (height - len(title)), *title]),
            *(Text(line) for line in one.lines),
        ]
        for one, title in zip(sketches, titles, strict=True)
    ]


def _side_by_side(drawn: Sequence[Sequence[Text]], width: int, *, gap: int = _BESIDE_GAP) -> list[Text]:
    """Put tables or pictures next to each other, as many in a line as fit, each ending at the same height."""
    sizes = [max((line.cell_len for line in lines), default=0) for lines in drawn]
    out: list[Text] = []
    start = 0
    while start < len(drawn):
        end, used = start + 1, sizes[start]
        while end < len(drawn) and used + gap + sizes[end] <= width:
            used += gap + sizes[end]
            end += 1
        if out:
            out.append(Text())
        for level in range(max(len(lines) for lines in drawn[start:end])):
            line = Text()
            for position in range(start, end):
                part = drawn[position][level].copy() if level < len(drawn[position]) else Text()
                part.append(" " * (sizes[position] - part.cell_len))
                line.append(" " * gap if position > start else "").append_text(part)
            out.append(line)
        start = end
    return out
