"""Deletion."""

from xaudit.builtin.metrics.faithfulness import LOWER_CURVE, TARGET_PROBABILITY, faithfulness_record
from xaudit.catalog.options import STEPS, baseline
from xaudit.catalog.rows import CurveRow

RECORD = faithfulness_record(
    "deletion",
    "area under the target probability while the highest pixels are deleted: RISE's pixel flipping", "0 to 1",
    "`steps` + 1 forwards", "Petsiuk et al. 2018, RISE", "removal:area_while_removed", order=30,
    options=(STEPS, baseline("zero")), higher_is_better=False,
    curve=CurveRow("share of pixels deleted, the map’s highest first", TARGET_PROBABILITY, LOWER_CURVE),
)  # fmt: skip
