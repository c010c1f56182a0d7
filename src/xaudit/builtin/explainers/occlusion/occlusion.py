"""Occlusion."""

from xaudit.builtin.explainers import made_by
from xaudit.catalog.options import share_of_side
from xaudit.catalog.plugin_records import ExplainerPlugin, ImportPath
from xaudit.catalog.rows import ExplainerRow, Option

RECORD = ExplainerPlugin(
    ExplainerRow(
        "occlusion", "how far the target's logit falls when a square patch is covered", "occlusion",
        signed=True, cost="about (side / stride)² forwards", citation="Zeiler and Fergus 2014",
        options=(
            share_of_side("window", 0.125, "side of the patch, as a share of the image's side"),
            share_of_side("stride", 0.0625, "step between patches, as a share of the image's side"),
            Option("baseline", "mean", "what the patch shows", choices=("mean", "black")),
        ),
    ),
    make=made_by("occlusion:OcclusionExplainer"),
    native_grid=ImportPath("xaudit.explainers.native_grids:windows"), order=110,
)  # fmt: skip
