"""Input times gradient."""

from xaudit.builtin.explainers import made_by
from xaudit.catalog.plugin_records import ExplainerPlugin, ImportPath
from xaudit.catalog.rows import ExplainerRow

RECORD = ExplainerPlugin(
    ExplainerRow(
        "input-x-gradient", "each pixel's normalised value times its gradient", "gradient", signed=True,
        gradients=True, cost="1 forward, 1 backward", citation="Shrikumar et al. 2016",
    ),
    make=made_by("gradients:InputXGradientExplainer"),
    native_grid=ImportPath("xaudit.explainers.native_grids:pixels"), order=140,
)  # fmt: skip
