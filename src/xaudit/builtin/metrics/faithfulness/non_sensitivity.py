"""Non-sensitivity."""

from xaudit.builtin.metrics.faithfulness import faithfulness_record
from xaudit.catalog.options import PATCH, answer, baseline
from xaudit.catalog.rows import Option

RECORD = faithfulness_record(
    "non-sensitivity", "share of patches with a value but no effect on the answer, or an effect but no value",
    "0 to 1", "(side / `patch_px`)² + 1 forwards", "Nguyen and Rodríguez Martínez 2020",
    "axioms:non_sensitivity", order=190,
    options=(
        PATCH,
        Option(
            "tolerance", 0.01, "share of the largest at which a value or effect counts as none", minimum=0,
            maximum=0.99, share_of="whole",
        ),
        baseline("mean"), answer("logit"),
    ),
    higher_is_better=False,
)  # fmt: skip
