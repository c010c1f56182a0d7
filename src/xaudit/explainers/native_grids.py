"""Native grids: the grid on which each explainer can tell places apart; the resolution ceiling is computed on it.

The functions that a built-in record names take the row's options and a classifier, and return a function from an image,
(3, h, w) and normalised, to its grid; only superpixels depend on the image.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from xaudit.catalog import EXPLAINER_RECORDS, EXTERNAL, OptionValue, typed_options
from xaudit.config import ExplainerSpec
from xaudit.native_grid import NativeGrid, SegmentGrid, feature_grid, pixel_grid, tent_grid, window_grid

if TYPE_CHECKING:
    import torch

    from xaudit.explainers.attention import AttentionExplainer
    from xaudit.explainers.preflight import BySuperpixels
    from xaudit.models.classifier import Classifier

Options = Mapping[str, OptionValue]
GridOf = Callable[["torch.Tensor"], NativeGrid]


def native_grids(spec: ExplainerSpec, classifier: "Classifier") -> GridOf | None:
    """Return the function from an image to the native grid of its map; None for a control and for maps from files.

    Raises:
        ModelError: if the classifier cannot be explained in this way.
    """
    if spec.name == EXTERNAL.id:
        return None
    record = EXPLAINER_RECORDS.get(spec.name)
    if record is None:
        from xaudit.explainers.plugged import plugged_grid

        return plugged_grid(spec, classifier)
    return record.native_grid and record.native_grid(
        typed_options(record.row.options, spec.options), classifier
    )


def layer_cells(options: Options, classifier: "Classifier") -> GridOf:
    """Use the cells of the explained layer's features."""
    from xaudit.explainers.cam import GradientCam

    cam = GradientCam.from_options("", options, classifier)
    return _same_for_all(feature_grid(classifier.model_hw, cam.grid_hw))


def token_cells(
    make: Callable[[Options, "Classifier"], "AttentionExplainer"], options: Options, classifier: "Classifier"
) -> GridOf:
    """Use the patches of a vision transformer."""
    return _same_for_all(feature_grid(classifier.model_hw, make(options, classifier).grid_hw))


def pixels(_options: Options, classifier: "Classifier") -> GridOf:
    """Use the pixels of the model's frame."""
    return _same_for_all(pixel_grid(classifier.model_hw))


def windows(options: Options, classifier: "Classifier") -> GridOf:
    """Use the windows of occlusion."""
    from xaudit.explainers.occlusion import OcclusionExplainer

    occlusion = OcclusionExplainer(classifier, **options)  # type: ignore[arg-type]
    return _same_for_all(window_grid(classifier.model_hw, occlusion.window_px, occlusion.stride_px))


def mask_cells(options: Options, classifier: "Classifier") -> GridOf:
    """Use the cells of RISE's masks."""
    from xaudit.explainers.rise import RiseExplainer

    rise = RiseExplainer(classifier, **options)  # type: ignore[arg-type]
    return _same_for_all(tent_grid(classifier.model_hw, rise.cell_px))


def superpixels(
    make: Callable[[Options, "Classifier"], "BySuperpixels"], options: Options, classifier: "Classifier"
) -> GridOf:
    """Use the superpixels that the explainer cuts each image into."""
    explainer = make(options, classifier)
    return lambda image: SegmentGrid(explainer.segments(image))


def _same_for_all(grid: NativeGrid) -> GridOf:
    return lambda _image: grid
