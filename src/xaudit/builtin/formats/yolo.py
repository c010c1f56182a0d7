"""YOLO's text files."""

from xaudit.catalog.plugin_records import FormatPlugin, ImportPath
from xaudit.catalog.rows import FormatRow

RECORD = FormatPlugin(
    FormatRow(
        "yolo", "one text file per image; centre and size, or an outline, as shares of it", "annotations"
    ),
    "YOLO",
    collect=ImportPath("xaudit.cases.marks.formats.yolo:collect_yolo"),
    per_image=True,
    content="text",
    recognise=ImportPath("xaudit.cases.marks.formats.yolo:is_yolo"),
    write=ImportPath("xaudit.cases.marks.formats.yolo:write_yolo"),
    order=40,
)
