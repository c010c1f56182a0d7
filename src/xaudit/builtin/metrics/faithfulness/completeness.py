"""Completeness."""

from xaudit.builtin.metrics.faithfulness import faithfulness_record

RECORD = faithfulness_record(
    "completeness",
    "by how much the map's sum misses what its explainer promises: the answer's fall to the baseline",
    "0 to 1", "2 forwards", "Sundararajan et al. 2017", "axioms:completeness", order=180,
    higher_is_better=False,
)  # fmt: skip
