"""Correlations of the map's values with the effects of replacing the pixels that they stand on."""

import numpy as np
from scipy.stats import rankdata

from xaudit.metrics.curve import Curve, Found, absent
from xaudit.metrics.faithfulness.asked import (
    LEAST_EFFECT,
    NO_EFFECT,
    NOT_A_NUMBER,
    Asked,
    alone,
    answers,
    untouched,
)
from xaudit.metrics.faithfulness.removal import portions
from xaudit.metrics.faithfulness.sampling import pearson, pearson_error, rounds
from xaudit.metrics.faithfulness.subsets import subset_effects
from xaudit.perturb.asking import Asking
from xaudit.records import FloatArray, IntArray


def faithfulness_correlation(
    asked: Asked, *, samples: int, share: float, baseline: str, answer: str, stop_at: float
) -> Asking[Found]:
    """Correlation of the map's sum over a random subset of pixels with the fall of the answer when it is replaced.

    Higher is better, -1 to 1, chance 0. ``share`` of the pixels is replaced each time, all channels together. Quantus
    draws values of single channels; given the same subsets of whole pixels its number is ours.

    Args:
        stop_at: above 0, no more are drawn once the standard error is at most this, ``samples`` being the most.

    Source: Bhatt et al. 2020, definition 3.
    """
    size = max(1, round(share * asked.saliency.size))
    before = answers(asked, (yield from untouched(asked)), answer)[0]
    sums, falls = np.empty(0), np.empty(0)
    for start, stop in rounds(samples, stops=stop_at > 0):
        drawn, logits = yield from subset_effects(asked, size, (start, stop), baseline)
        sums = np.append(sums, drawn)
        falls = np.append(falls, before - answers(asked, logits, answer))
        if not np.isfinite(falls).all():
            return absent(NOT_A_NUMBER)
        if np.ptp(falls) > LEAST_EFFECT and pearson_error(sums, falls) <= stop_at:
            break
    if np.ptp(falls) <= LEAST_EFFECT:
        return absent(NO_EFFECT)
    return Found(pearson(sums, falls))


def sensitivity_n(
    asked: Asked, *, sizes: int, samples: int, baseline: str, answer: str, stop_at: float
) -> Asking[Found]:
    """The same correlation for subsets of n pixels, averaged over ``sizes`` n from 1 % to 80 % of the image.

    Higher is better, -1 to 1, chance 0. The n grow by equal factors; at each, ``samples`` random subsets are drawn. A
    size at which the answer does not vary has no correlation and is left out of the mean. Quantus replaces the map's
    highest n instead of random ones and correlates over the cases of its first batch, so a case has no score of its own.

    Args:
        stop_at: above 0, no more are drawn once the standard error of the mean is at most this.

    Source: Ancona et al. 2018, section 3.2.
    """
    n_pixels = asked.saliency.size
    counts = [max(1, round(share * n_pixels)) for share in np.geomspace(SMALLEST, LARGEST, sizes)]
    before = answers(asked, (yield from untouched(asked)), answer)[0]
    sums, falls = np.empty((sizes, 0)), np.empty((sizes, 0))
    for first, last in rounds(samples, stops=stop_at > 0):
        found = []
        for count in counts:
            drawn, logits = yield from subset_effects(asked, count, (first, last), baseline)
            found.append((drawn, before - answers(asked, logits, answer)))
        sums = np.concatenate([sums, [one for one, _ in found]], axis=1)
        falls = np.concatenate([falls, [one for _, one in found]], axis=1)
        if not np.isfinite(falls).all():
            return absent(NOT_A_NUMBER)
        varies = np.flatnonzero(np.ptp(falls, axis=1) > LEAST_EFFECT)
        errors = [pearson_error(sums[index], falls[index]) for index in varies]
        if errors and np.sqrt(np.square(errors).sum()) / len(errors) <= stop_at:
            break
    if not varies.size:
        return absent(NO_EFFECT)
    each = np.array([pearson(sums[index], falls[index]) for index in varies])
    return Found(float(each.mean()), Curve(np.array(counts)[varies] / n_pixels, each))


SMALLEST, LARGEST = 0.01, 0.8
"""Shares of the pixels between which sensitivity-n's subsets lie; the upper one is Quantus's."""


def faithfulness_estimate(asked: Asked, *, steps: int, baseline: str, answer: str) -> Asking[Found]:
    """Correlation of the map's sum over each portion of its order with the fall of the answer when that is replaced.

    Higher is better, -1 to 1, chance 0. Portions are those of pixel flipping, replaced one at a time. For portions of
    whole pixels without equal values Quantus's number is ours.

    Source: Alvarez-Melis and Jaakkola 2018, section 5.
    """
    part_of = portions(asked.saliency, steps, "highest first")
    before, after = yield from alone(asked, part_of, baseline)
    falls = answers(asked, before[None], answer) - answers(asked, after[:, 0], answer)
    if not np.isfinite(falls).all():
        return absent(NOT_A_NUMBER)
    if np.ptp(falls) <= LEAST_EFFECT:
        return absent(NO_EFFECT)
    return Found(pearson(_sums(asked.saliency, part_of), falls))


def monotonicity_correlation(
    asked: Asked, *, steps: int, baseline: str, answer: str, draws: int
) -> Asking[Found]:
    """Rank correlation of the map's magnitude over each portion with the mean squared change of the answer.

    Higher is better, -1 to 1, chance 0. Portions of the map's magnitude are replaced one at a time, by ``draws``
    pictures each where the baseline is random. The paper divides the changes by the squared answer; one factor for all
    portions alters no rank, and without it there is no division by an answer near 0, at which Quantus fails.

    Source: Nguyen and Rodríguez Martínez 2020, section 3.2.
    """
    magnitude = np.abs(asked.saliency)
    if np.ptp(magnitude) == 0:
        return absent("the map has one magnitude everywhere: it ranks no pixel above another")
    part_of = portions(magnitude, steps, "highest first")
    draws = draws if asked.replaced_by(baseline).is_random else 1
    before, after = yield from alone(asked, part_of, baseline, draws=draws)
    without = answers(asked, after.reshape(steps * draws, -1), answer).reshape(steps, draws)
    falls = answers(asked, before[None], answer) - without
    if not np.isfinite(falls).all():
        return absent(NOT_A_NUMBER)
    if np.ptp(falls) <= LEAST_EFFECT:
        return absent(NO_EFFECT)
    changes = (falls**2).mean(1)
    return Found(pearson(rankdata(_sums(magnitude, part_of)), rankdata(changes)))


def _sums(saliency: FloatArray, part_of: IntArray) -> FloatArray:
    """The map's sum over each part; parts are numbered from 1."""
    sums: FloatArray = np.bincount(part_of.reshape(-1), weights=saliency.reshape(-1))[1:].astype(np.float64)
    return sums
