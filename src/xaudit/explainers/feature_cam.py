"""Class activation maps that ask for no gradients."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from xaudit.errors import ModelError
from xaudit.explainers.cam import CamExplainer, Passage, no_picture_is_read
from xaudit.models.network.token_layer import TokenPicture, features_of, with_features
from xaudit.records import FloatArray

_NO_SUM = 1e-3
"""Share of the features' spread below which the spread of their sum is rounding."""


@dataclass(frozen=True)
class FeatureCam(CamExplainer):
    """The methods that weigh features without gradients.

    Attributes:
        method: makes the map on the layer's grid, (h, w), from the image, its features, (C, h, w), its logits and the
            target, such as :func:`eigencam`.

    pytorch-grad-cam makes none of these as published. The sign of a principal component is open there; here it is the one
    under which the map agrees with the sum over the features. Its ablationcam divides the drop by the logit, which inverts
    the map where the logit is negative. Its scorecam gives the same map, but holds every masked image of a batch in memory
    and draws a progress bar for each.

    Sources: Muhammad and Yeasin 2020; Wang et al. 2020, algorithm 1; Desai and Ramaswamy 2020. See
    docs/decisions/0017-what-a-cam-leaves-open.md.
    """

    method: Callable[["FeatureCam", torch.Tensor, torch.Tensor, torch.Tensor, int], FloatArray]

    def maps_of(self, images: torch.Tensor, targets: Sequence[int]) -> FloatArray:
        """Make the maps of a batch, (N, h, w)."""
        from xaudit.explainers.cam_library import scaled_as_library

        with torch.no_grad():
            features, logits = self._features(images)
            cams = [
                self.method(self, images[index], features[index], logits[index], target)
                for index, target in enumerate(targets)
            ]
        return scaled_as_library(np.stack(cams), self.classifier.model_hw)

    def _features(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The layer's features, (N, C, h, w), and the logits, both on the CPU."""
        passage = Passage(self.subject, self.grid)
        grid = self.grid
        kept: list[torch.Tensor] = []

        def keep(_layer: torch.nn.Module, _inputs: object, output: object) -> None:
            kept.append(grid.channels_first(passage.read(output)).float().clone().cpu())

        handle = self.layer.register_forward_hook(keep)
        try:
            logits: torch.Tensor = self.classifier.module(images)
        finally:
            handle.remove()
        passage.check_entered(self.layer, None, None)
        return kept[0].contiguous(), logits.float().cpu()

    def seen_through(self, image: torch.Tensor, features: torch.Tensor, target: int) -> torch.Tensor:
        """The target's logit of the image times each feature, drawn in the frame and scaled to 0 to 1; (C,)."""

        def answered(channels: slice) -> torch.Tensor:
            # Corners aligned, and 1e-8 beside the range, as the library does.
            drawn = torch.nn.functional.interpolate(
                features[None, channels].to(image.device),
                size=self.classifier.model_hw,
                mode="bilinear",
                align_corners=True,
            )[0]
            low, high = drawn.amin(dim=(1, 2), keepdim=True), drawn.amax(dim=(1, 2), keepdim=True)
            masks = (drawn - low) / (high - low + 1e-8)
            seen = (image * masks[:, None]).contiguous(memory_format=torch.channels_last)
            logits: torch.Tensor = self.classifier.module(seen)
            return logits[:, target].float().cpu()

        return torch.cat([some for _, some in self.classifier.explained.parts(len(features), answered)])

    def without_each(self, image: torch.Tensor, features: torch.Tensor, target: int) -> torch.Tensor:
        """The target's logit when one feature is zero everywhere, for each feature; (C,)."""
        runs_alone = self._head_runs_alone

        def answered(part: slice) -> torch.Tensor:
            channels = torch.arange(part.start, part.stop)
            ablated = features.repeat(len(channels), 1, 1, 1)
            ablated[torch.arange(len(channels)), channels] = 0
            return self._head(image, ablated, 1 if runs_alone else len(channels))[:, target]

        return torch.cat([some for _, some in self.classifier.explained.parts(len(features), answered)])

    @cached_property
    def _head_runs_alone(self) -> bool:
        """True if one image in front of the layer and several behind it give the logits of several images.

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
        picture = features.to(image.device).contiguous(memory_format=torch.channels_last)

        def place(_layer: torch.nn.Module, _inputs: object, output: object) -> object:
            given = features_of(output)
            assert isinstance(given, torch.Tensor)
            return with_features(output, self.grid.as_given(picture, given).to(given.dtype))

        handle = self.layer.register_forward_hook(place)
        copies = image.expand(n_copies, -1, -1, -1).contiguous(memory_format=torch.channels_last)
        try:
            logits: torch.Tensor = self.classifier.module(copies)
        finally:
            handle.remove()
        return logits.float().cpu()


def eigencam(
    cam: FeatureCam, _image: torch.Tensor, features: torch.Tensor, _logits: torch.Tensor, _target: int
) -> FloatArray:
    """Take the first principal component of the features, whichever class is the target.

    Raises:
        ModelError: if the features sum to the same in every place, so that nothing gives the component a sign.
    """
    from xaudit.explainers.cam_library import first_component

    sums = features.double().sum(dim=0)
    spread = float((features.double() - features.double().mean(dim=(1, 2), keepdim=True)).norm())
    if float((sums - sums.mean()).norm()) < _NO_SUM * spread:
        raise _without_sign(cam.subject, "that sum is the same everywhere")
    return first_component(features.numpy())


class EigenCam(FeatureCam):
    """:func:`eigencam`, which is not defined on every layer."""

    def check_layer(self) -> None:
        """Refuse a layer norm: it makes the sum over a place's features the same everywhere, up to its weights."""
        super().check_layer()
        if isinstance(self.layer, torch.nn.LayerNorm):
            raise _without_sign(self.subject, "a layer norm makes that sum the same everywhere")

    def check_on_noise(self) -> None:
        """Refuse features of one image of noise that give the component no sign, such as those of a hidden layer norm."""
        super().check_on_noise()
        image = torch.randn((1, 3, *self.classifier.model_hw), generator=torch.Generator().manual_seed(0))
        with self.classifier.meter.paused():
            self.explain(image, [0], [0])


def _without_sign(subject: str, reason: str) -> ModelError:
    return ModelError(
        f"{subject}: eigencam takes its sign from the sum over a place's features, and {reason}",
        hint="give the option `layer` a whole block, or take eigengradcam or gradcam",
    )


def scorecam(
    cam: FeatureCam, image: torch.Tensor, features: torch.Tensor, _logits: torch.Tensor, target: int
) -> FloatArray:
    """Weigh each feature by the target's logit of the image seen through it, softmax over the features."""
    return _summed(torch.softmax(cam.seen_through(image, features, target), dim=0), features)


def ablationcam(
    cam: FeatureCam, image: torch.Tensor, features: torch.Tensor, logits: torch.Tensor, target: int
) -> FloatArray:
    """Weigh each feature by how far the target's logit falls when it is set to zero.

    The fall is not divided by the logit, which would turn the map round where the logit is negative. Of tokens, only the
    picture's lose the feature.
    """
    fall = logits[target] - cam.without_each(image, features, target)
    if isinstance(cam.grid, TokenPicture) and cam.grid.tokens.prefix and not fall.any():
        raise no_picture_is_read(cam.subject)
    return _summed(fall, features)


def _summed(weights: torch.Tensor, features: torch.Tensor) -> FloatArray:
    summed: FloatArray = torch.einsum("c,chw->hw", weights, features).numpy()
    return summed
