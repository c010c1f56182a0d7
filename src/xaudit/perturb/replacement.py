"""Replacement of pixels that are taken away, for metrics that ask a model without them.

Some kinds put one picture behind the image, seen wherever a pixel is gone; others are made anew for each set of missing
pixels from those that are left. Images are ``(3, h, w)`` float32, normalised, on the CPU.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import torch
from scipy import ndimage

from xaudit.catalog.options import BASELINES
from xaudit.perturb.infill import infill
from xaudit.records import BoolArray
from xaudit.seeds import generator_for

BLUR_SHARE: Final = 0.125
"""Standard deviation of the ``blur`` baseline, as a share of the shorter side: a finding of that size is gone."""

FROM_THE_REST: Final = {"linear": "noise", "continue": "blur"}
"""The kinds that are made from the pixels that are left, and what :mod:`xaudit.perturb.infill` calls them."""


@dataclass(frozen=True, eq=False)
class Replacement:
    """An image, and the values that replace its pixels when they are gone.

    ``mean`` is the image's own mean, channel by channel; ``black`` is intensity 0, which after normalisation is not 0;
    ``blur`` is the image under a Gaussian so wide that only the coarse anatomy is left. ``zero`` is 0 after
    normalisation, the mean of the images that it was normalised by. ``noise`` is Gaussian with the image's own mean
    and deviation, the same field in every channel, so that grey stays grey. ``linear`` is noisy linear imputation and
    ``continue`` a smooth continuation, both of what is left; where nothing is left they give ``zero``.

    Attributes:
        black: (3, h, w), intensity 0 normalised alike.
        seed: of ``noise`` and ``linear``; the same seed gives the same picture.

    Raises:
        ValueError: for an unknown kind.
    """

    image: torch.Tensor
    kind: str
    black: torch.Tensor
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in BASELINES:
            raise ValueError(f"'{self.kind}' is not a baseline; expected one of {', '.join(BASELINES)}")

    @cached_property
    def behind(self) -> torch.Tensor | None:
        """The picture behind the image, (3, h, w); None for a kind that is made anew for each mask."""
        match self.kind:
            case "mean":
                return self.image.mean((1, 2), keepdim=True).expand_as(self.image)
            case "black":
                return self.black
            case "zero":
                return torch.zeros_like(self.image)
            case "noise":
                field = generator_for(self.seed, "noise").standard_normal(tuple(self.image.shape[1:]))
                spread = self.image.std((1, 2), correction=0, keepdim=True)
                noisy = self.image.mean((1, 2), keepdim=True) + spread * torch.from_numpy(field)
                return noisy.to(self.image.dtype)
            case "blur":
                width = BLUR_SHARE * min(self.image.shape[1:])
                blurred = ndimage.gaussian_filter(self.image.numpy(), (0, width, width), mode="nearest")
                return torch.from_numpy(blurred)
            case _:
                return None

    @property
    def is_random(self) -> bool:
        """True if another seed gives another picture."""
        return self.kind in ("noise", "linear")

    def without(self, gone: torch.Tensor) -> torch.Tensor:
        """Copies of the image, each without its own pixels.

        Args:
            gone: (n, h, w) bool.

        Returns:
            (n, 3, h, w).
        """
        if self.behind is not None:
            return torch.where(gone[:, None], self.behind, self.image)
        return torch.stack([self._made(mask.numpy()) for mask in gone])

    def _made(self, gone: BoolArray) -> torch.Tensor:
        return infill(self.image, gone, FROM_THE_REST[self.kind], generator_for(self.seed, "linear"))
