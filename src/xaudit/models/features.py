"""A network's own features of images: what its last linear layer reads."""

from collections.abc import Callable
from typing import TypeAlias

import torch

from xaudit.models.classifier import Classifier
from xaudit.models.network.sealed import Sealed
from xaudit.records import FloatArray

AnswersAndFeatures: TypeAlias = Callable[[torch.Tensor], torch.Tensor]
"""(N, 3, h, w) images on the CPU → (N, n_classes + d) float32: the logits, then the features."""

FeatureReader: TypeAlias = Callable[[torch.Tensor], FloatArray]
"""(N, 3, h, w) images on the CPU → (N, d) float64."""


def feature_reader(classifier: Classifier) -> FeatureReader | str:
    """Return a function that reads a classifier's features, or the reason why there is none.

    The layer is the last linear one that runs, if it reads one vector of an image.
    """
    last = _last_linear(classifier)
    if isinstance(last, str):
        return last

    def features(placed: torch.Tensor) -> torch.Tensor:
        kept: list[torch.Tensor] = []
        handle = last.register_forward_pre_hook(_keeper(kept))
        try:
            classifier.module(placed)
        finally:
            handle.remove()
        return torch.cat(kept)

    def read(images: torch.Tensor) -> FloatArray:
        found: FloatArray = classifier.answers_of(features, images).double().numpy()
        return found

    return read


def answers_with_features(classifier: Classifier) -> AnswersAndFeatures | None:
    """Return a function that gives a classifier's logits and its features of the same images from one evaluation.

    None if the features cannot be reached, or the network is compiled and shows nothing of its layers.
    """
    last = None if classifier.compile else _last_linear(classifier)
    if last is None or isinstance(last, str):
        return None

    def ask(images: torch.Tensor) -> torch.Tensor:
        shared = classifier.shared_logits(images, last)
        if shared is not None:
            return shared
        while True:
            kept: list[torch.Tensor] = []
            handle = last.register_forward_pre_hook(_keeper(kept))
            try:
                logits = classifier.logits(images)
            finally:
                handle.remove()
            # More rows than images: memory ran out behind this layer, and the classifier has asked again since.
            if sum(map(len, kept)) == len(images):
                break
        return torch.cat([logits, torch.cat(kept).float().cpu()], dim=1)

    return ask


def _keeper(kept: list[torch.Tensor]) -> Callable[[torch.nn.Module, tuple[torch.Tensor, ...]], None]:
    """Return a hook that keeps what a layer is given."""
    return lambda _layer, inputs: kept.append(inputs[0].detach())


def _last_linear(classifier: Classifier) -> torch.nn.Linear | str:
    """Return the last linear layer that runs, or why it gives no features."""
    if isinstance(classifier.module, Sealed):
        return "the network comes as one file, and its features cannot be reached"
    ran: list[tuple[torch.nn.Linear, int]] = []

    def watch(layer: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        if isinstance(layer, torch.nn.Linear):
            ran.append((layer, inputs[0].ndim))

    linear = [part for part in classifier.module.modules() if isinstance(part, torch.nn.Linear)]
    handles = [layer.register_forward_pre_hook(watch) for layer in linear]
    blank = torch.zeros((1, 3, *classifier.model_hw), device=classifier.device)
    try:
        with torch.no_grad():
            classifier.module.forward(blank)
    finally:
        for handle in handles:
            handle.remove()
    if not ran or ran[-1][1] != 2 or sum(layer is ran[-1][0] for layer, _ in ran) > 1:
        return "the network does not end in a linear layer that reads one vector of an image"
    return ran[-1][0]
