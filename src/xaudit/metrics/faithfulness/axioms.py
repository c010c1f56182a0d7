"""Axioms that explainers promise to keep: maps sum to the answer, and pixels without an effect get no value."""

import numpy as np

from xaudit.metrics.curve import Found, absent
from xaudit.metrics.faithfulness.asked import (
    LEAST_EFFECT,
    NO_EFFECT,
    NOT_A_NUMBER,
    Asked,
    alone,
    answers,
    removed,
)
from xaudit.metrics.faithfulness.patches import grid_of
from xaudit.perturb.asking import Asking


def completeness(asked: Asked) -> Asking[Found]:
    """By how much the map's sum misses the fall of the logit from the image to the explainer's own baseline.

    Lower is better: 0 where the sum is the fall, 1 where one of them is 0 or they have opposite signs; in between, their
    difference over the sum of their magnitudes. It is asked only of an explainer that promises it. Quantus asks
    whether two floating point numbers are equal, and always finds that they are not.

    Source: Sundararajan et al. 2017, section 3.
    """
    if asked.blank is None:
        return absent("this explainer does not promise that its map sums to the answer")
    everything = np.ones(asked.saliency.shape, dtype=np.int64)
    logits = yield from removed(asked, everything, 1, asked.blank)
    image, blank = answers(asked, logits, "logit")
    fall, total = image - blank, asked.saliency.sum()
    if not np.isfinite(fall):
        return absent(NOT_A_NUMBER)
    if abs(fall) + abs(total) <= LEAST_EFFECT:
        return absent("map and answer are both without any effect of the image, so nothing can be missed")
    return Found(float(abs(total - fall) / (abs(total) + abs(fall))))


def non_sensitivity(
    asked: Asked, *, patch_px: int, tolerance: float, baseline: str, answer: str
) -> Asking[Found]:
    """Share of the patches that have a value but no effect, or an effect but no value.

    Lower is better, 0 to 1. A patch has a value where the largest magnitude of the map in it exceeds ``tolerance`` of the
    map's largest, and an effect where replacing it alone changes the answer by more than ``tolerance`` of the largest
    such change. The paper asks pixel by pixel and for zeros: at 128 px that is 16,384 forwards, and no float is zero.

    Source: Nguyen and Rodríguez Martínez 2020, section 3.1.
    """
    part_of = grid_of(asked.saliency.shape, patch_px) + 1
    before, after = yield from alone(asked, part_of, baseline)
    effect = np.abs(answers(asked, before[None], answer) - answers(asked, after[:, 0], answer))
    if not np.isfinite(effect).all():
        return absent(NOT_A_NUMBER)
    if effect.max() <= LEAST_EFFECT:
        return absent(NO_EFFECT)
    magnitude = np.zeros(len(effect))
    np.maximum.at(magnitude, part_of.reshape(-1) - 1, np.abs(asked.saliency).reshape(-1))
    has_value = magnitude > tolerance * magnitude.max()
    has_effect = effect > tolerance * effect.max()
    return Found(float((has_value != has_effect).mean()))
