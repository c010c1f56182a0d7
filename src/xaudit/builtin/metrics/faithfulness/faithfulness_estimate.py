"""Faithfulness estimate."""

from xaudit.builtin.metrics.faithfulness import faithfulness_record
from xaudit.catalog.options import PORTIONS, answer, baseline

RECORD = faithfulness_record(
    "faithfulness-estimate", "correlation of the map's portions with the effect of replacing each",
    "-1 to 1, chance 0", "`steps` + 1 forwards", "Alvarez-Melis and Jaakkola 2018",
    "correlations:faithfulness_estimate", order=120, options=(PORTIONS, baseline("mean"), answer("logit")),
)  # fmt: skip
