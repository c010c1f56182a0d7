"""Where models, images, labels and marks can come from."""

from xaudit.catalog.rows import FormatRow, ModelRow

MODELS: tuple[ModelRow, ...] = (
    ModelRow("torchvision", "any classifier of torchvision, by its name", "architecture"),
    ModelRow("python", "a function of yours that returns a torch module: package.module:function", "factory"),
    ModelRow(
        "phantom",
        "one of the two small networks that ship with the phantom study",
        "variant: honest or shortcut",
    ),
)


FORMATS: tuple[FormatRow, ...] = (
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
    FormatRow("phantom", "the built-in synthetic chest CT, made where it is needed", "everything"),
)
