"""Hides every window of an image in turn and measures the change of the model's answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import logsumexp

from xaudit.errors import ModelError
from xaudit.metrics.reliance_map.windows import WindowGrid
from xaudit.perturb.asking import Asking, curve
from xaudit.perturb.window_infill import each_window_filled
from xaudit.records import FloatArray
from xaudit.seeds import generator_for


@dataclass(frozen=True, slots=True, eq=False)
class GridEffects:
    """The effects of the windows of one grid under one in-fill.

    Attributes:
        probability: of the target on the untouched image.
        log_odds: of the target on the untouched image.
        probability_drop: (rows, columns) float32, -1 to 1.
        log_odds_drop: (rows, columns) float32.
    """

    grid: WindowGrid
    infill: str
    probability: float
    log_odds: float
    probability_drop: FloatArray
    log_odds_drop: FloatArray


def hide_windows(
    image: torch.Tensor,
    target: int,
    grids: Sequence[WindowGrid],
    *,
    infills: Sequence[str],
    generator: np.random.Generator,
    donor: torch.Tensor | None = None,
) -> Asking[list[GridEffects]]:
    """Measure how far the answer falls when each window is filled in.

    A measure in progress, for :func:`xaudit.perturb.asking.answer`. Costs ``1 + windows × in-fills`` forwards. The effects
    of a grid do not depend on which other grids or in-fills are measured.

    Args:
        image: (3, h, w), normalised, in the model's frame.
        target: index of the class whose probability is measured.
        donor: (3, h, w), another patient's image, for in-fills that take their pixels from one.

    Returns:
        One per grid and in-fill, in the order of ``grids``, then ``infills``.

    Raises:
        ModelError: if the model's answer is not a number.
        ValueError: if a grid is of another frame.
    """
    image = image.detach().cpu()
    seed = int(generator.integers(2**32))
    wanted = [(grid, kind) for grid in grids for kind in infills]
    for grid in grids:
        if grid.frame_hw != tuple(image.shape[1:]):
            raise ValueError(f"windows of a frame of {grid.frame_hw} on an image of {tuple(image.shape[1:])}")

    def hidden() -> Iterator[torch.Tensor]:
        yield image
        for grid, kind in wanted:
            noise = generator_for(seed, kind, f"{grid.height} × {grid.width} px")
            yield from each_window_filled(image, grid.boxes(), kind, noise, donor)

    logits = yield curve(hidden(), 1 + sum(grid.n_windows for grid, _ in wanted))
    return grid_effects(logits, target, wanted)


def grid_effects(
    logits: FloatArray, target: int, wanted: Sequence[tuple[WindowGrid, str]]
) -> list[GridEffects]:
    """Work out the effects of grids of windows, each under one in-fill.

    Args:
        logits: (n, n_classes): of the untouched image, then of each grid's windows.

    Raises:
        ModelError: if a logit is not a number.
    """
    log_odds, probability = answers_of(logits, target)
    effects, start = [], 1
    for grid, kind in wanted:
        rows = slice(start, start + grid.n_windows)
        effects.append(
            GridEffects(
                grid,
                kind,
                float(probability[0]),
                float(log_odds[0]),
                (probability[0] - probability[rows]).reshape(grid.shape).astype(np.float32),
                (log_odds[0] - log_odds[rows]).reshape(grid.shape).astype(np.float32),
            )
        )
        start += grid.n_windows
    return effects


def answers_of(logits: FloatArray, target: int) -> tuple[FloatArray, FloatArray]:
    """Return the log odds and the probability of the target, (n,) each, from (n, n_classes) logits.

    The log odds come from the logits, not from the probability: they still move where the probability is rounded to 1.

    Raises:
        ModelError: if a logit is not a number.

    Example:
        >>> answers_of(np.array([[0.0, 100.0]]), 1)[0]
        array([100.])
    """
    if not np.isfinite(logits).all():
        raise ModelError(
            "the model's answer to an image with a window replaced is not a number",
            hint="check its weights and its preprocessing: NaN or infinite logits",
        )
    others = np.delete(logits, target, axis=1)
    log_odds: FloatArray = logits[:, target] - logsumexp(others, axis=1)
    with np.errstate(over="ignore"):
        return log_odds, 1 / (1 + np.exp(-log_odds))
