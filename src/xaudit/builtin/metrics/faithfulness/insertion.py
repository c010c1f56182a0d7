"""Insertion."""

from xaudit.builtin.metrics.faithfulness import HIGHER_CURVE, TARGET_PROBABILITY, faithfulness_record
from xaudit.catalog.options import STEPS, baseline
from xaudit.catalog.rows import CurveRow

RECORD = faithfulness_record(
    "insertion",
    "area under the target probability while the highest pixels are shown first on a replaced image",
    "0 to 1", "`steps` + 1 forwards", "Petsiuk et al. 2018, RISE", "removal:insertion", order=40,
    options=(STEPS, baseline("blur")),
    curve=CurveRow("share of pixels shown, the map’s highest first", TARGET_PROBABILITY, HIGHER_CURVE),
)  # fmt: skip
