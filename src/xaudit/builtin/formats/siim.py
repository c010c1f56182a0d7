"""The table of the SIIM-ACR Pneumothorax Segmentation Challenge."""

from xaudit.catalog.plugin_records import FormatPlugin, ImportPath
from xaudit.catalog.rows import FormatRow

RECORD = FormatPlugin(
    FormatRow("siim", "SIIM-ACR pneumothorax: relative run lengths, column by column", "annotations"),
    "SIIM-ACR run lengths",
    collect=ImportPath("xaudit.cases.marks.formats.siim:collect_siim"),
    content="table",
    columns=ImportPath("xaudit.cases.marks.formats.siim:COLUMNS"),
    order=120,
)
