"""Sections and tables as GitHub-flavoured Markdown, and tables as CSV; quick to import."""

import csv
import io

from xaudit.report.grid import Beside, Block, Cell, Drawing, Grid, Paragraph, Section


def markdown_section(section: Section) -> str:
    """Format a section under a second-level heading."""
    return "\n\n".join([f"## {escaped(section.title)}", *(_block(block) for block in section.blocks)])


def markdown_grid(table: Grid) -> str:
    """Format a table; its headings become rows."""
    titles = [escaped(" ".join(column.title.split())) for column in table.columns]
    rules = ["---:" if column.numeric else "---" for column in table.columns]
    lines = [_joined(titles), _joined(rules)]
    for row in table.rows:
        cells = [_cell(cell) for cell in row.cells]
        if row.heading:
            cells = [f"*{escaped(row.cells[0].text)}*", *[""] * (len(titles) - 1)]
        lines.append(_joined(cells))
    above = f"**{escaped(table.title)}**\n\n" if table.title else ""
    return above + "\n".join(lines)


def csv_table(table: Grid) -> str:
    """Format a table as CSV with a header; headings within the table are left out."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([" ".join(column.title.split()) for column in table.columns])
    writer.writerows([[cell.text for cell in row.cells] for row in table.rows if not row.heading])
    return out.getvalue()


def _block(block: Block) -> str:
    match block:
        case Paragraph(text, _, "-"):
            return f"- {escaped(text)}"
        case Paragraph(text, _, lead):
            return f"**{lead.strip()}** {escaped(text)}" if lead else escaped(text)
        case Grid():
            return markdown_grid(block)
        case Beside(grids):
            return "\n\n".join(markdown_grid(table) for table in grids)
        case Drawing(sketches):
            pictures = ["\n".join([one.title, *one.lines]) for one in sketches]
            return "\n\n".join(f"```text\n{picture.replace('`', '')}\n```" for picture in pictures)


def _cell(cell: Cell) -> str:
    text = escaped(cell.text.strip())
    return f"**{text}**" if text and cell.tone in ("strong", "warn", "bad") else text


def _joined(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def escaped(text: str) -> str:
    r"""A text in which no character is taken for markup.

    Example:
        >>> escaped("a|b <i> 0.4* `x`")
        'a\\|b &lt;i> 0.4\\* `x`'
    """
    for mark in ("\\", "|", "*", "_"):
        text = text.replace(mark, f"\\{mark}")
    return text.replace("<", "&lt;")
