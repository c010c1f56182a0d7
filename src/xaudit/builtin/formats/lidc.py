"""LIDC-IDRI's XML."""

from xaudit.catalog.plugin_records import FormatPlugin, ImportPath
from xaudit.catalog.rows import FormatRow

RECORD = FormatPlugin(
    FormatRow(
        "lidc",
        "LIDC-IDRI XML: outlines of up to four readers, with holes; the outline itself is outside",
        "annotations",
    ),
    "LIDC XML",
    collect=ImportPath("xaudit.cases.marks.formats.lidc:collect_lidc"),
    per_image=True,
    content="xml",
    recognise=lambda root: root == "LidcReadMessage",
    order=140,
)
