"""Pascal VOC's XML."""

from xaudit.catalog.plugin_records import FormatPlugin, ImportPath
from xaudit.catalog.rows import FormatRow

RECORD = FormatPlugin(
    FormatRow("voc", "one XML per image; 1-based inclusive unless `origin: zero` is set", "annotations"),
    "Pascal VOC",
    collect=ImportPath("xaudit.cases.marks.formats.voc:collect_voc"),
    per_image=True,
    settings=("origin",),
    content="xml",
    recognise=lambda root: root == "annotation",
    write=ImportPath("xaudit.cases.marks.formats.voc:write_voc"),
    order=30,
)
