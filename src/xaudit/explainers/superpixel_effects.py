"""The worth of single superpixels to the target's logit, through captum."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class FeatureAblationExplainer:
    """Fall of the target's logit when one superpixel shows the blank image; each of its pixels gets that value.

    Signed, in logits. Evidence that stands in two superpixels at once, each enough alone, shows in neither.

    Source: captum's FeatureAblation; Zeiler and Fergus 2014 with superpixels in place of squares.
    """

    classifier: Classifier
    segmentation: Segmentation
    baseline: str

    @classmethod
    def from_options(
        cls, options: Mapping[str, OptionValue], classifier: Classifier
    ) -> "FeatureAblationExplainer":
        """Feature ablation with the catalog's options."""
        return cls(classifier, Segmentation.from_options(options), text(options, "baseline"))

    def segments(self, image: torch.Tensor) -> IntArray:
        """The superpixels of an image, (h, w), labels 0 to n - 1."""
        return self.segmentation.of(pixels_of(self.classifier, image))

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; the seeds play no part."""
        check_request(self.classifier, images, targets, seeds)
        maps = np.zeros((len(images), *self.classifier.model_hw), dtype=np.float32)
        for index, (image, target) in enumerate(zip(images, targets, strict=True)):
            segments = self.segments(image)
            with torch.inference_mode():
                falls = FeatureAblation(_logits(self.classifier, image, segments, self.baseline)).attribute(
                    torch.ones(1, int(segments.max()) + 1),
                    target=target,
                    perturbations_per_eval=self.classifier.batch_size,
                )
            maps[index] = _painted(falls, segments)
        return maps


@dataclass(frozen=True)
class KernelShapExplainer:
    """Shapley values of superpixels, estimated: each one's mean gain in the target's logit over all orders of showing.

    Signed, in logits: over all superpixels they sum to the logit of the image minus that of the blank one. Painted on
    the superpixel's pixels undivided, so a map's sum over pixels is not that difference.

    Source: Lundberg and Lee 2017, theorem 2, by weighted regression over sampled coalitions.
    """

    classifier: Classifier
    segmentation: Segmentation
    n_samples: int
    baseline: str

    @classmethod
    def from_options(
        cls, options: Mapping[str, OptionValue], classifier: Classifier
    ) -> "KernelShapExplainer":
        """Raises AuditFileError where there are fewer samples than a regression on the superpixels needs."""
        made = cls(
            classifier,
            Segmentation.from_options(options),
            whole_number(options, "samples"),
            text(options, "baseline"),
        )
        if made.n_samples < 2 * made.segmentation.n_segments:
            raise AuditFileError(
                f"kernel-shap: {made.n_samples} samples are too few for {made.segmentation.n_segments} superpixels",
                hint="set `samples` to at least twice `segments`; five times is better",
            )
        return made

    def segments(self, image: torch.Tensor) -> IntArray:
        """The superpixels of an image, (h, w), labels 0 to n - 1."""
        return self.segmentation.of(pixels_of(self.classifier, image))

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; the seed draws the coalitions."""
        check_request(self.classifier, images, targets, seeds)
        maps = np.zeros((len(images), *self.classifier.model_hw), dtype=np.float32)
        for index, (image, target, seed) in enumerate(zip(images, targets, seeds, strict=True)):
            segments = self.segments(image)
            if int(segments.max()) == 0:
                continue  # one superpixel tells no places apart
            # captum draws from torch's global generator; which is the CPU's here, since the switches stand there.
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                values = KernelShap(_logits(self.classifier, image, segments, self.baseline)).attribute(
                    torch.ones(1, int(segments.max()) + 1),
                    target=target,
                    n_samples=self.n_samples,
                    perturbations_per_eval=self.classifier.batch_size,
                )
            maps[index] = _painted(values, segments)
        return maps


def _logits(
    classifier: Classifier, image: torch.Tensor, segments: IntArray, baseline: str
) -> Callable[[torch.Tensor], torch.Tensor]:
    """From switches, (N, superpixels), to the logits of the image with those superpixels shown."""
    blank = blank_image(classifier, image, baseline)
    at_pixel = torch.from_numpy(segments.reshape(-1))

    def logits(switches: torch.Tensor) -> torch.Tensor:
        shown = (switches > 0).index_select(1, at_pixel).reshape(-1, 1, *segments.shape)
        return classifier.logits(torch.where(shown, image, blank)).clone()

    return logits


def _painted(values: torch.Tensor, segments: IntArray) -> FloatArray:
    of_segment: FloatArray = values.detach()[0].float().cpu().numpy()
    painted: FloatArray = of_segment[segments]
    return painted
