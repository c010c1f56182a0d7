"""SmoothGrad."""

from xaudit.builtin.explainers import made_by
from xaudit.catalog.options import noise
from xaudit.catalog.plugin_records import ExplainerPlugin, ImportPath
from xaudit.catalog.rows import ExplainerRow, Option

RECORD = ExplainerPlugin(
    ExplainerRow(
        "smoothgrad", "the gradient, averaged over noisy copies of the image", "gradient", gradients=True,
        cost="`samples` forwards and backwards", citation="Smilkov et al. 2017",
        options=(Option("samples", 24, "noisy copies", minimum=2), noise(0.15)),
    ),
    make=made_by("gradients:SmoothGradExplainer"),
    native_grid=ImportPath("xaudit.explainers.native_grids:pixels"), order=150,
)  # fmt: skip
