"""Infidelity."""

from xaudit.builtin.metrics.faithfulness import faithfulness_record
from xaudit.catalog.options import PICTURES, STOP, answer, baseline, share_of_side
from xaudit.catalog.rows import Option

RECORD = faithfulness_record(
    "infidelity", "squared error of the map's prediction of what replacing random squares does to the answer",
    "0 or more; at most 1 for `scale: best`", "`samples` + 1 forwards", "Yeh et al. 2019",
    "infidelity:infidelity", order=160,
    options=(
        Option("samples", 100, "random squares", minimum=10),
        share_of_side("patch", 0.125, "side of a square, as a share of the image's shorter side"),
        baseline("mean", PICTURES), answer("logit"),
        Option(
            "reads", "attribution", "whether the map's values are contributions of pixels or slopes",
            choices=("attribution", "gradient"),
        ),
        Option(
            "scale", "best", "`best` lets the map choose its unit, `none` takes it as it is",
            choices=("best", "none"),
        ),
        STOP,
    ),
    higher_is_better=False,
)  # fmt: skip
