"""Monotonicity correlation."""

from xaudit.builtin.metrics.faithfulness import faithfulness_record
from xaudit.catalog.options import PORTIONS, answer, baseline
from xaudit.catalog.rows import Option

RECORD = faithfulness_record(
    "monotonicity-correlation",
    "rank correlation of the map's magnitude with the squared effect of replacing it", "-1 to 1, chance 0",
    "`steps` × `draws` + 1 forwards, one draw for a baseline without chance",
    "Nguyen and Rodríguez Martínez 2020", "correlations:monotonicity_correlation", order=140,
    options=(
        PORTIONS, baseline("noise"), answer("logit"),
        Option("draws", 4, "pictures that replace a portion, for `noise` and `linear`", minimum=1),
    ),
)  # fmt: skip
