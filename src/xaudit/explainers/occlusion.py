"""Occlusion: cover a patch and see how far the logit falls."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from xaudit.errors import AuditFileError
from xaudit.explainers.asked import explained
from xaudit.explainers.baselines import blank_image
from xaudit.explainers.requests import check_request
from xaudit.models.classifier import Classifier
from xaudit.perturb.asking import Asking, Question
from xaudit.records import FloatArray


@dataclass(frozen=True)
class OcclusionExplainer:
    """Occlusion: how far the target's logit falls when a patch is covered, averaged over the patches on a pixel.

    Signed, in logits: negative where covering raises the logit. A patch covers all channels.

    Source: Zeiler and Fergus 2014, section 4.2. Differs by measuring the logit, which does not saturate, and by
    letting patches overlap.

    Raises:
        AuditFileError: where steps would skip pixels.
    """

    classifier: Classifier
    window: float
    stride: float
    baseline: str

    def __post_init__(self) -> None:
        if self.stride > self.window:
            raise AuditFileError(
                f"occlusion: a stride of {self.stride:g} leaves pixels between windows of {self.window:g} uncovered",
                hint="make stride at most as large as window",
            )

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
        return explained(self.askings(images, targets, seeds), self.classifier)

    def askings(
        self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]
    ) -> list[Asking[FloatArray]]:
        """See :meth:`xaudit.explainers.AskingExplainer.askings`; the image itself and every patch, one by one."""
        check_request(self.classifier, images, targets, seeds)
        return [self._asking(image, target) for image, target in zip(images, targets, strict=True)]

    def _asking(self, image: torch.Tensor, target: int) -> Asking[FloatArray]:
        blank = blank_image(self.classifier, image, self.baseline)
        patches = [(rows, columns) for rows in self._spans(0) for columns in self._spans(1)]

        def covered(start: int, stop: int) -> torch.Tensor:
            """The images of patches start - 1 to stop - 2; the untouched image comes first."""
            made = torch.empty((stop - start, *image.shape), memory_format=torch.channels_last)
            made[:] = image
            for index, place in enumerate(range(start, stop)):
                if place > 0:
                    rows, columns = patches[place - 1]
                    made[index, :, rows, columns] = blank[:, rows, columns]
            return made

        logits = yield Question(1 + len(patches), covered)
        falls, covers = (np.zeros(self.classifier.model_hw) for _ in range(2))
        for patch, logit in zip(patches, logits[1:, target], strict=True):
            falls[patch] += logits[0, target] - logit
            covers[patch] += 1
        return (falls / covers).astype(np.float32)

    def _spans(self, axis: int) -> list[slice]:
        """List the stretches that the patches cover along one side; the last is cut off at the edge."""
        side, window, step = self.classifier.model_hw[axis], self.window_px[axis], self.stride_px[axis]
        return [slice(start, min(start + window, side)) for start in range(0, side - window + step, step)]


def in_pixels(share: float, side: int) -> int:
    """A share of a side in whole pixels, at least one.

    Example:
        >>> in_pixels(0.125, 128), in_pixels(0.01, 32)
        (16, 1)
    """
    return max(1, round(share * side))
