"""Columns of every table that a run writes, in order: type, nullability and meaning.

Ids have the same name in every table, so that tables join on them.
"""

import pyarrow as pa

_TEXT, _NUMBER, _WHOLE, _TRUTH = pa.string(), pa.float64(), pa.int64(), pa.bool_()

Column = tuple[str, pa.DataType, str]

_CASE_ID: Column = ("case_id", _TEXT, "the case, unique within the run")
_PATIENT: Column = ("patient_id", _TEXT, "the patient; empty where the data names none")
_MODEL: Column = ("model", _TEXT, "the model's id in the audit file")
_TARGET: Column = ("target", _TEXT, "the class whose evidence is explained")
_CORRECT: Column = ("correct", _TRUTH, "whether the model named the true class")
_EXPLAINER: Column = ("explainer", _TEXT, "the explainer's id; `-` for a question put to the model itself")
_EXPLAINER_HASH: Column = ("explainer_hash", _TEXT, "digest of the explainer's name and settings")
_READER: Column = ("reader", _TEXT, "whose marks were used; `-` where none are needed")
_N_EVALS: Column = (
    "n_evals",
    _WHOLE,
    "model evaluations spent, counted per image; what cases share is split evenly",
)
_SECONDS: Column = ("seconds", _NUMBER, "wall time spent, shared evenly within a batch")


def _schema(*columns: Column, empty: tuple[str, ...] = ()) -> pa.Schema:
    """Return a schema whose columns must hold a value, except those named in ``empty``."""
    return pa.schema(
        [
            pa.field(name, kind, nullable=name in empty, metadata={"meaning": meaning})
            for name, kind, meaning in columns
        ]
    )


CASES = _schema(
    _CASE_ID,
    _PATIENT,
    ("dataset_id", _TEXT, "which of the audit's data sets it comes from"),
    ("path", _TEXT, "of the image, relative to the data set's root"),
    (
        "sha256",
        _TEXT,
        "digest of the image file's bytes, in hex; of one image of several in a file, of that digest and how it is taken out",
    ),
    ("label", _TEXT, "the truth"),
    ("split", _TEXT, "`train`, `validation` or `test`"),
    ("height", _WHOLE, "of the original frame, in pixels"),
    ("width", _WHOLE, "of the original frame, in pixels"),
    ("spacing_row_mm", _NUMBER, "from one row to the next, in millimetres; empty where unknown"),
    ("spacing_col_mm", _NUMBER, "from one column to the next, in millimetres; empty where unknown"),
    ("source_format", _TEXT, "`png`, `jpeg`, `tiff`, `dicom`, `nifti` or `npy`"),
    ("site", _TEXT, "where the image was taken; empty where the data does not say"),
    ("augmented", _TRUTH, "whether it was made from another image; empty where the data does not say"),
    (
        "left_edge",
        _TEXT,
        "which side of the patient lies at the image's left edge: `R`, `L`, `A`, `P`, `H` or `F`; empty where the file "
        "does not say",
    ),
    empty=("patient_id", "spacing_row_mm", "spacing_col_mm", "site", "augmented", "left_edge"),
)

PREVIEWS = _schema(
    _CASE_ID,
    ("height", _WHOLE, "of the picture, in pixels; it shows the whole original frame"),
    ("width", _WHOLE, "of the picture, in pixels"),
    ("webp", pa.binary(), "the picture in 8 bits of grey, as lossless WebP"),
)

ANNOTATIONS = _schema(
    _CASE_ID,
    ("reader", _TEXT, "who drew it"),
    ("label", _TEXT, "what the reader called it; empty where nothing was said"),
    ("shape", _TEXT, "`box`, `polygon`, `mask`, or `none` where the reader looked and found nothing"),
    ("x0", _NUMBER, "left edge of a box"),
    ("y0", _NUMBER, "upper edge of a box"),
    ("x1", _NUMBER, "right edge of a box, outside it"),
    ("y1", _NUMBER, "lower edge of a box, outside it"),
    (
        "points",
        pa.list_(pa.struct([pa.field("x", _NUMBER), pa.field("y", _NUMBER)])),
        "corners of a polygon; the last joins the first",
    ),
    ("mask_height", _WHOLE, "rows of a mask"),
    ("mask_width", _WHOLE, "columns of a mask"),
    ("mask_counts", pa.list_(_WHOLE), "run lengths of a mask, column by column, the first run outside"),
    empty=("label", "x0", "y0", "x1", "y1", "points", "mask_height", "mask_width", "mask_counts"),
)

