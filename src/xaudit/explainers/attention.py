"""Methods that follow the attention between the tokens of a vision transformer; no kept library has them.

The map lies on the grid of patches and is drawn in the frame by linear interpolation.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import torch
from torch.nn import functional

from xaudit.errors import ModelError
from xaudit.explainers.custody import custody
from xaudit.explainers.requests import check_request
from xaudit.models.classifier import Classifier
from xaudit.models.network.attention import INSTEAD, AttentionBlocks, attention_blocks
from xaudit.models.network.token_places import spill
from xaudit.models.network.token_reading import read_tokens
from xaudit.models.network.tokens import token_grid_of
from xaudit.records import FloatArray
from xaudit.records.token_grid import TokenGrid

_MOST_SPILLED = 0.5
"""Change of other patches' tokens, as a share of a patch's own: convolutions before the tokens see some of the neighbours."""


@dataclass(frozen=True)
class AttentionExplainer(ABC):
    """A map of patches from the attention matrices of all blocks.

    Attributes:
        reading: the share that each token behind the last block has in the answer, (tokens,): equal among the class,
            distillation or other tokens before the picture that the head reads, equal among the patches if it reads those,
            and half to each of the two groups if it reads both.
    """

    method: ClassVar[str]
    classifier: Classifier
    blocks: AttentionBlocks
    grid: TokenGrid
    reading: torch.Tensor

    @classmethod
    def checked(cls, classifier: Classifier) -> Self:
        """Make one; raises ModelError where the network is no transformer whose attention can be read."""
        subject = f"model '{classifier.id}'"
        blocks = attention_blocks(classifier.module, subject=subject, method=cls.method)
        grid = token_grid_of(classifier.module, classifier.model_hw)
        assert grid is not None
        with classifier.meter.paused(), custody(classifier.module):
            reading = read_tokens(
                classifier.module,
                blocks.last,
                grid,
                frame_hw=classifier.model_hw,
                subject=f"{subject}: {cls.method}",
            )
        made = cls(classifier, blocks, grid, reading)
        made._check_matrices()
        return made

    @property
    def grid_hw(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return self.grid.height, self.grid.width

    def explain(self, images: torch.Tensor, targets: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """See :meth:`xaudit.explainers.Explainer.explain`; the seeds play no part."""
        check_request(self.classifier, images, targets, seeds)
        maps = np.zeros((len(images), *self.classifier.model_hw), dtype=np.float32)

        def made(batch: slice) -> FloatArray:
            placed = images[batch].clone().to(self.classifier.device, memory_format=torch.channels_last)
            return self._drawn(self.tokens(placed, targets[batch]))

        with custody(self.classifier.module):
            for batch, some in self.classifier.explained.parts(len(images), made):
                maps[batch] = some
        return maps

    @abstractmethod
    def tokens(self, images: torch.Tensor, targets: Sequence[int]) -> torch.Tensor:
        """Return what each token of the input is worth, (N, tokens), for a batch on the model's device."""

    def _drawn(self, worth: torch.Tensor) -> FloatArray:
        patches = worth[:, self.grid.prefix :].reshape(-1, 1, *self.grid_hw).float()
        drawn = functional.interpolate(
            patches, size=self.classifier.model_hw, mode="bilinear", align_corners=False
        )
        maps: FloatArray = drawn[:, 0].cpu().numpy()
        return maps

    def _check_matrices(self) -> None:
        """Raise ModelError unless each block makes one matrix over all tokens, and the tokens show the frame's patches."""
        blank = torch.zeros((1, 3, *self.classifier.model_hw), device=self.classifier.device)
        network = self.classifier.module
        with (
            self.classifier.meter.paused(),
            custody(network),
            torch.no_grad(),
            self.blocks.read() as matrices,
        ):
            network(blank)
        wanted, n_blocks = (self.grid.n_tokens,) * 2, len(self.blocks.blocks)
        made = [tuple(matrix.shape[-2:]) for matrix in matrices]
        if made != [wanted] * n_blocks:
            other = next(
                (f", one of {rows} × {columns}" for rows, columns in made if (rows, columns) != wanted), ""
            )
            raise ModelError(
                f"model '{self.classifier.id}': {self.method} needs one attention matrix of {wanted[0]} × {wanted[1]} tokens "
                f"from each of {n_blocks} blocks, and the network made {len(made)}{other}",
                hint=INSTEAD,
            )
        with self.classifier.meter.paused(), custody(network):
            spilled = spill(network, self.blocks.blocks[0], self.grid, self.classifier.model_hw)
        if spilled is None or spilled > _MOST_SPILLED:
            rows, columns = self.grid_hw
            raise ModelError(
                f"model '{self.classifier.id}': {self.method} needs tokens that show the patches of the frame; a change of some "
                f"of the {rows} × {columns} patches changes the tokens of others as much",
                hint=INSTEAD,
            )


@dataclass(frozen=True)
class RolloutExplainer(AttentionExplainer):
    """Attention rollout: how much of each patch the tokens that the head reads hold, were a block only its attention.

    Unsigned, not negative, shares: with the tokens before the picture they sum to 1. Heads are averaged, and half of each
    token stays by the skip connection. The map does not depend on the target, nor on the head.

    Source: Abnar and Zuidema 2020, section 3.
    """

    method = "attention-rollout"

    def tokens(self, images: torch.Tensor, targets: Sequence[int]) -> torch.Tensor:
        """See :meth:`AttentionExplainer.tokens`; the targets play no part."""
        del targets
        with torch.no_grad(), self.blocks.read() as matrices:
            self.classifier.module(images)
            row = self.reading.expand(len(images), 1, -1)
            for matrix in reversed(matrices):
                row = 0.5 * (row @ matrix.mean(dim=1)) + 0.5 * row
        return row[:, 0]


@dataclass(frozen=True)
class GradientAttentionExplainer(AttentionExplainer):
    """Attention times its gradient: the attention that raises the target's logit, block after block.

    Unsigned, not negative. In each block a head's matrix is multiplied by the gradient of the target's logit, negative
    products are set to zero and heads are averaged; the identity stands for the skip connection.

    Source: Chefer et al. 2021, Generic attention-model explainability, equations 5 and 6.
    """

    method = "attention-gradient"

    def tokens(self, images: torch.Tensor, targets: Sequence[int]) -> torch.Tensor:
        """See :meth:`AttentionExplainer.tokens`."""
        with torch.enable_grad(), self.blocks.read() as matrices:
            logits = self.classifier.module(images.requires_grad_())
            wanted = logits[torch.arange(len(images)), list(targets)].sum()
            slopes = torch.autograd.grad(wanted, matrices)
        row = self.reading.expand(len(images), 1, -1)
        gained = torch.zeros_like(
            row
        )  # apart from the identity, beside which small gradients would be rounded away
        for matrix, slope in zip(reversed(matrices), reversed(slopes), strict=True):
            step = (row + gained) @ (matrix.detach() * slope).clamp(min=0).mean(dim=1)
            gained = gained + step
        return gained[:, 0]
