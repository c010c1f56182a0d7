"""Explainers ask a classifier which pixels spoke for a class; each answers with a signed saliency map.

Maps are ``(N, h, w)`` float32 in the model's frame, images ``(N, 3, h, w)`` float32, normalised as the classifier
wants them. A map depends on its image, its target, its seed and the options, and on nothing else: not on the
images beside it, their order or the batch size. Each third-party library is met in one file of this package.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from xaudit.config import ExplainerSpec
from xaudit.records import FloatArray

if TYPE_CHECKING:
    import torch

    from xaudit.models.classifier import Classifier
    from xaudit.perturb.asking import Asking


class Explainer(Protocol):
    """One method with its options, bound to one classifier."""

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """Which pixels spoke for the target (positive) and, where the method can tell, against it (negative).

        A map of zeros means that the method found nothing to show; it is not a failure.

        Args:
            images: (N, 3, h, w), normalised; left as they are.
            targets: the class explained in each image, by its index.
            seeds: one 32-bit seed per image; methods without randomness do not look at it.

        Returns:
            (N, h, w), float32.

        Raises:
            ModelError: if the classifier cannot be explained in this way.
            ValueError: if the three do not fit each other or the classifier.
        """
        ...


@runtime_checkable
class AskingExplainer(Explainer, Protocol):
    """A method that only wants logits of changed images, so that it can share batches with whoever asks as well."""

    def askings(
        self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]
    ) -> list[Asking[FloatArray]]:
        """What :meth:`explain` would ask, one for each image, not yet begun; each returns its map, (h, w).

        For :func:`xaudit.perturb.asking.answer`. Arguments and errors are those of :meth:`explain`.
        """
        ...


def make_explainer(spec: ExplainerSpec, classifier: Classifier) -> Explainer:
    """The explainer that an audit file asks for, ready to explain this classifier.

    Only the library that this method needs is imported.

    Raises:
        AuditFileError: if the options contradict each other.
        ModelError: if the classifier cannot be explained in this way, such as for want of a target layer.
        PluginError: if another package makes it, and fails.
    """
    options = spec.options
    match spec.name:
        case "gradcam":
            from xaudit.explainers.cam import GradCamExplainer

            return GradCamExplainer.from_options(options, classifier)
        case "lime":
            from xaudit.explainers.lime import LimeExplainer

            return LimeExplainer.from_options(options, classifier)
        case "occlusion":
            from xaudit.explainers.occlusion import OcclusionExplainer

            return OcclusionExplainer.from_options(options, classifier)
        case "integrated-gradients":
            from xaudit.explainers.gradients import IntegratedGradientsExplainer

            return IntegratedGradientsExplainer.from_options(options, classifier)
        case (
            "gradcam-plus-plus"
            | "hirescam"
            | "layercam"
            | "xgradcam"
            | "eigencam"
            | "eigengradcam"
            | "scorecam"
            | "ablationcam"
        ):
            from xaudit.explainers.cam import CamExplainer

            return CamExplainer.from_options(spec.name, options, classifier)
        case "saliency":
            from xaudit.explainers.gradients import SaliencyExplainer

            return SaliencyExplainer(classifier)
        case "input-x-gradient":
            from xaudit.explainers.gradients import InputXGradientExplainer

            return InputXGradientExplainer(classifier)
        case "smoothgrad":
            from xaudit.explainers.gradients import SmoothGradExplainer

            return SmoothGradExplainer.from_options(options, classifier)
        case "gradient-shap":
            from xaudit.explainers.gradients import GradientShapExplainer

            return GradientShapExplainer.from_options(options, classifier)
        case "guided-backprop":
            from xaudit.explainers.backprop_rules import GuidedBackpropExplainer

            return GuidedBackpropExplainer.from_options(options, classifier)
        case "deeplift":
            from xaudit.explainers.backprop_rules import DeepLiftExplainer

            return DeepLiftExplainer.from_options(options, classifier)
        case "feature-ablation":
            from xaudit.explainers.superpixel_effects import FeatureAblationExplainer

            return FeatureAblationExplainer.from_options(options, classifier)
        case "kernel-shap":
            from xaudit.explainers.superpixel_effects import KernelShapExplainer

            return KernelShapExplainer.from_options(options, classifier)
        case "rise":
            from xaudit.explainers.rise import RiseExplainer

            return RiseExplainer.from_options(options, classifier)
        case "random" | "centre" | "edges" | "intensity":
            from xaudit.explainers.controls import make_control

            return make_control(spec.name, options, classifier)
        case _:
            from xaudit.catalog.plugins import brought

            found = brought("explainer", spec.name)
            if found is None:
                raise ValueError(f"the catalog lists '{spec.name}', but no file of this package makes it")
            from xaudit.explainers.plugged import plugged_explainer

            return plugged_explainer(found, options, classifier)
