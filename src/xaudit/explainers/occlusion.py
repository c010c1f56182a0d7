"""Occlusion through captum; the other captum method has its own file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from captum.attr import Occlusion

from xaudit.catalog import OptionValue
from xaudit.errors import AuditFileError
from xaudit.explainers.baselines import blank_image
from xaudit.explainers.options import number, text
from xaudit.explainers.requests import check_request
from xaudit.models.classifier import Classifier
from xaudit.records import FloatArray


@dataclass(frozen=True)
class OcclusionExplainer:
    """Occlusion: how far the target's logit falls when a patch is covered, averaged over the patches on a pixel.

    Signed, in logits: negative where covering raises the logit. A patch covers all channels.

    Source: Zeiler and Fergus 2014, section 4.2. Differs by measuring the logit, which does not saturate, and by
    letting patches overlap.
    """

    classifier: Classifier
    window: float
    stride: float
    baseline: str

    @classmethod
    def from_options(cls, options: Mapping[str, OptionValue], classifier: Classifier) -> "OcclusionExplainer":
        """Occlusion with the catalog's options; raises AuditFileError where steps would skip pixels."""
        window, stride = number(options, "window"), number(options, "stride")
        if stride > window:
            raise AuditFileError(
                f"occlusion: a stride of {stride:g} leaves pixels between windows of {window:g} uncovered",
                hint="make stride at most as large as window",
            )
        return cls(classifier, window, stride, text(options, "baseline"))

    @property
    def window_px(self) -> tuple[int, int]:
        """Height and width of the patch, in pixels of the model's frame."""
        height, width = self.classifier.model_hw
        return in_pixels(self.window, height), in_pixels(self.window, width)

    @property
    def stride_px(self) -> tuple[int, int]:
        """The steps down and across, in pixels of the model's frame."""
        height, width = self.classifier.model_hw
        return in_pixels(self.stride, height), in_pixels(self.stride, width)

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; the seeds play no part."""
        check_request(self.classifier, images, targets, seeds)
        maps = np.zeros((len(images), *self.classifier.model_hw), dtype=np.float32)
        for index, (image, target) in enumerate(zip(images, targets, strict=True)):
            maps[index] = self._map(image, target)
        return maps

    def _map(self, image: torch.Tensor, target: int) -> FloatArray:
        blank = blank_image(self.classifier, image, self.baseline)

        def logits(shown: torch.Tensor) -> torch.Tensor:
            return self.classifier.logits(torch.where(shown > 0, image, blank))

        # captum covers a switch per pixel instead of the image: a third of the memory traffic for the same falls.
        with torch.inference_mode():
            falls = Occlusion(logits).attribute(
                torch.ones(1, 1, *self.classifier.model_hw),
                target=target,
                sliding_window_shapes=(1, *self.window_px),
                strides=(1, *self.stride_px),
                perturbations_per_eval=self.classifier.batch_size,
            )
        one_channel: FloatArray = falls[0, 0].to(torch.float32).cpu().numpy()
        return one_channel


def in_pixels(share: float, side: int) -> int:
    """A share of a side in whole pixels, at least one.

    Example:
        >>> in_pixels(0.125, 128), in_pixels(0.01, 32)
        (16, 1)
    """
    return max(1, round(share * side))
