"""COCO JSON."""

from xaudit.catalog.plugin_records import FormatPlugin, ImportPath
from xaudit.catalog.rows import FormatRow

RECORD = FormatPlugin(
    FormatRow(
        "coco",
        "boxes, polygons and run lengths; `reader_id` or `annotator` on an annotation names the reader",
        "annotations, masks",
    ),
    "COCO",
    collect=ImportPath("xaudit.cases.marks.formats.coco:collect_coco"),
    content="json",
    recognise=ImportPath("xaudit.cases.marks.formats.coco:is_coco"),
    fault=ImportPath("xaudit.cases.marks.formats.coco:fault_of_coco"),
    write=ImportPath("xaudit.cases.marks.formats.coco:write_coco"),
    order=10,
)
