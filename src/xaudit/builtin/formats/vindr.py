"""The tables of VinDr-CXR."""

from xaudit.catalog.plugin_records import FormatPlugin, ImportPath
from xaudit.catalog.rows import FormatRow

RECORD = FormatPlugin(
    FormatRow(
        "vindr", "VinDr-CXR: one row per reader's box; No finding is that reader's vote", "annotations"
    ),
    "VinDr-CXR",
    collect=ImportPath("xaudit.cases.marks.formats.vindr:collect_vindr"),
    content="table",
    columns=ImportPath("xaudit.cases.marks.formats.vindr:COLUMNS"),
    order=110,
)
