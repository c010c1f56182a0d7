"""Check for gradients on one image of noise, before any maps are computed."""

import torch

from xaudit.errors import ModelError
from xaudit.models.classifier import Classifier
from xaudit.models.network.failure import failure_line
from xaudit.models.network.token_layer import features_of, with_features


def check_gradients(classifier: Classifier, *, asked_by: str, layer: torch.nn.Module | None = None) -> None:
    """Raise ModelError if the logits have no finite gradient with respect to the image, or to a layer's features.

    Args:
        classifier: the model; the meter does not count the check.
        asked_by: the explainer's id.
        layer: the layer that the gradient must reach; None for the image.
    """
    generator = torch.Generator().manual_seed(0)
    image = torch.randn((1, 3, *classifier.model_hw), generator=generator).to(classifier.device)
    arrivals = [image.requires_grad_()]

    def start_here(_layer: torch.nn.Module, _inputs: object, output: object) -> object:
        features = features_of(output)
        assert isinstance(features, torch.Tensor)
        arrivals[0] = features.detach().requires_grad_()
        # A copy: an in-place activation behind the layer may not overwrite a leaf of the graph.
        return with_features(output, arrivals[0].clone())

    handle = None if layer is None else layer.register_forward_hook(start_here)
    try:
        with classifier.meter.paused(), torch.enable_grad():
            logits = classifier.module(image.contiguous(memory_format=torch.channels_last))
            # Each class by another weight: probabilities would sum to 1 and have no gradient.
            weighted = (logits * torch.arange(1, logits.shape[1] + 1, device=logits.device)).sum()
            if not weighted.requires_grad:
                raise _without(classifier, asked_by, "its logits do not depend on its input for autograd")
            [gradient] = torch.autograd.grad(weighted, arrivals[0], allow_unused=True)
    except RuntimeError as error:
        if "inplace operation" in str(error):
            raise _changed_in_place(classifier, asked_by, error) from error
        raise _without(classifier, asked_by, failure_line(error)) from error
    finally:
        if handle is not None:
            handle.remove()
    if gradient is None:
        raise _without(classifier, asked_by, "the gradient is cut off on its way back")
    if not torch.isfinite(gradient).all():
        raise _without(classifier, asked_by, "its gradients are not finite numbers")


def _changed_in_place(classifier: Classifier, asked_by: str, error: RuntimeError) -> ModelError:
    what = failure_line(error).partition(": Hint:")[0].partition(": ")[2].partition(", which is")[0]
    return ModelError(
        f"model '{classifier.id}': {asked_by} needs gradients, and its forward changes a tensor in place that they need: {what}",
        hint="write `features = features + 1` instead of `features += 1`, and `inplace=False` where its activations are made, or "
        "explain it with lime, occlusion, rise, feature-ablation or kernel-shap",
    )


def _without(classifier: Classifier, asked_by: str, reason: str) -> ModelError:
    return ModelError(
        f"model '{classifier.id}': {asked_by} needs gradients, and it gives none: {reason}",
        hint="take torch.no_grad(), .detach() and NumPy out of its forward, or explain it with lime, occlusion, rise, "
        "feature-ablation or kernel-shap",
    )
