"""STAPLE: the probable truth behind several readers' masks, and how far each reader can be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xaudit.records import BoolArray, FloatArray

_START = 0.9
_CLOSE = 1e-10
_MOST_ROUNDS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Staple:
    """The truth that makes the readers' masks most likely.

    Attributes:
        probability: (H, W), of each pixel that it is truly inside.
        sensitivity: share of the true inside that each reader marked, in the order of the masks.
        specificity: share of the true outside that each reader left unmarked.
        n_rounds: of expectation and maximisation until the numbers stood still.
    """

    probability: FloatArray
    sensitivity: FloatArray
    specificity: FloatArray
    n_rounds: int

    @property
    def consensus(self) -> BoolArray:
        """(H, W), true where inside is at least as probable as outside."""
        return np.asarray(self.probability >= 0.5)


def staple(masks: Sequence[BoolArray], *, most_rounds: int = _MOST_ROUNDS) -> Staple:
    """Expectation maximisation over the pixels, each reader with one sensitivity and one specificity.

    The prior is the share of pixels marked, over all readers, as in the paper; no neighbourhood term. Both qualities
    start at .9 for everybody. Pixels on which the readers vote alike are counted, not repeated, so the cost of a
    round does not grow with the image.

    Args:
        masks: one or more of the same shape.
        most_rounds: after which it stops, close or not.

    Source: Warfield, Zou and Wells 2004, IEEE TMI 23(7).

    Example:
        >>> one, other = np.array([[True, True, False, False]]), np.array([[True, False, False, False]])
        >>> staple([one, one, other]).consensus.tolist()
        [[True, True, False, False]]
    """
    votes = np.stack([mask.ravel() for mask in masks], axis=1)
    patterns, which, counts = np.unique(votes, axis=0, return_inverse=True, return_counts=True)
    prior = float(votes.mean())
    n = len(masks)
    sensitivity, specificity = np.full(n, _START), np.full(n, _START)
    inside = np.full(len(patterns), prior)
    rounds = 0
    # Where nobody marked anything, or everybody everything, there is nothing to weigh.
    while 0.0 < prior < 1.0 and rounds < most_rounds:
        rounds += 1
        if_true = prior * np.where(patterns, sensitivity, 1 - sensitivity).prod(axis=1)
        if_false = (1 - prior) * np.where(patterns, 1 - specificity, specificity).prod(axis=1)
        either = if_true + if_false
        found = np.divide(if_true, either, out=np.full(len(patterns), prior), where=either > 0)
        moved = float(np.abs(found - inside).max())
        inside = found
        weight, rest = counts * inside, counts * (1 - inside)
        if weight.sum() > 0:
            sensitivity = (weight @ patterns) / weight.sum()
        if rest.sum() > 0:
            specificity = (rest @ ~patterns) / rest.sum()
        if moved < _CLOSE:
            break
    return Staple(inside[which.ravel()].reshape(masks[0].shape), sensitivity, specificity, rounds)
