"""Copies each window of an image of the target class into an image of another class, and measures the answer's rise.

A rise shows that the content of the window is sufficient. Copied tissue does not continue the picture round it, and a
network may take that for a finding whatever was copied. So each window is also copied from an image without the
finding, and the two answers are compared.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import torch

from xaudit.metrics.reliance_map.hiding import GridEffects, grid_effects
from xaudit.metrics.reliance_map.windows import WindowGrid
from xaudit.perturb.asking import Asking, curve
from xaudit.perturb.window_infill import each_window_filled

INFILL: Final = "donor"
"""The in-fill that copies a window from another image."""


def transplant_windows(
    image: torch.Tensor,
    target: int,
    grids: Sequence[WindowGrid],
    *,
    donors: Sequence[tuple[torch.Tensor, torch.Tensor]],
) -> Asking[list[GridEffects]]:
    """Measure how far each window's content changes the answer when it is copied from a donor.

    A measure in progress, for :func:`xaudit.perturb.asking.answer`. Costs ``1 + 2 × windows × donors`` forwards. A drop is
    the probability with the window of the control less that with the window of the donor, at the same place of the
    frame: where the donor's content is sufficient for the target, it is negative.

    Args:
        image: (3, h, w), normalised, in the model's frame; of another class than the target.
        target: index of the class whose probability is measured.
        donors: pairs of a donor, of the target class, and a control, of another class; of the image's shape.

    Returns:
        One per pair and grid, in the order of ``donors``, then ``grids``.

    Raises:
        ModelError: if the model's answer is not a number.
        ValueError: if an image is of another frame than the windows.
    """
    image = image.detach().cpu()
    sources = [source for pair in donors for source in pair]
    for grid in grids:
        if any(grid.frame_hw != tuple(one.shape[1:]) for one in (image, *sources)):
            raise ValueError(f"windows of a frame of {grid.frame_hw} on an image of another frame")

    def changed() -> Iterator[torch.Tensor]:
        yield image
        for source in sources:
            for grid in grids:
                yield from each_window_filled(image, grid.boxes(), INFILL, np.random.default_rng(0), source)

    wanted = [(grid, INFILL) for _ in sources for grid in grids]
    logits = yield curve(changed(), 1 + sum(grid.n_windows for grid, _ in wanted))
    effects, n = grid_effects(logits, target, wanted), len(grids)
    return [
        replace(
            donor,
            probability_drop=donor.probability_drop - control.probability_drop,
            log_odds_drop=donor.log_odds_drop - control.log_odds_drop,
        )
        for start in range(0, len(effects), 2 * n)
        for donor, control in zip(effects[start : start + n], effects[start + n : start + 2 * n], strict=True)
    ]
