"""The formats of images, labels, readers' marks and the files of external models."""

from operator import attrgetter

from xaudit.catalog.builtins import by_id, records_below
from xaudit.catalog.plugin_records import FormatPlugin
from xaudit.catalog.rows import FormatRow
from xaudit.catalog.table import Table

FORMAT_RECORDS = by_id(
    records_below("xaudit.builtin.formats", FormatPlugin),
    lambda record: record.row.id,
    lambda record: (record.content in ("nifti", "png"), record.order),
)
"""xaudit's own formats of readers' marks by id: pixels after documents, as errors and the audit file list them."""

WRITABLE = tuple(
    name
    for name, record in sorted(FORMAT_RECORDS.items(), key=lambda item: item[1].content == "nifti")
    if record.write is not None
)
"""The formats that marks can be written in; NIfTI last, since it needs an extra and images that lie in a patient."""

FORMATS: Table[FormatRow] = Table(
    FormatRow("folder", "one sub-folder per class", "images, labels"),
    FormatRow(
        "csv",
        "a table with the columns image, label and, where known, patient, split, spacing, site and augmented",
        "images, labels, patients, splits, sites",
    ),
    FormatRow("png", "8- and 16-bit grey or colour", "images, masks"),
    FormatRow("jpeg", "8-bit grey or colour", "images"),
    FormatRow(
        "tiff", "8- and 16-bit grey or colour, floats from 0 to 1; a page is an image: `a.tif#3`", "images"
    ),
    FormatRow(
        "dicom",
        "one image or many: `ct.dcm#3` is the third frame; needs `xaudit[dicom]`, compressed ones `xaudit[dicom-codecs]`",
        "images",
    ),
    *(record.row for record in sorted(FORMAT_RECORDS.values(), key=attrgetter("order"))),
    FormatRow(
        "predictions",
        "CSV or Parquet: `image` or `case_id`, and a column for each class, or `label` and `score`",
        "predictions of an external model",
    ),
    FormatRow(
        "maps",
        "npy, npz, pt (a tensor, no code), grey 8- and 16-bit PNG, NIfTI, and CheXlocalize's pickles, read without pickle",
        "saliency maps of an external model",
    ),
    FormatRow("phantom", "the built-in synthetic chest CT, made where it is needed", "everything"),
)
