"""Class activation maps."""

from collections.abc import Callable
from functools import partial
from typing import Any

from xaudit.catalog.options import LAYER
from xaudit.catalog.plugin_records import ExplainerPlugin, ImportPath
from xaudit.catalog.rows import ExplainerRow

FORWARD_BACKWARD = "1 forward, 1 backward"

Make = Callable[..., Any]


def cam_record(
    explainer_id: str,
    meaning: str,
    cost: str,
    citation: str,
    make: Make,
    *,
    gradients: bool = True,
    order: int,
) -> ExplainerPlugin:
    """Make the record of a method that weighs one layer's features."""
    row = ExplainerRow(
        explainer_id,
        meaning,
        "cam",
        gradients=gradients,
        cost=cost,
        citation=citation,
        options=(LAYER,),
        inside=True,
    )
    return ExplainerPlugin(row, make, ImportPath("xaudit.explainers.native_grids:layer_cells"), order=order)


def through_library(class_name: str) -> Make:
    """Name a class of pytorch-grad-cam."""
    return partial(ImportPath("xaudit.explainers.cam:GradientCam.from_options"), class_name)


def by_features(function: str, kind: str = "FeatureCam") -> Make:
    """Name a function of :mod:`xaudit.explainers.feature_cam` that sums features without gradients, and its class."""
    room = "xaudit.explainers.feature_cam"
    return partial(ImportPath(f"{room}:{kind}.from_options"), ImportPath(f"{room}:{function}"))
