"""Columns of every table that a run writes, in order: type, nullability and meaning.

Ids have the same name in every table, so that tables join on them.
"""

import pyarrow as pa

from xaudit.store.rows.columns import (
    CASE_ID,
    CORRECT,
    EXPLAINER,
    EXPLAINER_HASH,
    MODEL,
    N_EVALS,
    NUMBER,
    PATIENT,
    READER,
    SECONDS,
    TARGET,
    TEXT,
    TRUTH,
    WHOLE,
    Column,
    schema,
)

CASES = schema(
    CASE_ID,
    PATIENT,
    ("dataset_id", TEXT, "which of the audit's data sets it comes from"),
    ("path", TEXT, "of the image, relative to the data set's root"),
    (
        "sha256",
        TEXT,
        "digest of the image file's bytes, in hex; of one image of several in a file, of that digest and how it is taken out",
    ),
    ("label", TEXT, "the truth"),
    ("split", TEXT, "`train`, `validation` or `test`"),
    ("height", WHOLE, "of the original frame, in pixels"),
    ("width", WHOLE, "of the original frame, in pixels"),
    ("spacing_row_mm", NUMBER, "from one row to the next, in millimetres; empty where unknown"),
    ("spacing_col_mm", NUMBER, "from one column to the next, in millimetres; empty where unknown"),
    ("source_format", TEXT, "`png`, `jpeg`, `tiff`, `dicom`, `nifti` or `npy`"),
    ("site", TEXT, "where the image was taken; empty where the data does not say"),
    ("augmented", TRUTH, "whether it was made from another image; empty where the data does not say"),
    (
        "left_edge",
        TEXT,
        "which side of the patient lies at the image's left edge: `R`, `L`, `A`, `P`, `H` or `F`; empty where the file "
        "does not say",
    ),
    ("finding", TEXT, "what the label states; empty where the label names one of the data's classes"),
    empty=("patient_id", "spacing_row_mm", "spacing_col_mm", "site", "augmented", "left_edge", "finding"),
)

ATTRIBUTES = schema(
    CASE_ID,
    ("attribute", TEXT, "name of the property, as strata and gates write it"),
    ("level", TEXT, "its level on this image; an image whose level is not known has no row"),
    ("position", WHOLE, "place of the level in the order of display, from 0"),
    ("ordered", TRUTH, "true if the levels are bands of a number"),
    (
        "source",
        TEXT,
        "`table` for a column that `data.attributes` names, `file` for one of the listed properties of image files",
    ),
)

PREVIEWS = schema(
    CASE_ID,
    ("height", WHOLE, "of the picture, in pixels; it shows the whole original frame"),
    ("width", WHOLE, "of the picture, in pixels"),
    ("webp", pa.binary(), "the picture in 8 bits of grey, as lossless WebP"),
)

ANNOTATIONS = schema(
    CASE_ID,
    ("reader", TEXT, "who drew it"),
    ("label", TEXT, "what the reader called it; empty where nothing was said"),
    ("shape", TEXT, "`box`, `polygon`, `mask`, or `none` where the reader looked and found nothing"),
    ("x0", NUMBER, "left edge of a box"),
    ("y0", NUMBER, "upper edge of a box"),
    ("x1", NUMBER, "right edge of a box, outside it"),
    ("y1", NUMBER, "lower edge of a box, outside it"),
    (
        "points",
        pa.list_(pa.struct([pa.field("x", NUMBER), pa.field("y", NUMBER)])),
        "corners of a polygon; the last joins the first",
    ),
    ("mask_height", WHOLE, "rows of a mask"),
    ("mask_width", WHOLE, "columns of a mask"),
    ("mask_counts", pa.list_(WHOLE), "run lengths of a mask, column by column, the first run outside"),
    empty=("label", "x0", "y0", "x1", "y1", "points", "mask_height", "mask_width", "mask_counts"),
)

PREDICTIONS = schema(
    CASE_ID,
    PATIENT,
    MODEL,
    ("split", TEXT, "`train`, `validation` or `test`"),
    ("label", TEXT, "the truth"),
    ("predicted", TEXT, "the class with the highest logit"),
    TARGET,
    CORRECT,
    ("class_names", pa.list_(TEXT), "the classes, in the order of the next two columns"),
    ("logits", pa.list_(NUMBER), "one per class"),
    ("probabilities", pa.list_(NUMBER), "softmax of the logits"),
    empty=("patient_id",),
)

MAPS = schema(
    CASE_ID,
    MODEL,
    EXPLAINER,
    EXPLAINER_HASH,
    TARGET,
    ("height", WHOLE, "of the model's frame, in pixels; of an external map, of its own grid"),
    ("width", WHOLE, "likewise"),
    ("scale", pa.float32(), "1; in runs before 1.2, whose `values` are float16, the map's largest magnitude"),
    ("values", pa.list_(pa.float32()), "the signed map, row by row; times `scale` it is what was scored"),
    ("seed", WHOLE, "what the explainer's random choices were drawn from"),
    N_EVALS,
    SECONDS,
)

TUNING = schema(
    CASE_ID,
    PATIENT,
    MODEL,
    EXPLAINER,
    EXPLAINER_HASH,
    TARGET,
    ("thresholds", pa.list_(NUMBER), "that were tried, of the map scaled to 0 to 1"),
    ("ious", pa.list_(NUMBER), "IoU of the map with the marks at each of them"),
    empty=("patient_id",),
)

