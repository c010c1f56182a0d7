"""Gradient SHAP (expected gradients)."""

from xaudit.builtin.explainers import made_by
from xaudit.catalog.options import BLANK, noise
from xaudit.catalog.plugin_records import ExplainerPlugin, ImportPath
from xaudit.catalog.rows import ExplainerRow, Option

RECORD = ExplainerPlugin(
    ExplainerRow(
        "gradient-shap",
        "gradients at random points on the way from a blank image to noisy copies of this one", "gradient",
        signed=True, gradients=True, cost="`samples` forwards and backwards",
        citation="Lundberg and Lee 2017; Erion et al. 2021",
        options=(Option("samples", 24, "random points", minimum=2), noise(0.05), BLANK),
    ),
    make=made_by("gradients:GradientShapExplainer"),
    native_grid=ImportPath("xaudit.explainers.native_grids:pixels"), order=160,
)  # fmt: skip
