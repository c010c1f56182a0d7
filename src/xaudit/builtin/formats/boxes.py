"""Any table with a row per box."""

from xaudit.catalog.plugin_records import FormatPlugin, ImportPath
from xaudit.catalog.rows import FormatRow

RECORD = FormatPlugin(
    FormatRow(
        "boxes", "a table with a row per box; `columns` says what its columns are called", "annotations"
    ),
    "a table of boxes",
    collect=ImportPath("xaudit.cases.marks.formats.boxes:collect_boxes"),
    settings=("columns", "origin"),
    content="table",
    recognise=ImportPath("xaudit.cases.marks.formats.boxes:is_box_table"),
    columns=ImportPath("xaudit.cases.marks.formats.boxes:COLUMNS"),
    write=ImportPath("xaudit.cases.marks.formats.boxes:write_boxes"),
    order=80,
)
