"""Taking the image away in the map's order, pixel by pixel, and seeing how fast the answer goes.

All of a pixel's channels go together, in equal portions; equal values of the map go in a scattered order (see
:func:`xaudit.perturb.ordering.removal_steps`). Lowest first is exactly the reverse of highest first, so showing the
highest pixels first on a replaced image asks about the same images as taking the lowest away first.
"""

from collections.abc import Hashable
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.curve import Curve, Found, absent
from xaudit.metrics.faithfulness.asked import LEAST_EFFECT, NOT_A_NUMBER, Asked, answers, removed
from xaudit.metrics.guard import signal
from xaudit.perturb.asking import Asking
from xaudit.perturb.ordering import removal_steps
from xaudit.records import FloatArray, IntArray

if TYPE_CHECKING:
    from xaudit.models.classifier import Classifier

Order = Literal["highest first", "lowest first"]


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
    forwards. Quantus sends the channels of a pixel separately, begins its curve after the first removal and fails to
    integrate it; where no values are equal and a step holds whole pixels, its points are ours.

    Args:
        image: (3, h, w), normalised.
        target: index of the class explained.
        saliency: (h, w), signed; the most negative pixel goes last.
        baseline: what replaces a pixel, see :class:`xaudit.perturb.replacement.Replacement`.
        about: names the image; measures that remove the same pixels of it share the answers.

    Raises:
        ValueError: if map and image differ in size, or the baseline is unknown.

    Source: Bach et al. 2015; as an area, Samek et al. 2017.
    """
    if tuple(image.shape[1:]) != saliency.shape:
        raise ValueError(f"image of {tuple(image.shape)} and map of {saliency.shape} do not match")
    values = signal(saliency)
    if isinstance(values, Absent):
        return values
    asked = Asked(classifier, image.detach().cpu(), target, values, about)
    found = yield from area_while_removed(asked, steps=steps, baseline=baseline)
    return found.value


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
    asked = Asked(classifier, image.detach().cpu(), target, np.asarray(saliency, dtype=np.float64), about)
    curve = yield from removal_curve(asked, steps=steps, baseline=baseline, order="highest first")
    return curve


def removal_curve(asked: Asked, *, steps: int, baseline: str, order: Order) -> Asking[FloatArray]:
    """Target probability after each of ``steps`` removals, the untouched image first; (steps + 1,)."""
    logits = yield from removed(asked, portions(asked.saliency, steps, order), steps, baseline)
    return answers(asked, logits, "probability")


def portions(saliency: FloatArray, steps: int, order: Order) -> IntArray:
    """The step, from 1 to ``steps``, at which each pixel goes; (h, w)."""
    highest_first = removal_steps(saliency, steps)
    return highest_first if order == "highest first" else steps + 1 - highest_first


def area_while_removed(
    asked: Asked, *, steps: int, baseline: str, order: Order = "highest first"
) -> Asking[Found]:
    """Area under the target probability over the share of pixels replaced; 0 to 1.

    Highest first (MoRF, and RISE's deletion) lower is better; lowest first (LeRF) higher is better.
    """
    curve = yield from removal_curve(asked, steps=steps, baseline=baseline, order=order)
    return _area(curve)


def insertion(asked: Asked, *, steps: int, baseline: str) -> Asking[Found]:
    """Area under the target probability while the map's highest pixels are shown first on a replaced image.

    Higher is better, 0 to 1. The curve is that of the lowest pixels taken away first, read backwards: with equal steps
    and baseline the two have the same area and are paid once.

    Source: Petsiuk et al. 2018, RISE; there the replaced image is blurred with a deviation of 5 pixels.
    """
    curve = yield from removal_curve(asked, steps=steps, baseline=baseline, order="lowest first")
    return _area(curve[::-1])


def monotonicity(asked: Asked, *, steps: int, baseline: str) -> Asking[Found]:
    """1 where the target probability never falls while the map's lowest pixels are shown first, else 0.

    Higher is better. It asks about the images of pixel flipping with equal steps and baseline, backwards. A map passes
    in whatever order where all that the model reads speaks for the target, so 1 says little; 0 says that the map's order
    is not that of the effects. Falls below float32's accuracy are none.

    Source: Luss et al. 2019; as a truth value, Arya et al. 2019 (AIX360).
    """
    curve = (yield from removal_curve(asked, steps=steps, baseline=baseline, order="highest first"))[::-1]
    if not np.isfinite(curve).all():
        return absent(NOT_A_NUMBER)
    never_falls = bool((np.diff(curve) >= -LEAST_EFFECT).all())
    return Found(float(never_falls), Curve(np.linspace(0, 1, steps + 1), curve))


def _area(curve: FloatArray) -> Found:
    if not np.isfinite(curve).all():
        return absent(NOT_A_NUMBER)
    return Found(float((curve[:-1] + curve[1:]).mean() / 2), Curve(np.linspace(0, 1, len(curve)), curve))
