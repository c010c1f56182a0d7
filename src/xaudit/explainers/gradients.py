"""Methods that follow the gradient of the target's logit back to the pixels, through captum.

Gradients are those of the normalised image. Where a method draws, it draws on the CPU from each image's seed, and all
at once, so that neither the device nor the batch size changes what is drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from captum.attr import InputXGradient, IntegratedGradients, Saliency

from xaudit.explainers.baselines import blank_image
from xaudit.explainers.custody import custody
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
    steps: int
    baseline: str

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

        def attributed(n_at_once: int) -> torch.Tensor:
            values: torch.Tensor = IntegratedGradients(self._logits).attribute(
                image[None].to(device),
                baselines=blank[None].to(device),
                target=target,
                n_steps=self.steps,
                internal_batch_size=n_at_once,
            )
            return values

        _, attributions = self.classifier.explained.do(self.steps, attributed)
        summed: FloatArray = attributions[0].sum(dim=0).to(torch.float32).cpu().detach().numpy()
        return summed

    def _logits(self, images: torch.Tensor) -> torch.Tensor:
        return logits_of_module(self.classifier, images)


@dataclass(frozen=True)
class SaliencyExplainer:
    """Saliency: the largest absolute gradient of the target's logit among each pixel's channels.

    Unsigned, in logits per unit of the normalised image. It tells what the answer is sensitive to, which is not what
    the answer rests on.

    Source: Simonyan et al. 2013, section 3.1.
    """

    classifier: Classifier

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; the seeds play no part."""
        check_request(self.classifier, images, targets, seeds)
        return strongest_channel(gradients(self.classifier, images, targets))


@dataclass(frozen=True)
class InputXGradientExplainer:
    """Each pixel's value times the gradient of the target's logit, channels summed.

    Signed, in logits. Values are those of the normalised image, so a pixel of the mean colour has none: the
    method measures from the preprocessing's mean, not from black.

    Source: Shrikumar et al. 2016.
    """

    classifier: Classifier

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; the seeds play no part."""
        check_request(self.classifier, images, targets, seeds)
        products = _attributed(self.classifier, images, targets, InputXGradient)
        summed: FloatArray = products.sum(dim=1).numpy()
        return summed


@dataclass(frozen=True)
class SmoothGradExplainer:
    """The gradient, averaged over noisy copies of the image; then the largest absolute value of each pixel's channels.

    Unsigned. The noise is normal, its standard deviation a share of the range of the normalised image.

    Source: Smilkov et al. 2017.
    """

    classifier: Classifier
    samples: int
    noise: float

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; the seed draws the noise."""
        check_request(self.classifier, images, targets, seeds)
        maps = np.zeros((len(images), *self.classifier.model_hw), dtype=np.float32)
        for index, (image, target, seed) in enumerate(zip(images, targets, seeds, strict=True)):
            copies = image + noise_like(image, self.samples, self.noise, seed)
            attributions = gradients(self.classifier, copies, [target] * self.samples)
            maps[index] = strongest_channel(attributions.mean(dim=0, keepdim=True))[0]
        return maps


@dataclass(frozen=True)
class GradientShapExplainer:
    """Expected gradients: the gradient at random points between a blank image and noisy copies of this one.

    Signed, in logits; each gradient is multiplied by the way from the blank image to the copy, and channels are
    summed. On average it is integrated gradients of the noisy copies; with few samples it is a coarse estimate.

    Source: Lundberg and Lee 2017; Erion et al. 2021. The background is one blank image, not a set of images.
    """

    classifier: Classifier
    samples: int
    noise: float
    baseline: str

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; the seed draws the noise and the points."""
        check_request(self.classifier, images, targets, seeds)
        maps = np.zeros((len(images), *self.classifier.model_hw), dtype=np.float32)
        for index, (image, target, seed) in enumerate(zip(images, targets, seeds, strict=True)):
            copies = image + noise_like(image, self.samples, self.noise, seed)
            blank = blank_image(self.classifier, image, self.baseline)
            share = torch.from_numpy(points_on_the_way(self.samples, seed)).view(-1, 1, 1, 1)
            attributions = gradients(
                self.classifier, share * copies + (1 - share) * blank, [target] * self.samples
            )
            maps[index] = ((copies - blank) * attributions).mean(dim=0).sum(dim=0).numpy()
        return maps


def noise_like(image: torch.Tensor, n_samples: int, share_of_range: float, seed: int) -> torch.Tensor:
    """(n_samples, 3, h, w) of normal noise, its standard deviation a share of the image's range."""
    spread = share_of_range * float(image.max() - image.min())
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((n_samples, *image.shape), generator=generator) * spread


def points_on_the_way(n_samples: int, seed: int) -> FloatArray:
    """(n_samples,) float32, uniform in [0, 1): how far each sample is from the blank image."""
    return np.random.default_rng(seed).random(n_samples, dtype=np.float32)


def gradients(classifier: Classifier, images: torch.Tensor, targets: Sequence[int]) -> torch.Tensor:
    """The gradient of each image's target logit, (N, 3, h, w) on the CPU, whatever the batch size."""
    return _attributed(classifier, images, targets, Saliency, abs=False)


def strongest_channel(attributions: torch.Tensor) -> FloatArray:
    """(N, 3, h, w) to the largest absolute value of each pixel's channels, (N, h, w)."""
    strongest: FloatArray = attributions.abs().amax(dim=1).numpy()
    return strongest


def logits_of_module(classifier: Classifier, images: torch.Tensor) -> torch.Tensor:
    """The module's logits with their graph, for images in any memory order."""
    logits: torch.Tensor = classifier.module(images.contiguous(memory_format=torch.channels_last))
    return logits


def _attributed(
    classifier: Classifier,
    images: torch.Tensor,
    targets: Sequence[int],
    method: type[InputXGradient] | type[Saliency],
    **settings: bool,
) -> torch.Tensor:
    attributions = [torch.empty((0, 3, *classifier.model_hw))]

    def made(batch: slice) -> torch.Tensor:
        # A copy: the caller's images stay without gradients.
        placed = images[batch].clone().to(classifier.device).requires_grad_()
        some = method(lambda shown: logits_of_module(classifier, shown)).attribute(
            placed, target=list(targets[batch]), **settings
        )
        values: torch.Tensor = some.detach().float().cpu()
        return values

    with custody(classifier.module), torch.enable_grad():
        attributions += [some for _, some in classifier.explained.parts(len(images), made)]
    return torch.cat(attributions)