THRESHOLDS = schema(
    MODEL,
    EXPLAINER,
    EXPLAINER_HASH,
    TARGET,
    ("split", TEXT, "whose cases chose the threshold; never the one that is scored"),
    ("threshold", NUMBER, "at which the explainer's maps are cut, of the map scaled to 0 to 1"),
    ("iou", NUMBER, "its mean IoU over the patients of that split"),
    ("n_cases", WHOLE, "marked cases that chose it"),
    ("n_patients", WHOLE, "their patients, or the cases where the data names none"),
)

SCORES = schema(
    CASE_ID,
    PATIENT,
    READER,
    MODEL,
    EXPLAINER,
    EXPLAINER_HASH,
    TARGET,
    CORRECT,
    ("metric", TEXT, "the metric's id in the audit file"),
    ("metric_hash", TEXT, "digest of the metric's name and settings"),
    ("family", TEXT, "the metric's family in the catalog"),
    ("value", NUMBER, "the score; empty where there is none, never NaN"),
    ("status", TEXT, "`scored` or `unscored`"),
    ("reason", TEXT, "why there is no score; empty where there is one"),
    N_EVALS,
    SECONDS,
    empty=("patient_id", "value", "reason"),
)

CURVES = schema(
    CASE_ID,
    MODEL,
    EXPLAINER,
    EXPLAINER_HASH,
    ("metric", TEXT, "the metric's id in the audit file"),
    ("metric_hash", TEXT, "digest of the metric's name and settings"),
    ("share", pa.list_(pa.float32()), "of the image that is replaced or shown at each point, rising"),
    (
        "value",
        pa.list_(pa.float32()),
        "at each of them, the model's answer; of sensitivity-n the correlation",
    ),
)

_FACTS: tuple[Column, ...] = (
    CASE_ID,
    PATIENT,
    MODEL,
    EXPLAINER,
    EXPLAINER_HASH,
    TARGET,
    ("label", TEXT, "the truth"),
    ("predicted", TEXT, "the class with the highest logit"),
    ("no_map", TEXT, "why the map is none; empty where it is one"),
    ("no_mark", TEXT, "why there is no mark to meet or miss; empty where there is one"),
    ("spread", NUMBER, "exponential of the map's entropy, as a share of the pixels that the model saw"),
    ("map_share", NUMBER, "share of those pixels that the map, cut at Otsu's threshold, holds"),
    ("coverage", NUMBER, "share of the mark that it covers"),
    ("precision", NUMBER, "share of it that lies in the mark"),
    ("mass_lift", NUMBER, "share of the saliency in the mark, over the mark's share of the pixels"),
    ("place", TEXT, "where most of the saliency outside the mark lies"),
    ("border_mass", NUMBER, "share of the saliency in the outer tenth of the frame, whatever lies there"),
)
_FACTS_EMPTY = ("patient_id", *(name for name, _, _ in _FACTS[8:]))

MAP_FACTS = schema(
    *_FACTS,
    ("n_evals", WHOLE, "model evaluations that the map took; empty for a control made of maps"),
    ("seconds", NUMBER, "time that the map took; empty for a control made of maps"),
    empty=(*_FACTS_EMPTY, "n_evals", "seconds"),
)

CATEGORIES = schema(
    *_FACTS,
    ("category", TEXT, "the failure category, under the audit's thresholds"),
    ("cell", TEXT, "`TP`, `FN`, `FP` or `TN`, the positive class being the one whose evidence readers mark"),
    (
        "wrong_reason",
        TRUTH,
        "right for the wrong reason: correct, and a map that points somewhere misses the mark or is no denser in it",
    ),
    empty=_FACTS_EMPTY,
)

SUMMARY = schema(
    MODEL,
    EXPLAINER,
    ("metric", TEXT, "the metric's id in the audit file"),
    ("family", TEXT, "the metric's family in the catalog"),
    READER,
    ("stratum", TEXT, "the part of the cases it covers, as `property=value`; `all` for all of them"),
    ("estimate", NUMBER, "mean over the cases"),
    ("low", NUMBER, "lower confidence limit; empty where too few patients allow none"),
    ("high", NUMBER, "upper confidence limit; empty where too few patients allow none"),
    (
        "method",
        TEXT,
        "`bca`, `percentile`, `wilson`, `none`, or `image-percentile` of CheXlocalize's metrics",
    ),
    ("n_replicates_dropped", WHOLE, "bootstrap replicates that had no value"),
    ("n_cases", WHOLE, "cases with a score"),
    ("n_patients", WHOLE, "patients with a score"),
    ("n_unscored", WHOLE, "cases without a score"),
    ("cluster", TEXT, "what was resampled: `patient`, or `case` where the data names no patients"),
    ("control", TEXT, "the best control of the same metric; empty where there is none"),
    ("difference", NUMBER, "this explainer minus that control, paired by case; empty without a control"),
    ("difference_low", NUMBER, "its lower confidence limit"),
    ("difference_high", NUMBER, "its upper confidence limit"),
    ("difference_method", TEXT, "as `method`"),
    ("difference_n_replicates_dropped", WHOLE, "as `n_replicates_dropped`"),
    empty=(
        "low",
        "high",
        "control",
        "difference",
        "difference_low",
        "difference_high",
        "difference_method",
        "difference_n_replicates_dropped",
    ),
)

PROBLEMS = schema(
    CASE_ID,
    ("stage", TEXT, "where the case was lost"),
    ("reason", TEXT, "why, in words a person can act on"),
)
