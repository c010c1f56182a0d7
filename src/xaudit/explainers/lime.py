"""LIME over superpixels, through the lime library; its sole user."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from lime.lime_image import LimeImageExplainer

from xaudit.catalog import OptionValue
from xaudit.explainers.options import text, whole_number
from xaudit.explainers.requests import check_request
from xaudit.explainers.segmentation import Segmentation, pixels_of
from xaudit.models.classifier import Classifier
from xaudit.records import FloatArray, IntArray


@dataclass(frozen=True)
class LimeExplainer:
    """LIME: the coefficient of each superpixel in a linear model of the target's probability around the image.

    Signed, in probability per superpixel shown instead of hidden. Every superpixel has its coefficient (ridge
    regression with the library's kernel, no selection of features), painted on all of its pixels.

    Source: Ribeiro et al. 2016, section 3. Differs in the segmentation: by default SLIC with labels from 0 on the
    image's own channels (the library's default is quickshift; its sampler never hides the last superpixel when
    labels start at 1).
    """

    classifier: Classifier
    n_samples: int
    segmentation: Segmentation
    hide: str

    @classmethod
    def from_options(cls, options: Mapping[str, OptionValue], classifier: Classifier) -> "LimeExplainer":
        """LIME with the catalog's options."""
        return cls(
            classifier,
            whole_number(options, "samples"),
            Segmentation.from_options(options),
            text(options, "hide"),
        )

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; the seed draws which superpixels are hidden."""
        check_request(self.classifier, images, targets, seeds)
        maps = np.zeros((len(images), *self.classifier.model_hw), dtype=np.float32)
        for index, (image, target, seed) in enumerate(zip(images, targets, seeds, strict=True)):
            maps[index] = self._map(image, target, seed)
        return maps

    def segments(self, image: torch.Tensor) -> IntArray:
        """The superpixels of an image: (h, w), labels 0 to n - 1.

        Args:
            image: (3, h, w), normalised.
        """
        return self.segmentation.of(self._pixels(image))

    def _pixels(self, image: torch.Tensor) -> FloatArray:
        return pixels_of(self.classifier, image)

    def _map(self, image: torch.Tensor, target: int, seed: int) -> FloatArray:
        pixels, segments = self._pixels(image), self.segments(image)
        # A second image explained by the same object would continue its random stream: one object per image.
        explainer = _BatchedLime(random_state=seed, feature_selection="none", classifier=self.classifier)
        explanation = explainer.explain_instance(
            pixels,
            self._probabilities,
            labels=(target,),
            top_labels=None,
            hide_color=None if self.hide == "mean" else 0,
            num_features=int(segments.max()) + 1,
            num_samples=self.n_samples,
            batch_size=self.classifier.batch_size,
            segmentation_fn=lambda _pixels: segments,
        )
        coefficients = np.zeros(int(segments.max()) + 1, dtype=np.float32)
        for segment, coefficient in explanation.local_exp[target]:
            coefficients[segment] = coefficient
        painted: FloatArray = coefficients[segments]
        return painted

    def _probabilities(self, images: torch.Tensor) -> FloatArray:
        probabilities: FloatArray = torch.softmax(self.classifier.logits(images), dim=1).numpy()
        return probabilities


class _BatchedLime(LimeImageExplainer):  # type: ignore[misc]
    """The library's explainer with its sampler's loop over pixels replaced by a look-up, and no progress bar.

    Coefficients are those of the library: the same random draws, the same perturbed images, the same order.
    """

    def __init__(self, *, random_state: int, feature_selection: str, classifier: Classifier) -> None:
        super().__init__(random_state=random_state, feature_selection=feature_selection)
        self._classifier = classifier

    def data_labels(
        self,
        image: FloatArray,
        fudged_image: FloatArray,
        segments: IntArray,
        classifier_fn: Callable[[torch.Tensor], FloatArray],
        num_samples: int,
        batch_size: int = 10,
    ) -> tuple[IntArray, FloatArray]:
        """Which superpixels each sample shows, (samples, superpixels) of 0 and 1, and the probabilities it got.

        The parameters and their names are the library's. The first sample shows everything.
        """
        n_segments = int(segments.max()) + 1
        shown = self.random_state.randint(0, 2, num_samples * n_segments).reshape(num_samples, n_segments)
        shown[0, :] = 1
        # Normalising is done pixel by pixel, so both pictures are normalised once and mixed afterwards.
        whole, hidden = (self._classifier.normalise(_planes(picture)) for picture in (image, fudged_image))
        at_pixel = torch.from_numpy(segments.reshape(-1))
        switches = torch.from_numpy(shown.astype(bool))
        probabilities = []
        for start in range(0, num_samples, batch_size):
            keep = switches[start : start + batch_size].index_select(1, at_pixel)
            keep = keep.reshape(-1, 1, *segments.shape)
            probabilities.append(classifier_fn(torch.where(keep, whole, hidden)))
        return shown, np.concatenate(probabilities)


def _planes(pixels: FloatArray) -> torch.Tensor:
    """(H, W, 3) pixels as (1, 3, H, W), channels last in memory."""
    return torch.from_numpy(np.ascontiguousarray(pixels, dtype=np.float32))[None].permute(0, 3, 1, 2)
