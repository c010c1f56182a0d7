"""Sensitivity-n."""

from xaudit.builtin.metrics.faithfulness import HIGHER_CURVE, faithfulness_record
from xaudit.catalog.options import STOP, answer, baseline
from xaudit.catalog.rows import CurveRow, Option

RECORD = faithfulness_record(
    "sensitivity-n", "faithfulness correlation averaged over subsets from 1 % to 80 % of the pixels",
    "-1 to 1, chance 0", "`sizes` × `samples` + 1 forwards", "Ancona et al. 2018",
    "correlations:sensitivity_n", order=150,
    options=(
        Option("sizes", 5, "sizes of subsets, growing by equal factors", minimum=2),
        Option("samples", 30, "random subsets of each size", minimum=10), baseline("mean"), answer("logit"),
        STOP,
    ),
    curve=CurveRow(
        "share of pixels in the random subset", "correlation with the fall of the {answer}", HIGHER_CURVE,
    ),
)  # fmt: skip
