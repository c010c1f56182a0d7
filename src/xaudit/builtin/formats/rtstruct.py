"""DICOM RT structure sets."""

from xaudit.catalog.plugin_records import FormatPlugin, ImportPath
from xaudit.catalog.rows import FormatRow

RECORD = FormatPlugin(
    FormatRow(
        "rtstruct",
        "DICOM RT structure sets: outlines in millimetres, put on the slices that they name; an outline within another is a hole",
        "annotations",
    ),
    "DICOM RT structure sets",
    collect=ImportPath("xaudit.cases.marks.formats.rtstruct:collect_rtstruct"),
    per_image=True,
    content="dicom",
    recognise=ImportPath("xaudit.cases.marks.formats.rtstruct:is_rtstruct"),
    order=160,
)
