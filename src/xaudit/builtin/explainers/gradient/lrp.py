"""Layer-wise relevance propagation."""

from xaudit.builtin.explainers import made_by
from xaudit.catalog.plugin_records import ExplainerPlugin, ImportPath
from xaudit.catalog.rows import ExplainerRow, Option

RECORD = ExplainerPlugin(
    ExplainerRow(
        "lrp",
        "the target's logit shared out backwards, layer by layer, among the pixels; needs `xaudit[lrp]`; not on every network",
        "gradient", signed=True, gradients=True, cost="1 forward, 1 backward", citation="Bach et al. 2015; Montavon et al. 2019",
        options=(
            Option(
                "composite", "epsilon-plus-flat", "rules of the layers, as zennit names them",
                choices=("epsilon-plus-flat", "epsilon-gamma-box"),
            ),
        ),
        inside=True,
    ),
    make=made_by("lrp:LrpExplainer.checked"),
    native_grid=ImportPath("xaudit.explainers.native_grids:pixels"), order=175,
)  # fmt: skip
