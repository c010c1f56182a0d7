"""Class activation maps, through pytorch-grad-cam; its sole user.

The library scales every map to 0 to 1, so magnitudes of two images cannot be compared. It takes features as (N, C, h, w);
other orders of the axes are turned round for it, and back where features are put in again.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from xaudit.catalog import OptionValue
from xaudit.errors import ModelError
from xaudit.explainers.custody import custody
from xaudit.explainers.requests import check_request
from xaudit.models.classifier import Classifier
from xaudit.models.network.layer_grid import LayerGrid, layer_grid
from xaudit.records import FloatArray

_WITH_GRADIENTS = frozenset({"gradcam-plus-plus", "hirescam", "layercam", "xgradcam", "eigengradcam"})


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
        with custody(self.classifier.module), torch.enable_grad():
            for start in range(0, len(images), self.classifier.batch_size):
                batch = slice(start, start + self.classifier.batch_size)
                maps[batch] = self._maps(images[batch], targets[batch])
        return maps

    def _maps(self, images: torch.Tensor, targets: Sequence[int]) -> FloatArray:
        from xaudit.explainers.cam_library import library_cam, library_targets

        module, device = self.classifier.module, self.classifier.device
        with ExitStack() as stack:
            passage = _Passage(self.classifier.id, self.layer_name)
            stack.callback(self.layer.register_forward_hook(passage.enter).remove)
            # The library's own `with` prints and swallows an IndexError; its hooks are released here instead.
            cam = library_cam("gradcam", module, self.layer, self.grid.channels_first)
            stack.callback(cam.activations_and_grads.release)
            stack.callback(self.layer.register_forward_hook(passage.leave).remove)
            stack.callback(module.register_forward_hook(passage.check_entered).remove)
            prepared = images.to(device, memory_format=torch.channels_last)
            maps = cam(prepared, library_targets(targets))
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


@dataclass(frozen=True)
class CamExplainer:
    """The relatives of Grad-CAM: one layer's features, weighed in another way.

    Unsigned, 0 to 1 per image, bilinear from the layer's grid to the model's frame; a map of zeros where nothing
    speaks for the target. They differ in what a feature's weight is:

    - gradcam-plus-plus: its positive gradients, each by its share; the library's small constant in the denominator
      (1e-6) damps gradients below a thousandth;
    - hirescam: its gradient place by place, for a linear head exactly what each place adds to the logit;
    - layercam: the same, positive gradients only;
    - xgradcam: its gradients averaged with the features as weights; wants features that are not negative;
    - eigengradcam: none; the first principal component of gradient times feature;
    - eigencam: none; the first principal component of the features, whichever class is the target;
    - scorecam: the target's logit of the image seen through it, softmax over the features;
    - ablationcam: how far the target's logit falls when it is set to zero.

    pytorch-grad-cam makes the first four. It cannot make the others rightly: the sign of a principal component is
    open there; here it is the one under which the map goes along with the sum over the features. Its ablationcam
    divides the fall by the logit, which turns the map round where the logit is negative. Its scorecam gives the same
    map, but holds every masked image of a batch in memory and draws a progress bar for each. See
    docs/decisions/0017-what-a-cam-leaves-open.md.

    Sources: Chattopadhay et al. 2018, eq. 19; Draelos and Carin 2020; Jiang et al. 2021; Fu et al. 2020; Muhammad and
    Yeasin 2020; Wang et al. 2020, algorithm 1; Desai and Ramaswamy 2020.
    """

    method: str
    classifier: Classifier
    layer: torch.nn.Module
    layer_name: str

    @classmethod
    def from_options(
        cls, method: str, options: Mapping[str, OptionValue], classifier: Classifier
    ) -> "CamExplainer":
        """The method on the option's layer, else on the model's own; raises ModelError where there is neither."""
        same = GradCamExplainer.from_options(options, classifier)
        return cls(method, classifier, same.layer, same.layer_name)

    @cached_property
    def grid(self) -> LayerGrid:
        """As :attr:`GradCamExplainer.grid`."""
        return GradCamExplainer(self.classifier, self.layer, self.layer_name).grid

    @property
    def grid_hw(self) -> tuple[int, int]:
        """As :attr:`GradCamExplainer.grid_hw`."""
        return self.grid.hw

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; the seeds play no part."""
        check_request(self.classifier, images, targets, seeds)
        _ = self.grid  # before any work: what has no grid is refused here
        maps = np.zeros((len(images), *self.classifier.model_hw), dtype=np.float32)
        of_batch = self._with_gradients if self.method in _WITH_GRADIENTS else self._without_gradients
        with custody(self.classifier.module):
            for start in range(0, len(images), self.classifier.batch_size):
                batch = slice(start, start + self.classifier.batch_size)
                placed = images[batch].to(self.classifier.device, memory_format=torch.channels_last)
                maps[batch] = of_batch(placed, targets[batch])
        return maps

    def _with_gradients(self, images: torch.Tensor, targets: Sequence[int]) -> FloatArray:
        from xaudit.explainers.cam_library import library_cam, library_targets

        module = self.classifier.module
        with ExitStack() as stack:
            stack.enter_context(torch.enable_grad())
            passage = _Passage(self.classifier.id, self.layer_name)
            stack.callback(self.layer.register_forward_hook(passage.enter).remove)
            cam = library_cam(self.method, module, self.layer, self.grid.channels_first)
            stack.callback(cam.activations_and_grads.release)
            stack.callback(self.layer.register_forward_hook(passage.leave).remove)
            stack.callback(module.register_forward_hook(passage.check_entered).remove)
            maps = cam(images, library_targets(targets))
        return np.asarray(maps, dtype=np.float32)

    def _without_gradients(self, images: torch.Tensor, targets: Sequence[int]) -> FloatArray:
        from xaudit.explainers.cam_library import first_component, scaled_as_library

        with torch.no_grad():
            features, logits = self._features(images)
            cams = []
            for index, target in enumerate(targets):
                own = features[index]
                match self.method:
                    case "eigencam":
                        cams.append(first_component(own.numpy()))
                        continue
                    case "scorecam":
                        weights = torch.softmax(self._seen_through(images[index], own, target), dim=0)
                    case "ablationcam":
                        weights = logits[index, target] - self._without_each(images[index], own, target)
                    case _:
                        raise ValueError(f"no class activation map is called '{self.method}'")
                cams.append(torch.einsum("c,chw->hw", weights, own).numpy())
        return scaled_as_library(np.stack(cams), self.classifier.model_hw)

    def _features(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The layer's features, (N, C, h, w), and the logits, both on the CPU."""
        passage = _Passage(self.classifier.id, self.layer_name)
        grid = self.grid
        kept: list[torch.Tensor] = []

        def keep(layer: torch.nn.Module, inputs: object, features: object) -> None:
            entered = passage.enter(layer, inputs, features).detach()
            kept.append(grid.channels_first(entered).float().clone().cpu())

        handle = self.layer.register_forward_hook(keep)
        try:
            logits: torch.Tensor = self.classifier.module(images)
        finally:
            handle.remove()
        passage.check_entered(self.layer, None, None)
        return kept[0].contiguous(), logits.float().cpu()

    def _seen_through(self, image: torch.Tensor, features: torch.Tensor, target: int) -> torch.Tensor:
        """The target's logit of the image times each feature, drawn in the frame and scaled to 0 to 1; (C,)."""
        scores = []
        for some in torch.split(features, self.classifier.batch_size):
            # Corners aligned, and 1e-8 beside the range, as the library does.
            drawn = torch.nn.functional.interpolate(
                some[None].to(image.device),
                size=self.classifier.model_hw,
                mode="bilinear",
                align_corners=True,
            )[0]
            low, high = drawn.amin(dim=(1, 2), keepdim=True), drawn.amax(dim=(1, 2), keepdim=True)
            masks = (drawn - low) / (high - low + 1e-8)
            seen = (image * masks[:, None]).contiguous(memory_format=torch.channels_last)
            scores.append(self.classifier.module(seen)[:, target].float().cpu())
        return torch.cat(scores)

    def _without_each(self, image: torch.Tensor, features: torch.Tensor, target: int) -> torch.Tensor:
        """The target's logit when one feature is zero everywhere, for each feature; (C,)."""
        scores = []
        for channels in torch.split(torch.arange(len(features)), self.classifier.batch_size):
            ablated = features.repeat(len(channels), 1, 1, 1)
            ablated[torch.arange(len(channels)), channels] = 0
            n_copies = 1 if self._head_runs_alone else len(channels)
            scores.append(self._head(image, ablated, n_copies)[:, target])
        return torch.cat(scores)

    @cached_property
    def _head_runs_alone(self) -> bool:
        """Whether one image in front of the layer and several behind it give the logits of several images.

        Then the network before the layer runs once instead of once per feature. Not so where a part of it goes round
        the layer and cannot be shared, or the head looks up how many images there were.
        """
        image = torch.zeros((3, *self.classifier.model_hw), device=self.classifier.device)
        features, logits = self._features(image[None])
        try:
            shared = self._head(image, features.expand(2, -1, -1, -1), 1)
        except (ModelError, RuntimeError):
            return False
        return shared.shape == (2, logits.shape[1]) and torch.allclose(
            shared, logits.expand(2, -1), rtol=1e-4, atol=1e-5
        )

    def _head(self, image: torch.Tensor, features: torch.Tensor, n_copies: int) -> torch.Tensor:
        """The logits of features that take the place of the layer's own, (K, n_classes)."""
        placed = self.grid.as_given(features.to(image.device).contiguous(memory_format=torch.channels_last))
        handle = self.layer.register_forward_hook(lambda _layer, _inputs, _features: placed)
        copies = image.expand(n_copies, -1, -1, -1).contiguous(memory_format=torch.channels_last)
        try:
            logits: torch.Tensor = self.classifier.module(copies)
        finally:
            handle.remove()
        return logits.float().cpu()
