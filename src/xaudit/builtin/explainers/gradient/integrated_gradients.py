"""Integrated gradients."""

from xaudit.builtin.explainers import made_by
from xaudit.catalog.options import BLANK
from xaudit.catalog.plugin_records import ExplainerPlugin, ImportPath
from xaudit.catalog.rows import ExplainerRow, Option

RECORD = ExplainerPlugin(
    ExplainerRow(
        "integrated-gradients", "gradients summed along the way from a blank image to this one", "gradient",
        signed=True, gradients=True, cost="`steps` forwards and backwards",
        citation="Sundararajan et al. 2017",
        options=(Option("steps", 24, "points along the way", minimum=2), BLANK), sums_to_answer=True,
    ),
    make=made_by("gradients:IntegratedGradientsExplainer"),
    native_grid=ImportPath("xaudit.explainers.native_grids:pixels"), order=120,
)  # fmt: skip
