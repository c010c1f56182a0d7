"""Pixels taken from the same place of another patient's image, blended at the seam.

Images are ``(3, h, w)`` float32, normalised, on the CPU; masks are ``(h, w)``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import torch
from scipy import ndimage
from torch.nn import functional

from xaudit.perturb.infill import continue_smoothly
from xaudit.perturb.window_blocks import Windows
from xaudit.perturb.window_pyramid import fill_windows_smoothly
from xaudit.records import BoolArray, FloatArray, IntArray

SEAM_SHARE: Final = 0.02
"""Width of the seam along which a donor's pixels are mixed in, as a share of the frame's shorter side."""

THUMBNAIL_SIDE: Final = 16
"""Side in pixels of the thumbnails by which images are compared."""


@dataclass(frozen=True, eq=False)
class Donor:
    """An image whose pixels may be copied into another patient's.

    Attributes:
        cluster: its patient, or its case if the data names no patients.
        label: its true class.
        mark: (h, w) of the model's frame: its mark with the tolerance; empty without marks.
    """

    case_id: str
    cluster: str
    label: str
    image: torch.Tensor
    mark: BoolArray

    @cached_property
    def thumbnail(self) -> torch.Tensor:
        """Small grey copy of the image."""
        return _thumbnail(self.image)


def nearest_donor(image: torch.Tensor, donors: Sequence[Donor]) -> Donor | None:
    """Return the donor whose thumbnail has the least mean squared difference from the image's; of several the first.

    None without donors.
    """
    if not donors:
        return None
    own = _thumbnail(image)
    differences = [float(((own - donor.thumbnail) ** 2).mean()) for donor in donors]
    return donors[int(np.argmin(differences))]


def fill_from_donor(image: torch.Tensor, hole: torch.Tensor, donor: torch.Tensor) -> torch.Tensor:
    """Take the hole's pixels from the donor, (3, n); along the seam they are mixed with the image's own continuation.

    With a seam of s pixels, the k-th pixel from the kept ones is k / (s + 1) donor, from k = s + 1 on it is the donor's. A
    blend that also levelled the donor's brightness (Poisson) would take away what is copied where the seam cuts through
    it.
    """
    depth = ndimage.distance_transform_edt(hole.numpy())
    share = torch.from_numpy(_donor_share(depth, hole.shape))[hole]
    own = continue_smoothly(image, hole)[:, hole]
    return donor[:, hole] * share + own * (1 - share)


def fill_windows_from_donor(pixels: FloatArray, windows: Windows, donor: FloatArray) -> FloatArray:
    """:func:`fill_from_donor` for many windows; (n, height, 3, width).

    Args:
        pixels: (h, 3, w).
        donor: (h, 3, w).
    """
    height, _, width = pixels.shape
    down = _depths(windows.tops, windows.height, height)[:, :, None, None]
    across = _depths(windows.lefts, windows.width, width)[:, None, None, :]
    share = _donor_share(np.minimum(down, across), (height, width))
    rows = windows.tops[:, None] + np.arange(windows.height)
    columns = windows.lefts[:, None] + np.arange(windows.width)
    given = donor[rows[:, :, None, None], np.arange(3)[:, None], columns[:, None, None, :]]
    filled: FloatArray = given * share + fill_windows_smoothly(pixels, windows) * (1 - share)
    return filled


def _donor_share(depth: FloatArray, frame_hw: Sequence[int]) -> FloatArray:
    """The share of the donor at so many pixels from the kept ones."""
    seam = max(1, round(SEAM_SHARE * min(frame_hw)))
    share: FloatArray = np.minimum(depth / (seam + 1), 1).astype(np.float32)
    return share


def _depths(starts: IntArray, length: int, side: int) -> FloatArray:
    """Pixels from each row of a window to the nearest kept row, (n, length); infinite where it fills the side."""
    rows = np.arange(length)
    before = np.where(starts > 0, 0, np.inf)[:, None] + rows + 1
    after = np.where(starts + length < side, 0, np.inf)[:, None] + length - rows
    depths: FloatArray = np.minimum(before, after)
    return depths


def _thumbnail(image: torch.Tensor) -> torch.Tensor:
    return functional.adaptive_avg_pool2d(image.mean(0, keepdim=True), THUMBNAIL_SIDE)[0]