PREDICTIONS = _schema(
    _CASE_ID,
    _PATIENT,
    _MODEL,
    ("split", _TEXT, "`train`, `validation` or `test`"),
    ("label", _TEXT, "the truth"),
    ("predicted", _TEXT, "the class with the highest logit"),
    _TARGET,
    _CORRECT,
    ("class_names", pa.list_(_TEXT), "the classes, in the order of the next two columns"),
    ("logits", pa.list_(_NUMBER), "one per class"),
    ("probabilities", pa.list_(_NUMBER), "softmax of the logits"),
    empty=("patient_id",),
)

MAPS = _schema(
    _CASE_ID,
    _MODEL,
    _EXPLAINER,
    _EXPLAINER_HASH,
    _TARGET,
    ("height", _WHOLE, "of the model's frame, in pixels; of an external map, of its own grid"),
    ("width", _WHOLE, "likewise"),
    ("scale", pa.float32(), "1; in runs before 1.2, whose `values` are float16, the map's largest magnitude"),
    ("values", pa.list_(pa.float32()), "the signed map, row by row; times `scale` it is what was scored"),
    ("seed", _WHOLE, "what the explainer's random choices were drawn from"),
    _N_EVALS,
    _SECONDS,
)

TUNING = _schema(
    _CASE_ID,
    _PATIENT,
    _MODEL,
    _EXPLAINER,
    _EXPLAINER_HASH,
    _TARGET,
    ("thresholds", pa.list_(_NUMBER), "that were tried, of the map scaled to 0 to 1"),
    ("ious", pa.list_(_NUMBER), "IoU of the map with the marks at each of them"),
    empty=("patient_id",),
)

THRESHOLDS = _schema(
    _MODEL,
    _EXPLAINER,
    _EXPLAINER_HASH,
    _TARGET,
    ("split", _TEXT, "whose cases chose the threshold; never the one that is scored"),
    ("threshold", _NUMBER, "at which the explainer's maps are cut, of the map scaled to 0 to 1"),
    ("iou", _NUMBER, "its mean IoU over the patients of that split"),
    ("n_cases", _WHOLE, "marked cases that chose it"),
    ("n_patients", _WHOLE, "their patients, or the cases where the data names none"),
)

SCORES = _schema(
    _CASE_ID,
    _PATIENT,
    _READER,
    _MODEL,
    _EXPLAINER,
    _EXPLAINER_HASH,
    _TARGET,
    _CORRECT,
    ("metric", _TEXT, "the metric's id in the audit file"),
    ("metric_hash", _TEXT, "digest of the metric's name and settings"),
    ("family", _TEXT, "the metric's family in the catalog"),
    ("value", _NUMBER, "the score; empty where there is none, never NaN"),
    ("status", _TEXT, "`scored` or `unscored`"),
    ("reason", _TEXT, "why there is no score; empty where there is one"),
    _N_EVALS,
    _SECONDS,
    empty=("patient_id", "value", "reason"),
)

CURVES = _schema(
    _CASE_ID,
    _MODEL,
    _EXPLAINER,
    _EXPLAINER_HASH,
    ("metric", _TEXT, "the metric's id in the audit file"),
    ("metric_hash", _TEXT, "digest of the metric's name and settings"),
    ("share", pa.list_(pa.float32()), "of the image that is replaced or shown at each point, rising"),
    (
        "value",
        pa.list_(pa.float32()),
        "at each of them, the model's answer; of sensitivity-n the correlation",
    ),
)

RELIANCE = _schema(
    _CASE_ID,
    _PATIENT,
    _MODEL,
    _TARGET,
    _CORRECT,
    (
        "region",
        _TEXT,
        "`mark`, `same-lung`, `opposite-lung`, `lungs`, `border`, `thorax`, `body`, `empty` or `outside`",
    ),
    ("infill", _TEXT, "what replaced the region's pixels"),
    ("fraction", _NUMBER, "the region's share of the image"),
    ("probability", _NUMBER, "of the target on the untouched image"),
    ("probability_drop", _NUMBER, "by how much it falls when the region is replaced"),
    ("logit_drop", _NUMBER, "the same for the target's logit"),
    ("control_probability_drop", _NUMBER, "mean fall when a random area of the same size is replaced"),
    ("control_logit_drop", _NUMBER, "the same for the target's logit"),
    (
        "beyond_random",
        _NUMBER,
        "fall of the probability minus its mean fall for random areas, a rise counting as no fall",
    ),
    ("logit_beyond_random", _NUMBER, "the same for the target's logit"),
    empty=("patient_id",),
)

