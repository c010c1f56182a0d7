"""Saliency: the plain gradient."""

from xaudit.builtin.explainers import made_by
from xaudit.catalog.plugin_records import ExplainerPlugin, ImportPath
from xaudit.catalog.rows import ExplainerRow

RECORD = ExplainerPlugin(
    ExplainerRow(
        "saliency", "how strongly the target's logit reacts to each pixel", "gradient", gradients=True,
        cost="1 forward, 1 backward", citation="Simonyan et al. 2013",
    ),
    make=made_by("gradients:SaliencyExplainer"),
    native_grid=ImportPath("xaudit.explainers.native_grids:pixels"), order=130,
)  # fmt: skip
