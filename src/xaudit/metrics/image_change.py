"""Whole-image properties: how a model's answer changes with brightness, contrast, sharpness, noise and the like.

No explainer and no mark is needed. Where a finding is marked, each step is asked twice: once with the finding changed along
with the image, and once with the finding kept. A network that reads the finding may lose it to blur; if the answer moves
although the finding keeps its own pattern, it is the rest of the image that moves it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
from scipy.special import logsumexp, softmax

from xaudit.catalog.image_changes import IMAGE_CHANGES
from xaudit.errors import ModelError
from xaudit.perturb.asking import Asking, curve
from xaudit.perturb.whole_image import changed_image, property_value, with_kept
from xaudit.records import BoolArray, FloatArray, ImageChange
from xaudit.seeds import generator_for

Effect = TypeVar("Effect", "ChangeEffect", ImageChange)


@dataclass(frozen=True, slots=True)
class ChangeEffect:
    """The effect of one step on one model's answer to one image; fields as in :class:`xaudit.records.ImageChange`."""

    change: str
    finding_kept: bool
    probability: float
    log_odds: float
    probability_change: float
    log_odds_change: float
    value: float = 0.0
    value_change: float = 0.0


def ask_image_changes(
    pixels: FloatArray,
    target: int,
    finding: BoolArray,
    *,
    changes: Sequence[str],
    normalise: Callable[[torch.Tensor], torch.Tensor],
    seed: int,
) -> Asking[list[ChangeEffect]]:
    """Ask for the answers to the untouched image and to each changed one.

    A measure in progress, for :func:`xaudit.perturb.asking.answer`. Costs 1 + changes forwards, and one more for each change
    where a finding is marked. A change of brightness moves a kept finding along with its surroundings, so there its two
    images are the same and the model is asked once.

    Args:
        pixels: (3, h, w) of the model's frame, before normalisation, 0 to 1.
        target: index of the class whose probability is taken.
        finding: (h, w), the marked finding with its tolerance; may be empty.
        changes: ids of :data:`xaudit.catalog.image_changes.IMAGE_CHANGES`.
        seed: of the noise, whose field is the same for every strength.

    Returns:
        One per change, in their order; where a finding is marked, each followed by the one with the finding kept.

    Raises:
        ModelError: if the model's answer is not a number.
    """
    marked = bool(finding.any())
    asked = [
        (change, kept)
        for change in changes
        for kept in (False, True)
        if not kept or (marked and IMAGE_CHANGES[change].kind != "level")
    ]
    values: list[float] = []

    def images() -> Iterator[torch.Tensor]:
        yield _input(pixels, normalise)
        changed = pixels
        for change, kept in asked:
            if not kept:
                changed = changed_image(pixels, change, generator_for(seed, "noise"))
            shown = with_kept(pixels, changed, finding) if kept else changed
            values.append(property_value(shown, IMAGE_CHANGES[change].property))
            yield _input(shown, normalise)

    logits = yield curve(images(), 1 + len(asked), needs_images=True)
    effects = _effects(asked, logits, target)
    natural = {
        name: property_value(pixels, name) for name in {IMAGE_CHANGES[change].property for change in changes}
    }
    found: list[ChangeEffect] = []
    for effect, value in zip(effects, values, strict=True):
        row = IMAGE_CHANGES[effect.change]
        effect = replace(effect, value=natural[row.property], value_change=value - natural[row.property])
        found.append(effect)
        if marked and row.kind == "level":
            found.append(replace(effect, finding_kept=True))
    return found


def _effects(asked: Sequence[tuple[str, bool]], logits: FloatArray, target: int) -> list[ChangeEffect]:
    """Work out the changes of the answer from the logits of the untouched image, then of each changed one.

    Raises:
        ModelError: if one of them is not a number.
    """
    if not np.isfinite(logits).all():
        raise ModelError(
            "the model's answer to an image with a changed property is not a number",
            hint="check its weights and its preprocessing: NaN or infinite logits",
        )
    probability: FloatArray = softmax(logits, axis=1)[:, target]
    log_odds: FloatArray = logits[:, target] - logsumexp(np.delete(logits, target, axis=1), axis=1)
    return [
        ChangeEffect(
            change=change,
            finding_kept=kept,
            probability=float(probability[0]),
            log_odds=float(log_odds[0]),
            probability_change=float(probability[row] - probability[0]),
            log_odds_change=float(log_odds[row] - log_odds[0]),
        )
        for row, (change, kept) in enumerate(asked, start=1)
    ]


def with_finding_kept(effects: Iterable[Effect]) -> dict[str, Effect]:
    """Return the effect of each step on one image: with the marked finding kept where that was asked, else on the whole."""
    by_change: dict[str, Effect] = {}
    for effect in effects:
        if effect.finding_kept or effect.change not in by_change:
            by_change[effect.change] = effect
    return by_change


def movement(effects: Iterable[ChangeEffect | ImageChange]) -> float:
    """Return the distance between the highest and the lowest probability over steps and the untouched image; 0 to 1."""
    changes = [0.0, *(effect.probability_change for effect in effects)]
    return max(changes) - min(changes)


def _input(pixels: FloatArray, normalise: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    return normalise(torch.from_numpy(np.ascontiguousarray(pixels, dtype=np.float32)))
