"""Byte-for-byte copies across splits, as every run looks for them."""

from xaudit.records import DataCheck, ExactCopy
from xaudit.report.grid import Block, Column, Paragraph, Section, grid, row
from xaudit.report.wording import count

_MOST = 10
"""Copies named one by one; the table has all of them."""


def exact_copies_section(check: DataCheck) -> Section:
    """Name the images whose file is also in another split."""
    copies = [one for one in check.tables.get("exact_copies", ()) if isinstance(one, ExactCopy)]
    if not copies:
        text = "No file is in two splits. Copies that were changed or saved again have other bytes, and are not looked for here."
        return Section(check.title, (Paragraph(text, "dim"),))
    columns = [Column("file", numeric=True), Column("image"), Column("split"), Column("class")]
    rows = [row(str(one.group), one.case_id, one.split, one.label) for one in copies[:_MOST]]
    blocks: list[Block] = [grid(columns, rows)]
    if len(copies) > _MOST:
        blocks.append(Paragraph(f"and {count(len(copies) - _MOST, 'more image')}", "dim"))
    return Section(check.title, tuple(blocks))
