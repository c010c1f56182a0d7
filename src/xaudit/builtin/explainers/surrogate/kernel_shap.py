"""Kernel SHAP."""

from functools import partial

from xaudit.catalog.options import COMPACTNESS, HIDDEN, SEGMENTATION, SEGMENTS
from xaudit.catalog.plugin_records import ExplainerPlugin, ImportPath
from xaudit.catalog.rows import ExplainerRow, Option

MAKE = ImportPath("xaudit.explainers.superpixel_effects:KernelShapExplainer.from_options")

RECORD = ExplainerPlugin(
    ExplainerRow(
        "kernel-shap",
        "Shapley values of superpixels: the mean gain in the target's logit over all orders of showing them",
        "surrogate", signed=True, cost="`samples` forwards", citation="Lundberg and Lee 2017",
        options=(
            Option("samples", 300, "coalitions drawn; at least twice `segments`", minimum=10), SEGMENTATION,
            SEGMENTS, COMPACTNESS, HIDDEN,
        ),
    ),
    make=MAKE, native_grid=partial(ImportPath("xaudit.explainers.native_grids:superpixels"), MAKE), order=200,
)  # fmt: skip
