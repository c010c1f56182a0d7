"""Methods that replace the gradient of single modules by a rule of their own, through captum.

The rule hangs on modules, so a ReLU that is called as a function gets none, without a word from the library. Such
networks are refused when the explainer is made.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from captum.attr import DeepLift, GuidedBackprop

from xaudit.errors import ModelError
from xaudit.explainers.baselines import blank_image
from xaudit.explainers.custody import custody
from xaudit.explainers.requests import check_request
from xaudit.models.activations import Activations, watch_activations
from xaudit.models.classifier import Classifier
from xaudit.records import FloatArray

_INSTEAD = (
    "explain it with integrated-gradients, gradient-shap or smoothgrad, which ask nothing of the modules"
)


@dataclass(frozen=True)
class GuidedBackpropExplainer:
    """The gradient, except that a ReLU lets nothing negative through backwards; the strongest channel of each pixel.

    Unsigned. It draws the image's edges that the network can see, and hardly changes when weights or target do: read
    it beside the control ``edges``.

    Source: Springenberg et al. 2015. Critique: Adebayo et al. 2018.
    """

    classifier: Classifier

    @classmethod
    def checked(cls, classifier: Classifier) -> "GuidedBackpropExplainer":
        """Make one; raises ModelError where the network has no ReLU, calls one as a function, or one does not see the image."""
        seen = watch_activations(classifier)
        _refuse_functional(classifier, seen, "guided-backprop")
        if not seen.relus:
            raise ModelError(
                f"model '{classifier.id}': guided-backprop changes ReLUs, and {type(classifier.module).__name__} has none",
                hint="without a ReLU it is the plain gradient: take `saliency`",
            )
        made = cls(classifier)
        noise = torch.randn((1, 3, *classifier.model_hw), generator=torch.Generator().manual_seed(0))
        with _rule_is_put_on(classifier, "guided-backprop"), classifier.meter.paused():
            made.explain(noise, [0], [0])
        return made

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; the seeds play no part."""
        check_request(self.classifier, images, targets, seeds)
        maps = np.zeros((len(images), *self.classifier.model_hw), dtype=np.float32)

        def made(batch: slice) -> FloatArray:
            placed = images[batch].clone().to(self.classifier.device, memory_format=torch.channels_last)
            attributions = GuidedBackprop(self.classifier.module).attribute(
                placed.requires_grad_(), target=list(targets[batch])
            )
            strongest: FloatArray = attributions.abs().amax(dim=1).float().cpu().numpy()
            return strongest

        with _lent(self.classifier):
            for batch, some in self.classifier.explained.parts(len(images), made):
                maps[batch] = some
        return maps


@dataclass(frozen=True)
class DeepLiftExplainer:
    """Each pixel's part in the difference between the target's logit here and for a blank image, rescale rule.

    Signed, in logits: summed over all pixels it is that difference. Channels are summed.

    Source: Shrikumar et al. 2017, section 3.5.1.
    """

    classifier: Classifier
    baseline: str

    @classmethod
    def checked(cls, classifier: Classifier, baseline: str) -> "DeepLiftExplainer":
        """Make one; raises ModelError where the rule does not reach every activation of the network.

        Either a module runs twice or is called as a function, or, found on two images of noise, the parts do not sum to
        the difference of the logits.
        """
        seen = watch_activations(classifier)
        reused = {name: times for name, times in seen.modules.items() if times > 1}
        if reused:
            name, times = next(iter(reused.items()))
            more = f" (and {len(reused) - 1} more)" if len(reused) > 1 else ""
            raise ModelError(
                f"model '{classifier.id}': deeplift needs a module of its own for every activation; '{name}' "
                f"runs {times} times per image{more}",
                hint=_INSTEAD,
            )
        _refuse_functional(classifier, seen, "deeplift")
        made = cls(classifier, baseline)
        with _rule_is_put_on(classifier, "deeplift"):
            made._check_sums()
        return made

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; the seeds play no part."""
        check_request(self.classifier, images, targets, seeds)
        blanks = [blank_image(self.classifier, image, self.baseline) for image in images]
        maps = np.zeros((len(images), *self.classifier.model_hw), dtype=np.float32)

        def made(batch: slice) -> FloatArray:
            return self._maps(images[batch], torch.stack(blanks[batch]), targets[batch])

        for batch, some in self.classifier.explained.parts(len(images), made):
            maps[batch] = some
        return maps

    def _maps(self, images: torch.Tensor, blanks: torch.Tensor, targets: Sequence[int]) -> FloatArray:
        device = self.classifier.device
        with _lent(self.classifier):
            attributions = DeepLift(self.classifier.module).attribute(
                images.clone().to(device).requires_grad_(), baselines=blanks.to(device), target=list(targets)
            )
        summed: FloatArray = attributions.detach().sum(dim=1).float().cpu().numpy()
        return summed

    def _check_sums(self) -> None:
        generator = torch.Generator().manual_seed(0)
        images = torch.randn((2, 3, *self.classifier.model_hw), generator=generator)
        blanks = torch.stack([blank_image(self.classifier, image, self.baseline) for image in images])
        with self.classifier.meter.paused():
            differences = self.classifier.logits(images) - self.classifier.logits(blanks)
            for target in range(2):
                gained = differences[:, target].numpy()
                gap = np.abs(self._maps(images, blanks, [target] * 2).sum(axis=(1, 2)) - gained).max()
                if gap > 0.01 * float(differences.abs().max()) + 1e-5:
                    raise ModelError(
                        f"model '{self.classifier.id}': deeplift's parts miss the difference of the logits by {gap:.2g} "
                        f"of {float(np.abs(gained).max()):.2g}: "
                        f"{type(self.classifier.module).__name__} has an operation that it has no rule for",
                        hint=_INSTEAD,
                    )


def _refuse_functional(classifier: Classifier, seen: Activations, method: str) -> None:
    if seen.functional:
        where = next(iter(seen.functional))
        inside = f"'{where}'" if where else type(classifier.module).__name__
        raise ModelError(
            f"model '{classifier.id}': {method} needs every ReLU as a module; {inside} calls one as a function "
            f"({sum(seen.functional.values())} such calls per image)",
            hint=_INSTEAD,
        )


@contextmanager
def _rule_is_put_on(classifier: Classifier, method: str) -> Iterator[None]:
    """Refuse a network with an activation that does not see the image, such as that of Swin v2's position bias."""
    try:
        yield
    except (
        RuntimeError
    ) as error:  # captum hooks every activation, and torch lets it hook only what has a gradient
        raise ModelError(
            f"model '{classifier.id}': {method} cannot put its rule on every activation of "
            f"{type(classifier.module).__name__}: {str(error).splitlines()[0]}",
            hint=_INSTEAD,
        ) from error


@contextmanager
def _lent(classifier: Classifier) -> Iterator[None]:
    """The model within custody; captum's note that it sets hooks is left out, and so is what it leaves on modules.

    DeepLift writes ``input`` and ``output`` onto each activation and takes them off where the gradient comes by.
    """
    parts = list(classifier.module.modules())
    before = [set(vars(part)) for part in parts]
    with custody(classifier.module), torch.enable_grad(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Setting (forward, )?backward hooks", category=UserWarning)
        try:
            yield
        finally:
            for part, there in zip(parts, before, strict=True):
                for name in {"input", "input_ref", "output"} & set(vars(part)) - there:
                    delattr(part, name)