RELIANCE_MAP = _schema(
    _CASE_ID,
    _PATIENT,
    _MODEL,
    ("target", _TEXT, "the class whose probability is measured"),
    ("label", _TEXT, "the truth"),
    ("predicted", _TEXT, "the class with the highest logit"),
    (
        "question",
        _TEXT,
        "`hide`: the window is filled in; `transplant`: it is copied from an image of the target class",
    ),
    ("infill", _TEXT, "what replaced the window's pixels"),
    ("scale", _NUMBER, "side of a window, as a share of the frame's side"),
    ("stride", _NUMBER, "distance between neighbouring windows, as a share of a window's side"),
    ("height", _WHOLE, "of the model's frame, in pixels"),
    ("width", _WHOLE, "of the model's frame, in pixels"),
    ("probability", _NUMBER, "of the target on the untouched image"),
    ("log_odds", _NUMBER, "log of p / (1 - p) on the untouched image, from the logits"),
    ("rows", _WHOLE, "rows of windows"),
    ("columns", _WHOLE, "columns of windows"),
    (
        "probability_drop",
        pa.list_(pa.float32()),
        "by how much the probability falls for each window, row by row; NaN where not measured",
    ),
    ("log_odds_drop", pa.list_(pa.float32()), "the same for the log odds"),
    (
        "mark_share",
        pa.list_(pa.float32()),
        "share of each window that lies in the mark; of a transplant, in the mark of the image it comes from",
    ),
    ("place", pa.list_(_TEXT), "region that fills most of each window, the mark left out"),
    empty=("patient_id",),
)

_FACTS: tuple[Column, ...] = (
    _CASE_ID,
    _PATIENT,
    _MODEL,
    _EXPLAINER,
    _EXPLAINER_HASH,
    _TARGET,
    ("label", _TEXT, "the truth"),
    ("predicted", _TEXT, "the class with the highest logit"),
    ("no_map", _TEXT, "why the map is none; empty where it is one"),
    ("no_mark", _TEXT, "why there is no mark to meet or miss; empty where there is one"),
    ("spread", _NUMBER, "exponential of the map's entropy, as a share of the pixels that the model saw"),
    ("map_share", _NUMBER, "share of those pixels that the map, cut at Otsu's threshold, holds"),
    ("coverage", _NUMBER, "share of the mark that it covers"),
    ("precision", _NUMBER, "share of it that lies in the mark"),
    ("mass_lift", _NUMBER, "share of the saliency in the mark, over the mark's share of the pixels"),
    ("place", _TEXT, "where most of the saliency outside the mark lies"),
    ("border_mass", _NUMBER, "share of the saliency in the outer tenth of the frame, whatever lies there"),
)
_FACTS_EMPTY = ("patient_id", *(name for name, _, _ in _FACTS[8:]))

MAP_FACTS = _schema(
    *_FACTS,
    ("n_evals", _WHOLE, "model evaluations that the map took; empty for a control made of maps"),
    ("seconds", _NUMBER, "time that the map took; empty for a control made of maps"),
    empty=(*_FACTS_EMPTY, "n_evals", "seconds"),
)

CATEGORIES = _schema(
    *_FACTS,
    ("category", _TEXT, "the failure category, under the audit's thresholds"),
    ("cell", _TEXT, "`TP`, `FN`, `FP` or `TN`, the positive class being the one whose evidence readers mark"),
    (
        "wrong_reason",
        _TRUTH,
        "right for the wrong reason: correct, and a map that points somewhere misses the mark or is no denser in it",
    ),
    empty=_FACTS_EMPTY,
)

SUMMARY = _schema(
    _MODEL,
    _EXPLAINER,
    ("metric", _TEXT, "the metric's id in the audit file"),
    ("family", _TEXT, "the metric's family in the catalog"),
    _READER,
    ("stratum", _TEXT, "the part of the cases it covers, as `property=value`; `all` for all of them"),
    ("estimate", _NUMBER, "mean over the cases"),
    ("low", _NUMBER, "lower confidence limit; empty where too few patients allow none"),
    ("high", _NUMBER, "upper confidence limit; empty where too few patients allow none"),
    (
        "method",
        _TEXT,
        "`bca`, `percentile`, `wilson`, `none`, or `image-percentile` of CheXlocalize's metrics",
    ),
    ("n_replicates_dropped", _WHOLE, "bootstrap replicates that had no value"),
    ("n_cases", _WHOLE, "cases with a score"),
    ("n_patients", _WHOLE, "patients with a score"),
    ("n_unscored", _WHOLE, "cases without a score"),
    ("cluster", _TEXT, "what was resampled: `patient`, or `case` where the data names no patients"),
    ("control", _TEXT, "the best control of the same metric; empty where there is none"),
    ("difference", _NUMBER, "this explainer minus that control, paired by case; empty without a control"),
    ("difference_low", _NUMBER, "its lower confidence limit"),
    ("difference_high", _NUMBER, "its upper confidence limit"),
    ("difference_method", _TEXT, "as `method`"),
    ("difference_n_replicates_dropped", _WHOLE, "as `n_replicates_dropped`"),
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

PROBLEMS = _schema(
    _CASE_ID,
    ("stage", _TEXT, "where the case was lost"),
    ("reason", _TEXT, "why, in words a person can act on"),
)
