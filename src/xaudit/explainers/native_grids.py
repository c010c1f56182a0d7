"""On which grid each explainer can tell places apart; what the resolution ceiling is computed on."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from xaudit.catalog import EXTERNAL
from xaudit.config import ExplainerSpec
from xaudit.native_grid import NativeGrid, SegmentGrid, feature_grid, pixel_grid, tent_grid, window_grid

if TYPE_CHECKING:
    import torch

    from xaudit.models.classifier import Classifier

GridOf = Callable[["torch.Tensor"], NativeGrid]
"""From an image, (3, h, w) and normalised, to the grid of its map; only superpixels depend on the image."""


def native_grids(spec: ExplainerSpec, classifier: "Classifier") -> GridOf | None:
    """How to get the native grid of an explainer's map of one image; None for a control, which explains nothing.

    Raises:
        ModelError: if the classifier cannot be explained in this way.
    """
    frame_hw = classifier.model_hw
    match spec.name:
        case (
            "gradcam"
            | "gradcam-plus-plus"
            | "hirescam"
            | "layercam"
            | "xgradcam"
            | "eigencam"
            | "eigengradcam"
            | "scorecam"
            | "ablationcam"
        ):
            from xaudit.explainers.cam import GradCamExplainer

            features = feature_grid(frame_hw, GradCamExplainer.from_options(spec.options, classifier).grid_hw)
            return lambda _image: features
        case "lime":
            from xaudit.explainers.lime import LimeExplainer

            lime = LimeExplainer.from_options(spec.options, classifier)
            return lambda image: SegmentGrid(lime.segments(image))
        case "occlusion":
            from xaudit.explainers.occlusion import OcclusionExplainer

            occlusion = OcclusionExplainer.from_options(spec.options, classifier)
            windows = window_grid(frame_hw, occlusion.window_px, occlusion.stride_px)
            return lambda _image: windows
        case "feature-ablation":
            from xaudit.explainers.superpixel_effects import FeatureAblationExplainer

            ablation = FeatureAblationExplainer.from_options(spec.options, classifier)
            return lambda image: SegmentGrid(ablation.segments(image))
        case "kernel-shap":
            from xaudit.explainers.superpixel_effects import KernelShapExplainer

            shap = KernelShapExplainer.from_options(spec.options, classifier)
            return lambda image: SegmentGrid(shap.segments(image))
        case "rise":
            from xaudit.explainers.rise import RiseExplainer

            cell_px = RiseExplainer.from_options(spec.options, classifier).cell_px
            cells = tent_grid(frame_hw, cell_px)
            return lambda _image: cells
        case (
            "saliency"
            | "input-x-gradient"
            | "smoothgrad"
            | "integrated-gradients"
            | "gradient-shap"
            | "deeplift"
            | "guided-backprop"
        ):
            pixels = pixel_grid(frame_hw)
            return lambda _image: pixels
        case EXTERNAL.id:
            return None
        case _:
            from xaudit.catalog.plugins import brought

            found = brought("explainer", spec.name)
            if found is None or found.plugin.native_grid is None:
                return None
            from xaudit.explainers.plugged import plugged_grid

            return lambda image: plugged_grid(found, spec.options, classifier, image)
