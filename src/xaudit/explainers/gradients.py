"""Gradient methods through captum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from captum.attr import IntegratedGradients

from xaudit.catalog import OptionValue
from xaudit.explainers.baselines import blank_image
from xaudit.explainers.custody import custody
from xaudit.explainers.options import text, whole_number
from xaudit.explainers.requests import check_request
from xaudit.models.classifier import Classifier
from xaudit.records import FloatArray


@dataclass(frozen=True)
class IntegratedGradientsExplainer:
    """Integrated gradients of the target's logit along the straight line from a blank image to this one.

    Signed, in logits: summed over all pixels it is the logit of the image minus that of the blank one, up to
    the error of so many steps (Gauss-Legendre quadrature). Channels are summed.

    Source: Sundararajan et al. 2017, section 3.
    """

    classifier: Classifier
    n_steps: int
    baseline: str

    @classmethod
    def from_options(
        cls, options: Mapping[str, OptionValue], classifier: Classifier
    ) -> "IntegratedGradientsExplainer":
        """Integrated gradients with the catalog's options."""
        return cls(classifier, whole_number(options, "steps"), text(options, "baseline"))

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; the seeds play no part."""
        check_request(self.classifier, images, targets, seeds)
        maps = np.zeros((len(images), *self.classifier.model_hw), dtype=np.float32)
        with custody(self.classifier.module), torch.enable_grad():
            for index, (image, target) in enumerate(zip(images, targets, strict=True)):
                maps[index] = self._map(image, target)
        return maps

    def _map(self, image: torch.Tensor, target: int) -> FloatArray:
        device = self.classifier.device
        blank = blank_image(self.classifier, image, self.baseline)
        attributions = IntegratedGradients(self._logits).attribute(
            image[None].to(device),
            baselines=blank[None].to(device),
            target=target,
            n_steps=self.n_steps,
            internal_batch_size=self.classifier.batch_size,
        )
        summed: FloatArray = attributions[0].sum(dim=0).to(torch.float32).cpu().detach().numpy()
        return summed

    def _logits(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.classifier.module(images.contiguous(memory_format=torch.channels_last))
        return logits
