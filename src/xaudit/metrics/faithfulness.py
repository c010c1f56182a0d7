"""How far the model's answer depends on what the map shows, asked in the model's own frame."""

from collections.abc import Hashable
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.special import softmax

from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.guard import signal
from xaudit.perturb.asking import Asking, Question
from xaudit.perturb.baseline import baseline as baseline_of
from xaudit.perturb.ordering import removal_steps
from xaudit.records import FloatArray

if TYPE_CHECKING:
    from xaudit.models.classifier import Classifier


def pixel_flipping(
    classifier: "Classifier",
    image: torch.Tensor,
    target: int,
    saliency: FloatArray,
    *,
    steps: int,
    baseline: str,
    about: Hashable = None,
) -> Asking[Measured]:
    """Mean target probability while the map's highest pixels are replaced first, until none is left.

    Lower is better, 0 to 1; only the order of the pixels counts. It is the area under the curve of the softmax
    probability over the share of pixels replaced, from 0 to 1, by the trapezoid rule, at the price of ``steps`` + 1
    forwards. All channels of a pixel go together, in ``steps`` equal portions; equal values go in a scattered order
    (see :func:`xaudit.perturb.ordering.removal_steps`). Quantus sends the channels of a pixel separately, begins its
    curve after the first removal and fails to integrate it; where no values are equal and a step holds whole pixels,
    its points are ours.

    Args:
        image: (3, h, w), normalised.
        target: index of the class explained.
        saliency: (h, w), signed; the most negative pixel goes last.
        baseline: what replaces a pixel, see :func:`xaudit.perturb.baseline.baseline`.
        about: names image and map; measures that remove the same pixels of the same name share the answers.

    Raises:
        ValueError: if map and image differ in size, or the baseline is unknown.

    Source: Bach et al. 2015; as an area, Samek et al. 2017.
    """
    if tuple(image.shape[1:]) != saliency.shape:
        raise ValueError(f"image of {tuple(image.shape)} and map of {saliency.shape} do not match")
    values = signal(saliency)
    if isinstance(values, Absent):
        return values
    curve = yield from flipping_curve(
        classifier, image, target, values, steps=steps, baseline=baseline, about=about
    )
    if not np.isfinite(curve).all():
        return Absent("the model's answer to the image with pixels replaced is not a number")
    return float((curve[:-1] + curve[1:]).mean() / 2)


def flipping_curve(
    classifier: "Classifier",
    image: torch.Tensor,
    target: int,
    saliency: FloatArray,
    *,
    steps: int,
    baseline: str,
    about: Hashable = None,
) -> Asking[FloatArray]:
    """Target probability after each of ``steps`` removals, the untouched image first; (steps + 1,)."""
    image = image.detach().cpu()
    removed = baseline_of(image, baseline, black=classifier.normalise(torch.zeros_like(image)))
    gone_at = torch.from_numpy(removal_steps(saliency, steps))

    def stages(start: int, stop: int) -> torch.Tensor:
        reached = torch.arange(start, stop).view(-1, 1, 1, 1)
        return torch.where(gone_at <= reached, removed, image)

    key = None if about is None else ("highest first", about, steps, baseline)
    logits = yield Question(steps + 1, stages, key)
    probabilities: FloatArray = softmax(logits, axis=1)[:, target]
    return probabilities
