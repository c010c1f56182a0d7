"""DICOM segmentations."""

from xaudit.catalog.plugin_records import FormatPlugin, ImportPath
from xaudit.catalog.rows import FormatRow

RECORD = FormatPlugin(
    FormatRow(
        "dicom-seg", "DICOM segmentations, binary or fractional, of the slices that they name", "annotations"
    ),
    "DICOM SEG",
    collect=ImportPath("xaudit.cases.marks.formats.dicom_seg:collect_dicom_seg"),
    per_image=True,
    content="dicom",
    recognise=ImportPath("xaudit.cases.marks.formats.dicom_seg:is_dicom_seg"),
    order=150,
)
