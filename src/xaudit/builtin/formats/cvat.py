"""CVAT's XML for images."""

from xaudit.catalog.plugin_records import FormatPlugin, ImportPath
from xaudit.catalog.rows import FormatRow

RECORD = FormatPlugin(
    FormatRow(
        "cvat",
        "XML of CVAT for images 1.1; boxes, outlines, ellipses and masks; an attribute `reader` names the reader",
        "annotations",
    ),
    "CVAT for images",
    collect=ImportPath("xaudit.cases.marks.formats.cvat:collect_cvat"),
    content="xml",
    recognise=lambda root: root == "annotations",
    write=ImportPath("xaudit.cases.marks.formats.cvat:write_cvat"),
    order=70,
)
