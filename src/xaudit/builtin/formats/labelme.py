"""LabelMe's JSON."""

from xaudit.catalog.plugin_records import FormatPlugin, ImportPath
from xaudit.catalog.rows import FormatRow

RECORD = FormatPlugin(
    FormatRow(
        "labelme",
        "one JSON per image; rectangles, outlines, circles and masks between pixel edges",
        "annotations",
    ),
    "LabelMe",
    collect=ImportPath("xaudit.cases.marks.formats.labelme:collect_labelme"),
    per_image=True,
    content="json",
    recognise=ImportPath("xaudit.cases.marks.formats.labelme:is_labelme"),
    fault=ImportPath("xaudit.cases.marks.formats.labelme:fault_of_labelme"),
    write=ImportPath("xaudit.cases.marks.formats.labelme:write_labelme"),
    order=50,
)
