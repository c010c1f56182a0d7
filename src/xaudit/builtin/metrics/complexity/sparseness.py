"""Sparseness."""

from xaudit.builtin.metrics.complexity import complexity_record

RECORD = complexity_record(
    "sparseness", "how unevenly the map's magnitude is spread over the pixels (Gini index)", "0 to 1",
    "Chalasani et al. 2020", "quantus_adapter:sparseness", order=10, higher_is_better=True,
)  # fmt: skip
