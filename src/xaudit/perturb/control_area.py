"""Areas of the same size and shape as a region, elsewhere: what replacing just any such area does to a model."""

import numpy as np

from xaudit.records import BoolArray

N_DRAWS = 16
"""Random shifts among which the one that overlaps the region least is taken."""


def control_areas(region: BoolArray, n_areas: int, generator: np.random.Generator) -> list[BoolArray]:
    """Copies of a region moved by random shifts that wrap around the frame's edges.

    Each has exactly the region's number of pixels. It is the least overlapping of :data:`N_DRAWS` draws: a small
    region is left alone altogether, one that fills most of the frame cannot be.

    Args:
        region: (h, w).
    """
    height, width = region.shape
    spectrum = np.fft.rfft2(region.astype(np.float64))
    overlap = np.rint(np.fft.irfft2(np.abs(spectrum) ** 2, s=region.shape))
    areas = []
    for _ in range(n_areas):
        down, right = generator.integers(height, size=N_DRAWS), generator.integers(width, size=N_DRAWS)
        best = int(np.argmin(overlap[down, right]))
        areas.append(np.roll(region, (int(down[best]), int(right[best])), axis=(0, 1)))
    return areas
