"""Layer-wise relevance propagation on convolutional networks, by the rules of zennit's composites.

zennit hangs its rules on modules and passes the plain gradient through everything else without a word. So every function that
the network calls outside these modules must be known here: sums and means get a rule, what only moves values needs none, and
all others are refused.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from xaudit.errors import ModelError
from xaudit.explainers.custody import custody
from xaudit.explainers.relevance_rules import INSTEAD, RelevanceMode, check_modules, stabilized
from xaudit.explainers.requests import check_request
from xaudit.models.classifier import Classifier
from xaudit.records import FloatArray

if TYPE_CHECKING:
    from zennit.core import Composite

_TOLERANCE = 1e-4


@dataclass(frozen=True)
class LrpExplainer:
    """The target's logit, shared out backwards among the pixels.

    Signed, in logits: each layer hands on what it got, so that the map sums to the logit less what biases take. Batch norms
    are folded into the convolutions before them. Channels are summed.

    - ``epsilon-plus-flat``: dense layers by the epsilon rule, convolutions by the z+ rule, the first layer evenly over its
      window;
    - ``epsilon-gamma-box``: convolutions by the gamma rule (0.25), the first one by the z-box rule, whose box is black to white.

    Sources: Bach et al. 2015; Montavon et al. 2019; zennit: Anders et al. 2021.
    """

    classifier: Classifier
    composite: str

    @classmethod
    def checked(cls, classifier: Classifier, composite: str) -> "LrpExplainer":
        """Make one; raises ModelError where zennit is missing or some step of the network has no rule."""
        made = cls(classifier, composite)
        made._zennit()
        network = classifier.without_norms()
        check_modules(network, subject=f"model '{classifier.id}'", frame_hw=classifier.model_hw)
        generator = torch.Generator().manual_seed(0)
        noise = torch.randn((1, 3, *classifier.model_hw), generator=generator).to(classifier.device)
        with classifier.meter.paused():
            logits, _ = made._relevance(noise, [0])
            wanted = classifier.logits(noise)
        if float((logits.cpu() - wanted).abs().max()) > _TOLERANCE * max(1.0, float(wanted.abs().max())):
            raise ModelError(
                f"model '{classifier.id}': with lrp's rules in place it gives other logits; it may change a tensor that it uses "
                "again",
                hint=INSTEAD,
            )
        return made

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; the seeds play no part."""
        check_request(self.classifier, images, targets, seeds)
        maps = np.zeros((len(images), *self.classifier.model_hw), dtype=np.float32)

        def made(batch: slice) -> FloatArray:
            placed = images[batch].clone().to(self.classifier.device, memory_format=torch.channels_last)
            _, relevance = self._relevance(placed, targets[batch])
            summed: FloatArray = relevance.sum(dim=1).float().cpu().numpy()
            return summed

        for batch, some in self.classifier.explained.parts(len(images), made):
            maps[batch] = some
        return maps

    def _relevance(self, images: torch.Tensor, targets: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits, and the relevance of each value of the images for its target."""
        network = self.classifier.without_norms()
        watched = RelevanceMode(network, f"model '{self.classifier.id}'").watched()
        with ExitStack() as stack:
            for lent in (custody(self.classifier.module), custody(network), torch.enable_grad()):
                stack.enter_context(lent)
            stack.enter_context(self._zennit().context(network))
            shown = images.requires_grad_()
            with watched:
                logits = network(shown)
            wanted = torch.zeros_like(logits)
            rows = torch.arange(len(images))
            wanted[rows, list(targets)] = logits.detach()[rows, list(targets)]
            [relevance] = torch.autograd.grad(logits, shown, wanted)
        return logits.detach(), relevance

    def _zennit(self) -> "Composite":
        """A new composite, since one keeps what it has seen; raises ModelError where zennit is not installed."""
        try:
            from zennit.composites import EpsilonGammaBox, EpsilonPlusFlat
        except ModuleNotFoundError:
            raise ModelError(
                "explainer 'lrp' needs the package zennit, which is not installed",
                hint="pip install 'xaudit[lrp]'",
            ) from None
        if self.composite == "epsilon-plus-flat":
            return EpsilonPlusFlat(epsilon=stabilized, stabilizer=stabilized)
        frame = torch.zeros((1, 3, *self.classifier.model_hw), device=self.classifier.device)
        low, high = self.classifier.normalise(frame), self.classifier.normalise(frame + 1)
        return EpsilonGammaBox(low=low, high=high, epsilon=stabilized, stabilizer=stabilized)
