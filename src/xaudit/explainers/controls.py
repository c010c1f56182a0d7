"""Controls: maps that know nothing of the model, and set the level that an explainer must beat.

Each is a function of the classifier, an image, (3, h, w), and its seed; none looks at the target.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from skimage.color import rgb2gray
from skimage.filters import sobel

from xaudit.explainers.requests import check_request
from xaudit.models.classifier import Classifier
from xaudit.records import FloatArray


@dataclass(frozen=True)
class Control:
    """A control, asked as explainers are."""

    draw: Callable[[Classifier, torch.Tensor, int], FloatArray]
    classifier: Classifier

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`."""
        check_request(self.classifier, images, targets, seeds)
        maps = np.zeros((len(images), *self.classifier.model_hw), dtype=np.float32)
        for saliency, image, seed in zip(maps, images, seeds, strict=True):
            saliency[:] = self.draw(self.classifier, image, seed)
        return maps


def control(draw: Callable[..., FloatArray], classifier: Classifier, **options: object) -> Control:
    """Bind a control's function to its options and a classifier."""
    return Control(partial(draw, **options), classifier)


def uniform_noise(classifier: Classifier, _image: torch.Tensor, seed: int) -> FloatArray:
    """Draw uniform noise in [0, 1) from the image's seed."""
    return np.random.default_rng(seed).random(classifier.model_hw, dtype=np.float32)


def centre(classifier: Classifier, _image: torch.Tensor, _seed: int, *, width: float) -> FloatArray:
    """Draw a Gaussian in the middle of the frame, 1 at its top; its width is a share of each side."""

    def profile(side: int) -> FloatArray:
        from_middle = (np.arange(side) + 0.5) / side - 0.5
        values: FloatArray = np.exp(-0.5 * (from_middle / width) ** 2)
        return values

    down, across = map(profile, classifier.model_hw)
    return np.outer(down, across).astype(np.float32)


def edges(classifier: Classifier, image: torch.Tensor, _seed: int) -> FloatArray:
    """Return the Sobel magnitude of the image's luminance in [0, 1]: outlines, whatever the model thinks of them."""
    outlines: FloatArray = sobel(_luminance(classifier, image))  # type: ignore[no-untyped-call]
    return outlines


def intensity(classifier: Classifier, image: torch.Tensor, _seed: int) -> FloatArray:
    """Return the image's luminance in [0, 1]: what is bright, whatever the model thinks of it."""
    # Normalising and back leaves black a hair's breadth on either side of 0.
    return np.clip(_luminance(classifier, image), 0, None)


def _luminance(classifier: Classifier, image: torch.Tensor) -> FloatArray:
    grey: FloatArray = rgb2gray(classifier.denormalise(image).permute(1, 2, 0).numpy())
    return grey
