"""Columns of the tables about what a model's answer depends on: type, nullability and meaning."""

import pyarrow as pa

from xaudit.store.rows.columns import (
    CASE_ID,
    CORRECT,
    MODEL,
    NUMBER,
    PATIENT,
    TARGET,
    TEXT,
    TRUTH,
    WHOLE,
    schema,
)

RELIANCE = schema(
    CASE_ID,
    PATIENT,
    MODEL,
    TARGET,
    CORRECT,
    (
        "region",
        TEXT,
        "`mark`, `same-lung`, `opposite-lung`, `lungs`, `border`, `thorax`, `body`, `empty` or `outside`",
    ),
    ("infill", TEXT, "what replaced the region's pixels"),
    ("fraction", NUMBER, "the region's share of the image"),
    ("probability", NUMBER, "of the target on the untouched image"),
    ("probability_drop", NUMBER, "by how much it falls when the region is replaced"),
    ("logit_drop", NUMBER, "the same for the target's logit"),
    ("control_probability_drop", NUMBER, "mean fall when a random area of the same size is replaced"),
    ("control_logit_drop", NUMBER, "the same for the target's logit"),
    (
        "beyond_random",
        NUMBER,
        "fall of the probability minus its mean fall for random areas, a rise counting as no fall",
    ),
    ("logit_beyond_random", NUMBER, "the same for the target's logit"),
    (
        "rise_beyond_random",
        NUMBER,
        "rise of the probability minus its mean rise for random areas, a fall counting as no rise",
    ),
    ("logit_rise_beyond_random", NUMBER, "the same for the target's logit"),
    ("label", TEXT, "the truth; empty in runs of an older version"),
    empty=("patient_id",),
)

RELIANCE_MAP = schema(
    CASE_ID,
    PATIENT,
    MODEL,
    ("target", TEXT, "the class whose probability is measured"),
    ("label", TEXT, "the truth"),
    ("predicted", TEXT, "the class with the highest logit"),
    (
        "question",
        TEXT,
        "`hide`: the window is filled in; `transplant`: it is copied from an image of the target class",
    ),
    ("infill", TEXT, "what replaced the window's pixels"),
    ("scale", NUMBER, "side of a window, as a share of the frame's side"),
    ("stride", NUMBER, "distance between neighbouring windows, as a share of a window's side"),
    ("height", WHOLE, "of the model's frame, in pixels"),
    ("width", WHOLE, "of the model's frame, in pixels"),
    ("probability", NUMBER, "of the target on the untouched image"),
    ("log_odds", NUMBER, "log of p / (1 - p) on the untouched image, from the logits"),
    ("rows", WHOLE, "rows of windows"),
    ("columns", WHOLE, "columns of windows"),
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
    ("place", pa.list_(TEXT), "region that fills most of each window, the mark left out"),
    empty=("patient_id",),
)

MEAN_RELIANCE = schema(
    MODEL,
    ("images", TEXT, "true class of the images"),
    ("target", TEXT, "the class whose probability is measured"),
    ("question", TEXT, "as in `reliance_map`"),
    ("direction", TEXT, "`for`: falls of the probability; `against`: rises"),
    ("frame_height", WHOLE, "of the model's frame, in pixels"),
    ("frame_width", WHOLE, "of the model's frame, in pixels"),
    ("height", WHOLE, "rows of the map, which covers the whole frame"),
    ("width", WHOLE, "columns of the map"),
    (
        "values",
        pa.list_(pa.float32()),
        "change of the probability beyond that of the median window, row by row: mean over windows, in-fills, scales and "
        "patients",
    ),
    ("n_cases", WHOLE, "images behind it"),
    ("n_patients", WHOLE, "patients behind it, each of whom counts the same"),
    ("cluster", TEXT, "`patient`, or `case` where the data names no patients"),
    ("probability", NUMBER, "of the target on the untouched images, mean over patients"),
    ("typical", TEXT, "the case whose map is nearest to it"),
    (
        "left_edge",
        TEXT,
        "side of the patient at the left edge of every image; empty where not known or not the same",
    ),
    empty=("left_edge",),
)

IMAGE_CHANGES = schema(
    CASE_ID,
    PATIENT,
    MODEL,
    TARGET,
    ("label", TEXT, "the truth"),
    ("change", TEXT, "the step, such as `brighter-10` or `blur-1`"),
    (
        "finding_kept",
        TRUTH,
        "whether the marked finding kept its own pattern while the rest of the image was changed",
    ),
    ("probability", NUMBER, "of the target on the untouched image"),
    ("log_odds", NUMBER, "logarithm of that probability over its complement, natural"),
    ("probability_change", NUMBER, "probability on the changed image minus that on the untouched one"),
    ("log_odds_change", NUMBER, "the same for the log-odds"),
    (
        "value",
        NUMBER,
        "the property on the untouched image: the mean for brightness and the standard deviation for contrast, in grey "
        "values of 0 to 1; for all others that of the finest detail as a share of the contrast",
    ),
    ("value_change", NUMBER, "by how much the step changes it"),
    empty=("patient_id",),
)
