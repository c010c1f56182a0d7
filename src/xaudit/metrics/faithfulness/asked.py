"""The map and model that a metric of faithfulness is asked about, and the questions that several of them share.

Every question is named by the pixels that it is about, so that metrics which replace the same ones share the answers.
Each metric asks about the untouched image first and about all else afterwards: so of two that ask the same it is always
the first in the audit file that pays, whatever else shares their batches.
"""

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.special import softmax

from xaudit.perturb.asking import Asking, Question
from xaudit.perturb.replacement import Replacement
from xaudit.records import FloatArray, IntArray
from xaudit.seeds import seed_for

if TYPE_CHECKING:
    from xaudit.models.classifier import Classifier

NOT_A_NUMBER = "the model's answer to the image with pixels replaced is not a number"

NO_EFFECT = "the model's answer is the same whatever is replaced, so there is no effect for a map to match"

LEAST_EFFECT = 1e-6
"""Answers that differ by less are equal: float32 arithmetic is no finer."""


@dataclass(frozen=True, eq=False)
class Asked:
    """A map of an image, and the model that is asked about it.

    Attributes:
        image: (3, h, w), normalised, on the CPU.
        saliency: (h, w) float64, signed, finite and not constant.
        about: names the image; None shares nothing.
        seed: of the run and the case; equal for all explainers, so that they meet the same random choices.
        blank: the baseline to which the explainer promises that its map sums; None where it promises nothing.
    """

    classifier: "Classifier"
    image: torch.Tensor
    target: int
    saliency: FloatArray
    about: Hashable = None
    seed: int = 0
    blank: str | None = None

    def replaced_by(self, kind: str, *, draw: int = 0) -> Replacement:
        """Make the replacement of pixels that are gone; another draw of a random kind is another picture."""
        black = self.classifier.normalise(torch.zeros_like(self.image))
        return Replacement(self.image, kind, black, seed_for(self.seed, "replacement", str(draw)))

    def with_map(self, saliency: FloatArray) -> "Asked":
        """The same, about another map."""
        return replace(self, saliency=saliency)

    def key(self, *names: Hashable) -> Hashable | None:
        """A question's name; None where nothing is to be shared."""
        return None if self.about is None else (self.about, self.seed, *names)


def answers(asked: Asked, logits: FloatArray, scale: str) -> FloatArray:
    """The model's answers on one scale, (n,).

    Args:
        logits: (n, n_classes).
        scale: ``probability`` by softmax, ``logit``, or ``decision``: 1 where the target has the highest logit, else 0.

    Raises:
        ValueError: for another scale.
    """
    match scale:
        case "probability":
            found: FloatArray = softmax(logits, axis=1)[:, asked.target]
        case "logit":
            found = logits[:, asked.target]
        case "decision":
            finite = np.isfinite(logits).all(1)
            found = np.where(finite, logits.argmax(1) == asked.target, np.nan)
        case _:
            raise ValueError(f"'{scale}' is not a scale of answers")
    return found


def untouched(asked: Asked) -> Asking[FloatArray]:
    """The logits of the image as it is, (1, n_classes); asked once for all metrics of a case."""
    logits = yield Question(1, lambda _start, _stop: asked.image[None], asked.key("untouched"))
    return logits


def removed(asked: Asked, gone_at: IntArray, count: int, baseline: str) -> Asking[FloatArray]:
    """The logits of the untouched image and of the image after each of ``count`` steps, (count + 1, n_classes).

    Args:
        gone_at: (h, w), the step, from 1, at which a pixel goes; it stays gone.
    """
    replacement = asked.replaced_by(baseline)
    steps = torch.from_numpy(gone_at)

    def make(start: int, stop: int) -> torch.Tensor:
        return replacement.without(steps <= torch.arange(start + 1, stop + 1).view(-1, 1, 1))

    before = yield from untouched(asked)
    after = yield Question(count, make, asked.key("removed", digest(gone_at), count, baseline))
    return np.concatenate([before, after])


def alone(
    asked: Asked, part_of: IntArray, baseline: str, *, draws: int = 1
) -> Asking[tuple[FloatArray, FloatArray]]:
    """The logits of the untouched image, (n_classes,), and with one part replaced at a time, (parts, draws, n_classes).

    Args:
        part_of: (h, w), the number of a pixel's part, from 1; every number up to the largest is there.
        draws: pictures that take a part's place one after the other; 1 for a baseline that knows no chance.
    """
    pictures = [asked.replaced_by(baseline, draw=draw) for draw in range(draws)]
    parts, count = torch.from_numpy(part_of), int(part_of.max())

    def make(start: int, stop: int) -> torch.Tensor:
        return torch.cat(
            [pictures[row % draws].without(parts[None] == row // draws + 1) for row in range(start, stop)]
        )

    before = yield from untouched(asked)
    after = yield Question(count * draws, make, asked.key("alone", digest(part_of), draws, baseline))
    return before[0], after.reshape(count, draws, -1)


def digest(array: IntArray) -> str:
    """A short name for an array's content."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]
