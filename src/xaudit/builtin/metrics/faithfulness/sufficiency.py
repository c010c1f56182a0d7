"""Sufficiency, which cannot be measured."""

from xaudit.builtin.metrics.faithfulness import faithfulness_record

RECORD = faithfulness_record(
    "sufficiency", "do cases with like maps get the same prediction", "0 to 1", "none",
    "Dasgupta et al. 2022", None, order=170,
    unavailable="it compares each map with those of all other cases, so a case's score would depend on which others are there; Quantus " "compares within one batch",
)  # fmt: skip
