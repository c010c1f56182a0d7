"""Guided backpropagation."""

from xaudit.builtin.explainers import made_by
from xaudit.catalog.plugin_records import ExplainerPlugin, ImportPath
from xaudit.catalog.rows import ExplainerRow

RECORD = ExplainerPlugin(
    ExplainerRow(
        "guided-backprop",
        "the gradient with ReLUs that let nothing negative back: edges that the network can see; not on every network",
        "gradient", gradients=True, cost="1 forward, 1 backward", citation="Springenberg et al. 2015",
        inside=True,
    ),
    make=made_by("backprop_rules:GuidedBackpropExplainer.checked"),
    native_grid=ImportPath("xaudit.explainers.native_grids:pixels"), order=180,
)  # fmt: skip
