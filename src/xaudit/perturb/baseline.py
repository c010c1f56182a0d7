"""Baselines: the picture behind an image that metrics take away pixel by pixel."""

from typing import Final

import torch
from scipy import ndimage

KINDS: Final = ("mean", "black", "blur")

BLUR_SHARE: Final = 0.125
"""Standard deviation of the ``blur`` baseline, as a share of the shorter side: a finding of that size is gone."""


def baseline(image: torch.Tensor, kind: str, *, black: torch.Tensor) -> torch.Tensor:
    """The image once all of it has been taken away.

    ``mean`` is the image's own mean, channel by channel; ``black`` is intensity 0, which after normalisation is not
    0; ``blur`` is the image under a Gaussian so wide that only the coarse anatomy is left.

    Args:
        image: (3, h, w), normalised.
        black: (3, h, w), intensity 0 normalised alike.

    Raises:
        ValueError: for an unknown kind.
    """
    match kind:
        case "mean":
            return image.mean((1, 2), keepdim=True).expand_as(image)
        case "black":
            return black
        case "blur":
            width = BLUR_SHARE * min(image.shape[1:])
            blurred = ndimage.gaussian_filter(image.numpy(), (0, width, width), mode="nearest")
            return torch.from_numpy(blurred)
        case _:
            raise ValueError(f"'{kind}' is not a baseline; expected one of {', '.join(KINDS)}")
