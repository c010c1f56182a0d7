"""Masks as PNGs."""

from xaudit.catalog.plugin_records import FormatPlugin, ImportPath
from xaudit.catalog.rows import FormatRow

RECORD = FormatPlugin(
    FormatRow("masks", "one PNG per image, not zero is inside; a sub-folder is a reader", "annotations"),
    "mask PNGs",
    collect=ImportPath("xaudit.cases.marks.formats.masks:collect_masks"),
    per_image=True,
    content="png",
    write=ImportPath("xaudit.cases.marks.formats.masks:write_masks"),
    order=170,
)
