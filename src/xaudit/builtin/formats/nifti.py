"""Masks as NIfTI files."""

from xaudit.catalog.plugin_records import FormatPlugin, ImportPath
from xaudit.catalog.rows import FormatRow

RECORD = FormatPlugin(
    FormatRow(
        "nifti",
        "slices of a volume: `ct.nii.gz#3` is the third; marks are whole numbers, a sub-folder is a reader; needs `xaudit[nifti]`",
        "images, annotations, masks",
    ),
    "NIfTI masks",
    collect=ImportPath("xaudit.cases.marks.formats.nifti:collect_nifti"),
    per_image=True,
    settings=("nifti",),
    content="nifti",
    write=ImportPath("xaudit.cases.marks.formats.nifti:write_nifti"),
    order=20,
)
