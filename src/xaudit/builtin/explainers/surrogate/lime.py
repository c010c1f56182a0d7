"""LIME."""

from dataclasses import replace
from functools import partial

from xaudit.catalog.options import COMPACTNESS, SEGMENTATION, SEGMENTS
from xaudit.catalog.plugin_records import ExplainerPlugin, ImportPath
from xaudit.catalog.rows import ExplainerRow, Option

MAKE = ImportPath("xaudit.explainers.lime:LimeExplainer.from_options")

RECORD = ExplainerPlugin(
    ExplainerRow(
        "lime", "a linear model of the prediction over superpixels that are switched on and off", "surrogate",
        signed=True, cost="`samples` forwards", citation="Ribeiro et al. 2016, LIME",
        options=(
            Option(
                "samples", 300,
                "perturbed copies of the image; `auto` stops at 300 or when the leading superpixels are stable",
                minimum=10, choices=("auto",),
            ),
            SEGMENTS, COMPACTNESS,
            Option("hide", "mean", "what a hidden superpixel shows", choices=("mean", "black")),
            replace(SEGMENTATION, came_later=True),
        ),
    ),
    make=MAKE, native_grid=partial(ImportPath("xaudit.explainers.native_grids:superpixels"), MAKE), order=100,
)  # fmt: skip
