"""Infidelity: the error of the map's prediction of how far the answer changes."""

import numpy as np
import torch

from xaudit.metrics.curve import Found, absent
from xaudit.metrics.faithfulness.asked import LEAST_EFFECT, NO_EFFECT, NOT_A_NUMBER, Asked, answers, untouched
from xaudit.metrics.faithfulness.sampling import jackknife, rounds
from xaudit.perturb.asking import Asking, Question
from xaudit.records import FloatArray
from xaudit.seeds import generator_for


def infidelity(
    asked: Asked,
    *,
    samples: int,
    patch: float,
    baseline: str,
    answer: str,
    reads: str,
    scale: str,
    stop_at: float,
) -> Asking[Found]:
    """Mean squared error of the map's prediction of the answer's fall, over random square patches that are replaced.

    Lower is better. With ``scale: best`` the map is first multiplied by the one factor, not below 0, that serves it
    best, and the error is given as a share of the mean squared fall: 0 to 1, and 1 for a map that predicts nothing or
    the opposite. With ``scale: none`` it is the paper's error in squared units of the answer, at least 0 and without
    bound: only maps in those units can be compared.

    Every sample draws a patch of its own, wholly inside the image. Quantus repeats the same patches in every
    "sample", and each replaces the ones before as well.

    Args:
        patch: side of the square, as a share of the shorter side.
        reads: ``attribution`` for a map of contributions: the prediction is its sum over the patch; ``gradient`` for a
            map of slopes: it is summed times the change of the pixel, over channels.
        stop_at: above 0, no more are drawn once the standard error is at most this.

    Source: Yeh et al. 2019, definition 2.1; the factor is theirs too (section 2.2).
    """
    side = max(1, round(patch * min(asked.saliency.shape)))
    before = answers(asked, (yield from untouched(asked)), answer)[0]
    weight = asked.saliency if reads == "attribution" else asked.saliency * _change(asked, baseline)
    predicted, falls = np.empty(0), np.empty(0)
    for start, stop in rounds(samples, stops=stop_at > 0):
        sums, logits = yield from _patches(asked, weight, side, (start, stop), baseline)
        predicted = np.append(predicted, sums)
        falls = np.append(falls, before - answers(asked, logits, answer))
        if not np.isfinite(falls).all():
            return absent(NOT_A_NUMBER)
        left_out = _error(predicted, falls, scale, leave_out=True)
        if np.abs(falls).max() > LEAST_EFFECT and jackknife(left_out) <= stop_at:
            break
    if scale == "best" and np.abs(falls).max() <= LEAST_EFFECT:
        return absent(NO_EFFECT)
    return Found(float(_error(predicted, falls, scale)[0]))


def _error(predicted: FloatArray, falls: FloatArray, scale: str, *, leave_out: bool = False) -> FloatArray:
    """The error of all samples, (1,), or with each of them left out, (n,)."""
    products = np.stack([predicted**2, falls**2, predicted * falls, (predicted - falls) ** 2])
    sums = products.sum(1, keepdims=True)
    n = len(falls)
    if leave_out:
        sums, n = sums - products, n - 1
    own, fallen, together, error = sums
    if scale == "none":
        return np.asarray(error / n)
    bound = own * fallen
    explained = np.divide(np.maximum(together, 0) ** 2, bound, out=np.zeros_like(bound), where=bound > 0)
    return np.asarray(np.clip(1 - explained, 0, 1))


def _change(asked: Asked, baseline: str) -> FloatArray:
    """By how much each pixel changes when it is replaced, summed over channels; (h, w)."""
    behind = asked.replaced_by(baseline).behind
    if behind is None:
        raise ValueError(f"a map of slopes needs a baseline that is one picture, not '{baseline}'")
    change: FloatArray = (asked.image - behind).double().sum(0).numpy()
    return change


def _patches(
    asked: Asked, weight: FloatArray, side: int, numbers: tuple[int, int], baseline: str
) -> Asking[tuple[FloatArray, FloatArray]]:
    """The sum of ``weight`` over random squares, (n,), and the logits of the image without each, (n, n_classes)."""
    first, last = numbers
    height, width = weight.shape
    replacement = asked.replaced_by(baseline)

    def corner(number: int) -> tuple[int, int]:
        generator = generator_for(asked.seed, "square", str(side), str(number))
        top, left = generator.integers([height - side + 1, width - side + 1])
        return int(top), int(left)

    corners = [corner(number) for number in range(first, last)]
    sums = np.array([weight[top : top + side, left : left + side].sum() for top, left in corners])

    def make(start: int, stop: int) -> torch.Tensor:
        gone = torch.zeros((stop - start, height, width), dtype=torch.bool)
        for row, (top, left) in enumerate(corners[start:stop]):
            gone[row, top : top + side, left : left + side] = True
        return replacement.without(gone)

    logits = yield Question(last - first, make, asked.key("squares", side, numbers, baseline))
    return sums, logits
