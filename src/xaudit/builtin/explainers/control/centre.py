"""Control: a blob in the middle."""

from xaudit.builtin.explainers import made_by
from xaudit.catalog.options import share_of_side
from xaudit.catalog.plugin_records import ExplainerPlugin
from xaudit.catalog.rows import ExplainerRow

RECORD = ExplainerPlugin(
    ExplainerRow(
        "centre", "a Gaussian blob in the middle: what a guess at the usual place scores", "control",
        control=True, options=(share_of_side("width", 0.25, "standard deviation, as a share of the side"),),
    ),
    make=made_by("controls:CentreControl"), order=230,
)  # fmt: skip
