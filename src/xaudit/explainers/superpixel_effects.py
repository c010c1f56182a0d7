"""The worth of single superpixels to the target's logit, through captum."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from captum.attr import FeatureAblation, KernelShap

from xaudit.catalog import OptionValue
from xaudit.errors import AuditFileError
from xaudit.explainers.baselines import blank_image
from xaudit.explainers.options import text, whole_number
from xaudit.explainers.requests import check_request
from xaudit.explainers.segmentation import Segmentation, pixels_of
from xaudit.models.classifier import Classifier
from xaudit.records import FloatArray, IntArray

Logits = Callable[[torch.Tensor], torch.Tensor]
"""From switches, (N, superpixels), to the logits of the image with those superpixels shown."""


@dataclass(frozen=True)
class SuperpixelExplainer(ABC):
    """A method that gives each superpixel one value, which all of its pixels show."""

    classifier: Classifier
    segmentation: Segmentation
    baseline: str

    @classmethod
    def from_options(cls, options: Mapping[str, OptionValue], classifier: Classifier) -> Self:
        """Make the explainer with the catalog's options."""
        return cls(classifier, Segmentation.from_options(options), text(options, "baseline"))

    def segments(self, image: torch.Tensor) -> IntArray:
        """Cut an image into superpixels, (h, w), labels 0 to n - 1."""
        return self.segmentation.of(pixels_of(self.classifier, image))

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`."""
        check_request(self.classifier, images, targets, seeds)
        maps = np.zeros((len(images), *self.classifier.model_hw), dtype=np.float32)
        for saliency, image, target, seed in zip(maps, images, targets, seeds, strict=True):
            segments = self.segments(image)
            switches = torch.ones(1, int(segments.max()) + 1)
            values = self.values_of(self._logits(image, segments), switches, target, seed)
            saliency[:] = values.detach()[0].float().cpu().numpy()[segments]
        return maps

    @abstractmethod
    def values_of(self, logits: Logits, switches: torch.Tensor, target: int, seed: int) -> torch.Tensor:
        """Find each superpixel's value, (1, n)."""

    def _logits(self, image: torch.Tensor, segments: IntArray) -> Logits:
        blank = blank_image(self.classifier, image, self.baseline)
        at_pixel = torch.from_numpy(segments.reshape(-1))

        def logits(switches: torch.Tensor) -> torch.Tensor:
            shown = (switches > 0).index_select(1, at_pixel).reshape(-1, 1, *segments.shape)
            return self.classifier.logits(torch.where(shown, image, blank)).clone()

        return logits


@dataclass(frozen=True)
class FeatureAblationExplainer(SuperpixelExplainer):
    """Fall of the target's logit when one superpixel shows the blank image; each of its pixels gets that value.

    Signed, in logits. Evidence that stands in two superpixels at once, each enough alone, shows in neither. The seeds
    play no part.

    Source: captum's FeatureAblation; Zeiler and Fergus 2014 with superpixels in place of squares.
    """

    def values_of(self, logits: Logits, switches: torch.Tensor, target: int, seed: int) -> torch.Tensor:
        """Switch the superpixels off one by one."""
        del seed
        with torch.inference_mode():
            falls: torch.Tensor = FeatureAblation(logits).attribute(
                switches, target=target, perturbations_per_eval=self.classifier.batch_size
            )
        return falls


@dataclass(frozen=True)
class KernelShapExplainer(SuperpixelExplainer):
    """Shapley values of superpixels, estimated: each one's mean gain in the target's logit over all orders of showing.

    Signed, in logits: over all superpixels they sum to the logit of the image minus that of the blank one. Painted on
    the superpixel's pixels undivided, so a map's sum over pixels is not that difference. The seed draws the coalitions.

    Source: Lundberg and Lee 2017, theorem 2, by weighted regression over sampled coalitions.
    """

    samples: int = 0

    @classmethod
    def from_options(cls, options: Mapping[str, OptionValue], classifier: Classifier) -> Self:
        """Raises AuditFileError where there are fewer samples than a regression on the superpixels needs."""
        samples, segmentation = whole_number(options, "samples"), Segmentation.from_options(options)
        if samples < 2 * segmentation.n_segments:
            raise AuditFileError(
                f"kernel-shap: {samples} samples are too few for {segmentation.n_segments} superpixels",
                hint="set `samples` to at least twice `segments`; five times is better",
            )
        return cls(classifier, segmentation, text(options, "baseline"), samples)

    def values_of(self, logits: Logits, switches: torch.Tensor, target: int, seed: int) -> torch.Tensor:
        """Fit the values to sampled coalitions; one single superpixel tells no places apart and gets 0."""
        if switches.shape[1] == 1:
            return torch.zeros_like(switches)
        # captum draws from torch's global generator; which is the CPU's here, since the switches stand there.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            values: torch.Tensor = KernelShap(logits).attribute(
                switches,
                target=target,
                n_samples=self.samples,
                perturbations_per_eval=self.classifier.batch_size,
            )
        return values
