"""Class activation maps, through pytorch-grad-cam; what they share, and those that follow gradients.

The library scales every map to 0 to 1, so magnitudes of two images cannot be compared. It takes features as (N, C, h, w);
other orders of the axes, and the tokens of a transformer, are turned round for it, and back where features are put in again.
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
from xaudit.models.network.layer_grid import LayerGrid, PictureGrid, layer_grid
from xaudit.models.network.token_layer import TokenPicture, features_of, with_features
from xaudit.models.network.transformer_layer import gradients_at
from xaudit.records import FloatArray

_CANCELLED = 1e-4
"""Share of the sum of gradient times feature, without signs, that rounding leaves where a layer norm cancels it."""


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

    @property
    def subject(self) -> str:
        """The layer's name in errors."""
        return f"model '{self.classifier.id}': layer '{self.layer_name}'"

    @cached_property
    def grid(self) -> PictureGrid:
        """The picture in the layer's features; costs a few forwards of blank images, which the meter leaves out.

        Raises:
            ModelError: where the layer's features are no picture, nothing tells their axes, no image reaches it, or the model's
                `tokens` describe features that are no tokens.
        """
        stated = self.classifier.tokens
        grid = layer_grid(
            self.classifier.module,
            self.layer,
            subject=self.subject,
            model_hw=self.classifier.model_hw,
            tokens=stated,
        )
        if stated is not None and isinstance(grid, LayerGrid) and self.layer_name == self.classifier.layer:
            raise ModelError(
                f"{self.subject} gives a picture of {grid.hw[0]} × {grid.hw[1]} places, not tokens",
                hint="take `tokens` out of the model's entry",
            )
        return grid

    @property
    def grid_hw(self) -> tuple[int, int]:
        """Height and width of the layer's features; errors as :attr:`grid`."""
        return self.grid.hw

    def check_on_noise(self) -> None:
        """Refuse a layer of tokens where the answers read only those before the picture; costs two passes of noise.

        Raises:
            ModelError: if no gradient reaches the picture, and one reaches its prefix.
        """
        if isinstance(self.grid, TokenPicture) and self.grid.tokens.prefix:
            gradient = gradients_at(self.classifier.module, {"": self.layer}, self.classifier.model_hw).get(
                ""
            )
            prefix = self.grid.tokens.prefix
            if (
                gradient is not None
                and bool(gradient[:, :prefix].any())
                and not bool(gradient[:, prefix:].any())
            ):
                raise no_picture_is_read(self.subject)

    def check_layer(self) -> None:
        """Refuse a layer on which the method is not defined; errors as :attr:`grid`."""
        _ = self.grid

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; the seeds play no part."""
        check_request(self.classifier, images, targets, seeds)
        self.check_layer()  # before any work
        maps = np.zeros((len(images), *self.classifier.model_hw), dtype=np.float32)

        def made(batch: slice) -> FloatArray:
            placed = images[batch].to(self.classifier.device, memory_format=torch.channels_last)
            return self.maps_of(placed, targets[batch])

        with custody(self.classifier.module):
            for batch, some in self.classifier.explained.parts(len(images), made):
                maps[batch] = some
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
            passage = Passage(self.subject, self.grid)
            # The library's own `with` prints and swallows an IndexError; its hooks are released here instead.
            cam = library_cam(self.method, module, passage.picture)
            stack.callback(cam.activations_and_grads.release)
            stack.callback(self.layer.register_forward_hook(passage.enter).remove)
            stack.callback(module.register_forward_hook(passage.check_entered).remove)
            maps = cam(images, library_targets(targets))
        passage.check_gradient(products=self.method in ("HiResCAM", "EigenGradCAM"))
        return np.asarray(maps, dtype=np.float32)


class Passage:
    """The hooks on a batch's features as they pass the explained layer.

    Attributes:
        picture: a module that gets the features as (N, C, h, w), on which the library puts its hooks.
    """

    def __init__(self, subject: str, grid: PictureGrid) -> None:
        self.picture = torch.nn.Identity()
        self._subject = subject
        self._grid = grid
        self._features: torch.Tensor | None = None

    def enter(self, _layer: torch.nn.Module, _inputs: object, output: object) -> object:
        """Starts the autograd graph here, so that the backward pass walks through the head only.

        The map is that of the whole graph, at a fraction of its time and memory. A copy is handed on: an in-place ReLU
        behind the layer would overwrite the features that the library keeps.
        """
        features = self.read(output).requires_grad_()
        picture = self.picture(self._grid.channels_first(features).float())
        return with_features(output, self._grid.as_given(picture, features).to(features.dtype).clone())

    def read(self, output: object) -> torch.Tensor:
        """Return the features in a layer's output, cut off from autograd; refuses the second time."""
        if self._features is not None:
            raise self._unfit("runs more than once per image")
        features = features_of(output)
        n_axes = 3 if isinstance(self._grid, TokenPicture) else 4
        if not isinstance(features, torch.Tensor) or features.ndim != n_axes:
            raise ValueError("the layer gave features on a grid when it was asked before")
        self._features = features.detach()
        return self._features

    def check_entered(self, _module: torch.nn.Module, _inputs: object, _logits: object) -> None:
        """Refuses a layer that the images never reached, such as one of an auxiliary head."""
        if self._features is None:
            raise self._unfit("is not reached by an image")

    def check_gradient(self, *, products: bool) -> None:
        """Refuses features whose gradient makes a map of nothing but rounding errors, after the backward pass.

        Args:
            products: True for a method that needs the sum of gradient times feature over the channels of each place.
        """
        features = self._features
        if features is None or features.grad is None:
            return
        gradient, grid = features.grad, self._grid
        if isinstance(grid, TokenPicture):
            prefix, picture = gradient[:, : grid.tokens.prefix], gradient[:, grid.tokens.prefix :]
            if bool(prefix.any()) and not bool(picture.any()):
                raise no_picture_is_read(self._subject)
        terms = grid.channels_first(gradient * features.detach()).double()
        if products and bool(terms.sum(dim=1).abs().sum() < _CANCELLED * terms.abs().sum()):
            raise ModelError(
                f"{self._subject}: gradient times feature sums to zero in every place, since a layer norm that reads the layer "
                "ignores the size of its features",
                hint="give the option `layer` that layer norm itself, or take gradcam or layercam",
            )

    def _unfit(self, problem: str) -> ModelError:
        return ModelError(
            f"{self._subject} {problem}",
            hint="give the option `layer` a convolutional block near the end of the network",
        )


def no_picture_is_read(subject: str) -> ModelError:
    """Return the error of a layer whose class token is read and whose picture is not."""
    return ModelError(
        f"{subject}: the answer does not depend on the picture's tokens there, only on those before them",
        hint="give the option `layer` the first norm of the last block, which its attention reads",
    )
