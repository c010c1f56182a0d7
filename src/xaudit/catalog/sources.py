"""Where models, images, labels and marks can come from."""

from xaudit.catalog.rows import FormatRow, ModelRow
from xaudit.catalog.table import Table

MODELS: Table[ModelRow] = Table(
    ModelRow("torchvision", "any classifier of torchvision, by its name", "architecture"),
    ModelRow("python", "a function of yours that returns a torch module: package.module:function", "factory"),
    ModelRow(
        "phantom",
        "one of the two small networks that ship with the phantom study",
        "variant: honest or shortcut",
    ),
)


FORMATS: Table[FormatRow] = Table(
    FormatRow("folder", "one sub-folder per class", "images, labels"),
    FormatRow(
        "csv",
        "a table with the columns image, label and, where known, patient, split, spacing, site and augmented",
        "images, labels, patients, splits, sites",
    ),
    FormatRow("png", "8- and 16-bit grey or colour", "images, masks"),
    FormatRow("jpeg", "8-bit grey or colour", "images"),
    FormatRow("dicom", "single-frame: rescale, window, orientation, spacing, MONOCHROME1", "images"),
    FormatRow(
        "coco",
        "boxes, polygons and run lengths; `reader_id` or `annotator` on an annotation names the reader",
        "annotations, masks",
    ),
    FormatRow(
        "nifti",
        "one slice per image, or slices of a volume by the number in the image's name; needs `xaudit[nifti]`",
        "masks",
    ),
    FormatRow("voc", "one XML per image; 1-based inclusive unless `origin: zero` is set", "annotations"),
    FormatRow(
        "yolo", "one text file per image; centre and size, or an outline, as shares of it", "annotations"
    ),
    FormatRow(
        "labelme",
        "one JSON per image; rectangles, outlines, circles and masks between pixel edges",
        "annotations",
    ),
    FormatRow(
        "label-studio",
        "JSON export; percent of the image, turned clockwise; who completed it is the reader",
        "annotations",
    ),
    FormatRow(
        "cvat",
        "XML of CVAT for images 1.1; boxes, outlines, ellipses and masks; an attribute `reader` names the reader",
        "annotations",
    ),
    FormatRow(
        "boxes",
        "a table with a row per box; `columns` says what its columns are called",
        "annotations",
    ),
    FormatRow("rsna", "RSNA pneumonia: x, y, width, height; target 0 is a vote for nothing", "annotations"),
    FormatRow(
        "nih", "NIH ChestX-ray14: x, y, w, h under a broken header; Infiltrate is Infiltration", "annotations"
    ),
    FormatRow(
        "vindr", "VinDr-CXR: one row per reader's box; No finding is that reader's vote", "annotations"
    ),
    FormatRow("siim", "SIIM-ACR pneumothorax: relative run lengths, column by column", "annotations"),
    FormatRow("chexlocalize", "compressed run lengths by image and finding", "annotations"),
    FormatRow(
        "lidc",
        "LIDC-IDRI XML: outlines of up to four readers, with holes; the outline itself is outside",
        "annotations",
    ),
    FormatRow(
        "dicom-seg", "DICOM segmentations, binary or fractional, of the slices that they name", "annotations"
    ),
    FormatRow("masks", "one PNG per image, not zero is inside; a sub-folder is a reader", "annotations"),
    FormatRow("phantom", "the built-in synthetic chest CT, made where it is needed", "everything"),
)
