"""Effective complexity."""

from xaudit.builtin.metrics.complexity import complexity_record
from xaudit.catalog.rows import Option

RECORD = complexity_record(
    "effective-complexity", "number of pixels whose magnitude is more than a trace of the map's largest",
    "1 to all pixels", "Nguyen and Rodríguez Martínez 2020", "complexity:effective_complexity", order=30,
    higher_is_better=False,
    options=(
        Option(
            "least", 1e-05, "share of the largest magnitude that is a trace", minimum=0, maximum=0.99,
            share_of="whole",
        ),
    ),
)  # fmt: skip
