"""RISE: the target's probability under random masks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from xaudit.explainers.baselines import blank_image
from xaudit.explainers.requests import check_request
from xaudit.models.classifier import Classifier
from xaudit.records import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class RiseExplainer:
    """RISE: the mean of random masks, each weighed with the target's probability of the image seen through it.

    Unsigned, in probability: a pixel's value is the mean probability when it is shown. It never falls to zero, so
    the map looks diffuse to every metric of mass; read its maxima, or metrics of rank.

    A mask is a coarse grid of cells, each shown with a fixed probability, drawn one cell larger than the frame by
    linear interpolation and shifted by a random part of a cell.

    Source: Petsiuk et al. 2018, equation 6 and section 3.2. Differs in that masks are drawn anew for every image, from
    its seed, and in that what is hidden may show the image's mean instead of black.
    """

    classifier: Classifier
    samples: int
    grid: int
    probability: float
    baseline: str

    @property
    def cell_px(self) -> tuple[int, int]:
        """Height and width of a mask's cell, in pixels of the model's frame: the smallest whole number that covers it."""
        height, width = self.classifier.model_hw
        return -(-height // self.grid), -(-width // self.grid)

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; the seed draws the masks."""
        check_request(self.classifier, images, targets, seeds)
        maps = np.zeros((len(images), *self.classifier.model_hw), dtype=np.float32)
        for index, (image, target, seed) in enumerate(zip(images, targets, seeds, strict=True)):
            maps[index] = self._map(image, target, seed)
        return maps

    def _map(self, image: torch.Tensor, target: int, seed: int) -> FloatArray:
        blank = blank_image(self.classifier, image, self.baseline)
        summed = torch.zeros(self.classifier.model_hw, dtype=torch.float64)
        for masks in self.masks(seed):
            logits = self.classifier.logits(blank + masks[:, None] * (image - blank))
            probabilities = torch.softmax(logits, dim=1)[:, target]
            # Summed in double precision, so that the batch size leaves no trace.
            summed += torch.einsum("n,nhw->hw", probabilities.double(), masks.double())
        mean: FloatArray = (summed / (self.samples * self.probability)).float().numpy()
        return mean

    def masks(self, seed: int) -> Iterator[torch.Tensor]:
        """All masks of one image, (some, h, w) in 0 to 1, a batch at a time."""
        cells, shifts = draw_masks(self.samples, self.grid, self.probability, self.cell_px, seed)
        for start in range(0, self.samples, self.classifier.batch_size):
            batch = slice(start, start + self.classifier.batch_size)
            yield self._drawn(cells[batch], shifts[batch])

    def _drawn(self, cells: BoolArray, shifts: IntArray) -> torch.Tensor:
        (height, width), (down, across) = self.classifier.model_hw, self.cell_px
        large = torch.nn.functional.interpolate(
            torch.from_numpy(cells.astype(np.float32))[:, None],
            size=((self.grid + 1) * down, (self.grid + 1) * across),
            mode="bilinear",
            align_corners=False,
        )[:, 0]
        cut = [one[y : y + height, x : x + width] for one, (y, x) in zip(large, shifts, strict=True)]
        return torch.stack(cut)


def draw_masks(
    n_samples: int, n_cells: int, probability: float, cell_px: tuple[int, int], seed: int
) -> tuple[BoolArray, IntArray]:
    """Draw the cells that each mask shows, (samples, cells, cells), and its shift in pixels, (samples, 2), each below a cell."""
    generator = np.random.default_rng(seed)
    cells: BoolArray = generator.random((n_samples, n_cells, n_cells)) < probability
    shifts: IntArray = generator.integers(0, cell_px, size=(n_samples, 2))
    return cells, shifts
