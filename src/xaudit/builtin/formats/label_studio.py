"""Label Studio's JSON export."""

from xaudit.catalog.plugin_records import FormatPlugin, ImportPath
from xaudit.catalog.rows import FormatRow

RECORD = FormatPlugin(
    FormatRow(
        "label-studio",
        "JSON export; percent of the image, turned clockwise; who completed it is the reader",
        "annotations",
    ),
    "Label Studio",
    collect=ImportPath("xaudit.cases.marks.formats.label_studio:collect_label_studio"),
    content="json",
    recognise=ImportPath("xaudit.cases.marks.formats.label_studio:is_label_studio"),
    fault=ImportPath("xaudit.cases.marks.formats.label_studio:fault_of_label_studio"),
    write=ImportPath("xaudit.cases.marks.formats.label_studio:write_label_studio"),
    order=60,
)
