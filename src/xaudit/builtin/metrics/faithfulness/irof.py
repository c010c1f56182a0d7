"""IROF."""

from xaudit.builtin.metrics.faithfulness import LOWER_CURVE, faithfulness_record
from xaudit.catalog.options import COMPACTNESS, baseline
from xaudit.catalog.rows import CurveRow, Option

RECORD = faithfulness_record(
    "irof", "area over the relative target probability while the map's highest superpixels are removed first",
    "at most 1", "about `segments` + 1 forwards", "Rieger and Hansen 2020, IROF", "patches:irof", order=80,
    options=(Option("segments", 100, "superpixels asked of SLIC", minimum=2), COMPACTNESS, baseline("mean")),
    curve=CurveRow(
        "share of superpixels removed, the map’s highest first",
        "target probability, relative to the untouched image’s", LOWER_CURVE,
    ),
)  # fmt: skip
