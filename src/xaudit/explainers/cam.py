"""Class activation maps, through pytorch-grad-cam; its sole user.

The library scales every map to 0 to 1, so magnitudes of two images cannot be compared.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

from xaudit.catalog import OptionValue
from xaudit.errors import ModelError
from xaudit.explainers.custody import custody
from xaudit.explainers.requests import check_request
from xaudit.models.classifier import Classifier
from xaudit.records import FloatArray


@dataclass(frozen=True)
class GradCamExplainer:
    """Grad-CAM: one layer's features, each weighted by how much it raises the target's logit on average.

    Unsigned, 0 to 1 per image, bilinear from the layer's grid to the model's frame. Where all evidence speaks
    against the target the map is zero.

    Source: Selvaraju et al. 2017, eq. 1 and 2. Differs by the library's scaling to 0 to 1.
    """

    classifier: Classifier
    layer: torch.nn.Module
    layer_name: str

    @classmethod
    def from_options(cls, options: Mapping[str, OptionValue], classifier: Classifier) -> "GradCamExplainer":
        """Grad-CAM on the option's layer, else on the model's own; raises ModelError where there is neither."""
        asked = options["layer"]
        layer = classifier.target_layer(None if asked is None else str(asked))
        names = {id(module): name for name, module in classifier.module.named_modules()}
        return cls(classifier, layer, names.get(id(layer), type(layer).__name__))

    @cached_property
    def grid_hw(self) -> tuple[int, int]:
        """Height and width of the layer's features; costs one forward of a blank image, which the meter leaves out.

        Raises:
            ModelError: where the layer's features are no picture, or no image reaches it.
        """
        passage = _Passage(self.classifier.id, self.layer_name)
        seen: list[tuple[int, int]] = []

        def note(layer: torch.nn.Module, inputs: object, features: object) -> None:
            height, width = passage.enter(layer, inputs, features).shape[2:]
            seen.append((height, width))

        handle = self.layer.register_forward_hook(note)
        blank = torch.zeros((1, 3, *self.classifier.model_hw), device=self.classifier.device)
        try:
            with torch.no_grad():
                self.classifier.module.forward(blank)
        finally:
            handle.remove()
        passage.check_entered(self.layer, None, None)
        return seen[0]

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; the seeds play no part."""
        check_request(self.classifier, images, targets, seeds)
        maps = np.zeros((len(images), *self.classifier.model_hw), dtype=np.float32)
        with custody(self.classifier.module), torch.enable_grad():
            for start in range(0, len(images), self.classifier.batch_size):
                batch = slice(start, start + self.classifier.batch_size)
                maps[batch] = self._maps(images[batch], targets[batch])
        return maps

    def _maps(self, images: torch.Tensor, targets: Sequence[int]) -> FloatArray:
        module, device = self.classifier.module, self.classifier.device
        with ExitStack() as stack:
            passage = _Passage(self.classifier.id, self.layer_name)
            stack.callback(self.layer.register_forward_hook(passage.enter).remove)
            # The library's own `with` prints and swallows an IndexError; its hooks are released here instead.
            cam = GradCAM(module, [self.layer])
            stack.callback(cam.activations_and_grads.release)
            stack.callback(self.layer.register_forward_hook(passage.leave).remove)
            stack.callback(module.register_forward_hook(passage.check_entered).remove)
            prepared = images.to(device, memory_format=torch.channels_last)
            maps = cam(prepared, [ClassifierOutputTarget(target) for target in targets])
        return np.asarray(maps, dtype=np.float32)


class _Passage:
    """What happens to a batch's features as they pass the explained layer, before and after the library sees them."""

    def __init__(self, model_id: str, layer_name: str) -> None:
        self._model_id = model_id
        self._layer_name = layer_name
        self._entered = False

    def enter(self, _layer: torch.nn.Module, _inputs: object, features: object) -> torch.Tensor:
        """Starts the autograd graph here, so that the backward pass walks through the head only.

        The map is that of the whole graph, at a fraction of its time and memory.
        """
        if self._entered:
            raise self._unfit("runs more than once per image")
        if not isinstance(features, torch.Tensor) or features.ndim != 4:
            shape = tuple(features.shape) if isinstance(features, torch.Tensor) else type(features).__name__
            raise self._unfit(f"gives {shape}, not features of shape (N, C, h, w)")
        self._entered = True
        return features.detach().requires_grad_()

    def leave(self, _layer: torch.nn.Module, _inputs: object, features: torch.Tensor) -> torch.Tensor:
        """Hands a copy on: an in-place ReLU behind the layer would overwrite the features that the library keeps."""
        return features.clone()

    def check_entered(self, _module: torch.nn.Module, _inputs: object, _logits: object) -> None:
        """Refuses a layer that the images never reached, such as one of an auxiliary head."""
        if not self._entered:
            raise self._unfit("is not reached by an image")

    def _unfit(self, problem: str) -> ModelError:
        return ModelError(
            f"model '{self._model_id}': layer '{self._layer_name}' {problem}",
            hint="give gradcam's option `layer` a convolutional block near the end of the network",
        )
