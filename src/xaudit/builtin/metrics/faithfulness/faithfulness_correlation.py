"""Faithfulness correlation."""

from xaudit.builtin.metrics.faithfulness import faithfulness_record
from xaudit.catalog.options import STOP, answer, baseline
from xaudit.catalog.rows import Option

RECORD = faithfulness_record(
    "faithfulness-correlation",
    "correlation of the map's sum over random pixels with the effect of replacing them", "-1 to 1, chance 0",
    "`samples` + 1 forwards", "Bhatt et al. 2020", "correlations:faithfulness_correlation", order=110,
    options=(
        Option("samples", 100, "random subsets", minimum=10),
        Option("share", 0.05, "of the pixels in a subset", minimum=0.0001, maximum=0.9, share_of="whole"),
        baseline("mean"), answer("logit"), STOP,
    ),
)  # fmt: skip
