"""Feature ablation."""

from functools import partial

from xaudit.catalog.options import COMPACTNESS, HIDDEN, SEGMENTATION, SEGMENTS
from xaudit.catalog.plugin_records import ExplainerPlugin, ImportPath
from xaudit.catalog.rows import ExplainerRow

MAKE = ImportPath("xaudit.explainers.superpixel_effects:FeatureAblationExplainer.from_options")

RECORD = ExplainerPlugin(
    ExplainerRow(
        "feature-ablation", "how far the target's logit falls when one superpixel is hidden", "occlusion",
        signed=True, cost="`segments` forwards", citation="Zeiler and Fergus 2014, with superpixels",
        options=(SEGMENTATION, SEGMENTS, COMPACTNESS, HIDDEN),
    ),
    make=MAKE, native_grid=partial(ImportPath("xaudit.explainers.native_grids:superpixels"), MAKE), order=190,
)  # fmt: skip
