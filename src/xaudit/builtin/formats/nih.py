"""The table of boxes of NIH ChestX-ray14."""

from xaudit.catalog.plugin_records import FormatPlugin, ImportPath
from xaudit.catalog.rows import FormatRow

RECORD = FormatPlugin(
    FormatRow(
        "nih", "NIH ChestX-ray14: x, y, w, h under a broken header; Infiltrate is Infiltration", "annotations"
    ),
    "NIH ChestX-ray14",
    collect=ImportPath("xaudit.cases.marks.formats.nih:collect_nih"),
    content="table",
    columns=ImportPath("xaudit.cases.marks.formats.nih:COLUMNS"),
    order=100,
)
