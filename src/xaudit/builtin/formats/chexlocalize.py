"""CheXlocalize's ground-truth segmentations."""

from xaudit.catalog.plugin_records import FormatPlugin, ImportPath
from xaudit.catalog.rows import FormatRow

RECORD = FormatPlugin(
    FormatRow("chexlocalize", "compressed run lengths by image and finding", "annotations"),
    "CheXlocalize",
    collect=ImportPath("xaudit.cases.marks.formats.chexlocalize:collect_chexlocalize"),
    content="json",
    recognise=ImportPath("xaudit.cases.marks.formats.chexlocalize:is_chexlocalize"),
    write=ImportPath("xaudit.cases.marks.formats.chexlocalize:write_chexlocalize"),
    order=130,
)
