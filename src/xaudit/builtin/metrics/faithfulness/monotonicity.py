"""Monotonicity."""

from xaudit.builtin.metrics.faithfulness import TARGET_PROBABILITY, faithfulness_record
from xaudit.catalog.options import STEPS, baseline
from xaudit.catalog.rows import CurveRow

RECORD = faithfulness_record(
    "monotonicity", "does the target probability never fall while the map's lowest pixels are shown first",
    "0 to 1", "`steps` + 1 forwards, none beside pixel-flipping", "Luss et al. 2019; Arya et al. 2019",
    "removal:monotonicity", order=130, options=(STEPS, baseline("blur")),
    curve=CurveRow(
        "share of pixels shown, the map’s lowest first", TARGET_PROBABILITY,
        "a curve that never falls is better",
    ),
)  # fmt: skip
