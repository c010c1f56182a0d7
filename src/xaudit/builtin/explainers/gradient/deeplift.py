"""DeepLift."""

from xaudit.builtin.explainers import made_by
from xaudit.catalog.options import BLANK
from xaudit.catalog.plugin_records import ExplainerPlugin, ImportPath
from xaudit.catalog.rows import ExplainerRow

RECORD = ExplainerPlugin(
    ExplainerRow(
        "deeplift",
        "each pixel's part in the difference from a blank image, by DeepLift's rescale rule; not on every network",
        "gradient", signed=True, gradients=True, cost="2 forwards, 1 backward",
        citation="Shrikumar et al. 2017", options=(BLANK,), sums_to_answer=True, inside=True,
    ),
    make=made_by("backprop_rules:DeepLiftExplainer.checked"),
    native_grid=ImportPath("xaudit.explainers.native_grids:pixels"), order=170,
)  # fmt: skip
