"""The tables of the sources of models, and of the formats of images, labels and marks."""

from xaudit.catalog.rows import FormatRow, ModelRow
from xaudit.catalog.table import Table

MODELS: Table[ModelRow] = Table(
    ModelRow(
        "torchvision",
        "any classifier of torchvision, by its name",
        "architecture",
        trains=True,
        one_channel=False,
    ),
    ModelRow(
        "timm",
        "any classifier of timm, by its name; its weights are never downloaded",
        "architecture",
        extra="timm",
        trains=True,
    ),
    ModelRow(
        "python",
        "a function of yours that returns a torch module: package.module:function",
        "factory",
        trains=True,
    ),
    ModelRow(
        "huggingface",
        "an image classifier in a local folder: config.json and safetensors, no code of its own",
        "weights (the folder)",
        extra="huggingface",
    ),
    ModelRow(
        "torchscript",
        "an archive of torch.jit.save, network and weights in one file",
        "weights (the archive), trusted",
        inside=False,
        is_program=True,
    ),
    ModelRow(
        "exported",
        "a program of torch.export.save (.pt2), network and weights in one file",
        "weights (the program), trusted",
        inside=False,
        is_program=True,
    ),
    ModelRow(
        "onnx",
        "an ONNX graph, asked through onnxruntime on the CPU",
        "weights (the graph)",
        extra="onnx",
        gradients=False,
        inside=False,
    ),
    ModelRow(
        "phantom",
        "one of the two small networks that ship with the phantom study",
        "variant: honest or shortcut",
        trains=True,
        one_channel=False,
    ),
    ModelRow(
        "external",
        "no model: its predictions as a table and its saliency maps as files; nothing that asks a model is assessed",
        "predictions, maps",
        is_here=False,
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
    FormatRow(
        "tiff", "8- and 16-bit grey or colour, floats from 0 to 1; a page is an image: `a.tif#3`", "images"
    ),
    FormatRow(
        "dicom",
        "one image or many: `ct.dcm#3` is the third frame; needs `xaudit[dicom]`, compressed ones `xaudit[dicom-codecs]`",
        "images",
    ),
    FormatRow(
        "coco",
        "boxes, polygons and run lengths; `reader_id` or `annotator` on an annotation names the reader",
        "annotations, masks",
    ),
    FormatRow(
        "nifti",
        "slices of a volume: `ct.nii.gz#3` is the third; marks are whole numbers, a sub-folder is a reader; needs `xaudit[nifti]`",
        "images, annotations, masks",
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
    FormatRow(
        "rtstruct",
        "DICOM RT structure sets: outlines in millimetres, put on the slices that they name; an outline within another is a hole",
        "annotations",
    ),
    FormatRow("masks", "one PNG per image, not zero is inside; a sub-folder is a reader", "annotations"),
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
