"""Complexity."""

from xaudit.builtin.metrics.complexity import complexity_record

RECORD = complexity_record(
    "complexity", "entropy of the shares that pixels have of the map's magnitude",
    "at least 0, at most ln(pixels), in nats", "Bhatt et al. 2020", "quantus_adapter:complexity", order=20,
    higher_is_better=False,
)  # fmt: skip
