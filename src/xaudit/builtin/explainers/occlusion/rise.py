"""RISE."""

from xaudit.builtin.explainers import made_by
from xaudit.catalog.plugin_records import ExplainerPlugin, ImportPath
from xaudit.catalog.rows import ExplainerRow, Option

RECORD = ExplainerPlugin(
    ExplainerRow(
        "rise", "the target's probability averaged over random masks that show a pixel; never zero anywhere",
        "occlusion", cost="`samples` forwards", citation="Petsiuk et al. 2018, RISE",
        options=(
            Option("samples", 500, "random masks", minimum=10),
            Option("grid", 7, "cells of a mask along each side", minimum=2),
            Option(
                "probability", 0.5, "with which a cell is shown", minimum=0.01, maximum=0.99,
                share_of="whole",
            ),
            Option("baseline", "black", "what is hidden shows", choices=("black", "mean")),
        ),
    ),
    make=made_by("rise:RiseExplainer"), native_grid=ImportPath("xaudit.explainers.native_grids:mask_cells"),
    order=210,
)  # fmt: skip
