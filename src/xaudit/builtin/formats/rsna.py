"""The table of the RSNA Pneumonia Detection Challenge."""

from xaudit.catalog.plugin_records import FormatPlugin, ImportPath
from xaudit.catalog.rows import FormatRow

RECORD = FormatPlugin(
    FormatRow("rsna", "RSNA pneumonia: x, y, width, height; target 0 is a vote for nothing", "annotations"),
    "RSNA pneumonia",
    collect=ImportPath("xaudit.cases.marks.formats.rsna:collect_rsna"),
    content="table",
    columns=ImportPath("xaudit.cases.marks.formats.rsna:COLUMNS"),
    order=90,
)
