"""pytorch-grad-cam as xaudit calls it; the only file that imports it, when the first map is made.

The import takes a second and a quarter, which a check of an audit file need not pay.
"""

from collections.abc import Sequence

import numpy as np
import pytorch_grad_cam
import torch
from pytorch_grad_cam.base_cam import BaseCAM
from pytorch_grad_cam.utils.image import scale_cam_image
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

from xaudit.records import FloatArray


class EigenGradCAM(BaseCAM):  # type: ignore[misc]
    """The library's, with a sign that is defined."""

    def get_cam_image(
        self,
        input_tensor: torch.Tensor,
        target_layer: torch.nn.Module,
        targets: Sequence[object],
        activations: FloatArray,
        grads: FloatArray,
        eigen_smooth: bool,
    ) -> FloatArray:
        """(N, h, w), not yet scaled; the parameters and their names are the library's."""
        del input_tensor, target_layer, targets, eigen_smooth
        return np.stack([first_component(one) for one in grads * activations])


def library_cam(method: str, module: torch.nn.Module, layer: torch.nn.Module) -> BaseCAM:
    """Make the library's object of a method; its hooks stay until ``activations_and_grads.release`` is called.

    Args:
        method: name of the library's class.
        layer: gives the features, (N, C, h, w).
    """
    kind = EigenGradCAM if method == "EigenGradCAM" else getattr(pytorch_grad_cam, method)
    return kind(module, [layer])


def library_targets(targets: Sequence[int]) -> list[ClassifierOutputTarget]:
    """Return the classes to explain as the library takes them, one per image."""
    return [ClassifierOutputTarget(target) for target in targets]


def first_component(features: FloatArray) -> FloatArray:
    """Each place's score on the first principal component of (C, h, w) features, centred as the library does.

    Signed so that it goes along with the sum over the features: places that score high hold much of them.
    """
    rows = features.reshape(len(features), -1).T.astype(np.float64)
    centred = rows - rows.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    scores = centred @ axes[0]
    together = float(scores @ centred.sum(axis=1))
    signed: FloatArray = (-scores if together < 0 else scores).reshape(features.shape[1:]).astype(np.float32)
    return signed


def scaled_as_library(cams: FloatArray, frame_hw: tuple[int, int]) -> FloatArray:
    """Positive part, scaled to 0 to 1 on its grid, drawn in the frame and scaled again, as the library does."""
    drawn = scale_cam_image(np.maximum(cams, 0), (frame_hw[1], frame_hw[0]))
    scaled: FloatArray = np.asarray(scale_cam_image(drawn), dtype=np.float32)
    return scaled
