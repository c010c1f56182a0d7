"""Controls: maps that know nothing of the model, and set the level that an explainer must beat."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from skimage.color import rgb2gray
from skimage.filters import sobel

from xaudit.explainers.requests import check_request
from xaudit.models.classifier import Classifier
from xaudit.records import FloatArray


@dataclass(frozen=True)
class RandomControl:
    """Uniform noise in [0, 1), drawn from each image's seed."""

    classifier: Classifier

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; neither image nor target plays a part."""
        check_request(self.classifier, images, targets, seeds)
        shape = self.classifier.model_hw
        noise = [np.random.default_rng(seed).random(shape, dtype=np.float32) for seed in seeds]
        return np.stack(noise) if noise else np.zeros((0, *shape), dtype=np.float32)


@dataclass(frozen=True)
class CentreControl:
    """A Gaussian in the middle of the frame, 1 at its top; its width is a share of each side."""

    classifier: Classifier
    width: float

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; every image gets the same map."""
        check_request(self.classifier, images, targets, seeds)
        down, across = (self._profile(side) for side in self.classifier.model_hw)
        blob = np.outer(down, across).astype(np.float32)
        return np.repeat(blob[None], len(images), axis=0)

    def _profile(self, side: int) -> FloatArray:
        from_middle = (np.arange(side) + 0.5) / side - 0.5
        profile: FloatArray = np.exp(-0.5 * (from_middle / self.width) ** 2)
        return profile


@dataclass(frozen=True)
class EdgesControl:
    """The Sobel magnitude of the image's luminance in [0, 1]: outlines, whatever the model thinks of them."""

    classifier: Classifier

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; neither target nor seed plays a part."""
        check_request(self.classifier, images, targets, seeds)
        maps = np.zeros((len(images), *self.classifier.model_hw), dtype=np.float32)
        for index, image in enumerate(images):
            pixels = self.classifier.denormalise(image).permute(1, 2, 0).numpy()
            maps[index] = sobel(rgb2gray(pixels))  # type: ignore[no-untyped-call]
        return maps


@dataclass(frozen=True)
class IntensityControl:
    """The image's luminance in [0, 1]: what is bright, whatever the model thinks of it."""

    classifier: Classifier

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; neither target nor seed plays a part."""
        check_request(self.classifier, images, targets, seeds)
        maps = np.zeros((len(images), *self.classifier.model_hw), dtype=np.float32)
        for index, image in enumerate(images):
            pixels = self.classifier.denormalise(image).permute(1, 2, 0).numpy()
            # Normalising and back leaves black a hair's breadth on either side of 0.
            maps[index] = np.clip(rgb2gray(pixels), 0, None)
        return maps
