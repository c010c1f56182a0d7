"""Class activation maps, through pytorch-grad-cam; what they share, and those that follow gradients.

The library scales every map to 0 to 1, so magnitudes of two images cannot be compared. It takes features as (N, C, h, w);
other orders of the axes are turned round for it, and back where features are put in again.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import torch

from xaudit.catalog import OptionValue
from xaudit.errors import ModelError
from xaudit.explainers.custody import custody
from xaudit.explainers.requests import check_request
from xaudit.models.classifier import Classifier
from xaudit.models.network.layer_grid import LayerGrid, layer_grid
from xaudit.records import FloatArray


@dataclass(frozen=True)
class CamExplainer(ABC):
    """A class activation map: one layer's features, weighed and summed.

    Unsigned, 0 to 1 per image, bilinear from the layer's grid to the model's frame; a map of zeros where nothing
    speaks for the target.

    Attributes:
        method: how features are weighed; see the subclass.
    """

    method: object
    classifier: Classifier
    layer: torch.nn.Module
    layer_name: str

    @classmethod
    def from_options(cls, method: object, options: Mapping[str, OptionValue], classifier: Classifier) -> Self:
        """Make the method on the option's layer, else on the model's own; raises ModelError where there is neither."""
        wanted = options["layer"]
        layer = classifier.target_layer(None if wanted is None else str(wanted))
        names = {id(module): name for name, module in classifier.module.named_modules()}
        return cls(method, classifier, layer, names.get(id(layer), type(layer).__name__))

    @cached_property
    def grid(self) -> LayerGrid:
        """The axes of the layer's features; costs a few forwards of blank images, which the meter leaves out.

        Raises:
            ModelError: where the layer's features are no picture, nothing tells their axes, or no image reaches it.
        """
        return layer_grid(
            self.classifier.module,
            self.layer,
            subject=f"model '{self.classifier.id}': layer '{self.layer_name}'",
            model_hw=self.classifier.model_hw,
        )

    @property
    def grid_hw(self) -> tuple[int, int]:
        """Height and width of the layer's features; errors as :attr:`grid`."""
        return self.grid.hw

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; the seeds play no part."""
        check_request(self.classifier, images, targets, seeds)
        _ = self.grid  # before any work: what has no grid is refused here
        maps = np.zeros((len(images), *self.classifier.model_hw), dtype=np.float32)
        with custody(self.classifier.module):
            for start in range(0, len(images), self.classifier.batch_size):
                batch = slice(start, start + self.classifier.batch_size)
                placed = images[batch].to(self.classifier.device, memory_format=torch.channels_last)
                maps[batch] = self.maps_of(placed, targets[batch])
        return maps

    @abstractmethod
    def maps_of(self, images: torch.Tensor, targets: Sequence[int]) -> FloatArray:
        """Make the maps of a batch that lies on the model's device, (N, h, w)."""


@dataclass(frozen=True)
class GradientCam(CamExplainer):
    """The methods that weigh features by gradients; ``method`` is a class of pytorch-grad-cam.

    - ``GradCAM``: each feature by how much it raises the target's logit on average;
    - ``GradCAMPlusPlus``: by its positive gradients, each by its share; the library's small constant in the denominator
      (1e-6) damps gradients below a thousandth;
    - ``HiResCAM``: by its gradient place by place, for a linear head exactly what each place adds to the logit;
    - ``LayerCAM``: the same, positive gradients only;
    - ``XGradCAM``: by its gradients averaged with the features as weights; wants features that are not negative;
    - ``EigenGradCAM``: the first principal component of gradient times feature. The sign of a principal component is
      open; here it is the one under which the map goes along with the sum over the features.

    Sources: Selvaraju et al. 2017, eq. 1 and 2; Chattopadhay et al. 2018, eq. 19; Draelos and Carin 2020; Jiang et al.
    2021; Fu et al. 2020; Muhammad and Yeasin 2020. See docs/decisions/0017-what-a-cam-leaves-open.md.
    """

    method: str

    def maps_of(self, images: torch.Tensor, targets: Sequence[int]) -> FloatArray:
        """Make the maps of a batch, (N, h, w)."""
        from xaudit.explainers.cam_library import library_cam, library_targets

        module = self.classifier.module
        with ExitStack() as stack:
            stack.enter_context(torch.enable_grad())
            passage = Passage(self.classifier.id, self.layer_name)
            stack.callback(self.layer.register_forward_hook(passage.enter).remove)
            # The library's own `with` prints and swallows an IndexError; its hooks are released here instead.
            cam = library_cam(self.method, module, self.layer, self.grid.channels_first)
            stack.callback(cam.activations_and_grads.release)
            stack.callback(self.layer.register_forward_hook(passage.leave).remove)
            stack.callback(module.register_forward_hook(passage.check_entered).remove)
            maps = cam(images, library_targets(targets))
        return np.asarray(maps, dtype=np.float32)


class Passage:
    """The hooks on a batch's features as they pass the explained layer, before and after the library sees them."""

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
            raise ValueError("the layer gave features on a grid when it was asked before")
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
            hint="give the option `layer` a convolutional block near the end of the network",
        )
