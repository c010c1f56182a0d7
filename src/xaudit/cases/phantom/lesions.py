"""Simulated tumours: position, size, and shape in each slice of a patient.

Sizes are log-normal around 22 mm, but one patient in twelve has any size from a nodule of 3 mm to a mass of 62 mm, all
orders of magnitude alike. Lengths are millimetres in the body's frame of :mod:`xaudit.cases.phantom.anatomy`.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import distance_transform_edt

from xaudit.cases.phantom.anatomy import Anatomy
from xaudit.cases.phantom.shapes import Grid
from xaudit.records import BoolArray, FloatArray

SMALLEST_MM, LARGEST_MM = 3.0, 62.0
MEDIAN_MM, LOG_SPREAD, TAIL_SHARE = 22.0, 0.30, 0.08
WALL_SHARE, SEVERAL_SHARE = 0.22, 0.28
"""Share of tumours that sit against the wall of the lung, and share of patients with several."""

N_LOBES = 4
PLEURA_MM = 4.0
"""Distance beyond the lung's outline up to which a tumour at the wall is still drawn and marked."""


@dataclass(frozen=True, slots=True)
class Lesion:
    """A tumour as one slice cuts it.

    Attributes:
        x: x of its middle.
        y: y of its middle.
        diameter_mm: diameter of a disc of about the same area.
        lobes: (amount, phase) of the 2nd, 3rd, ... wave that bends the outline.
        spikes: (count, phase, height in mm) of the spicules; they are not part of the outline.
        hu: density of the rim, and of the whole tumour unless it has a core.
        core_hu: density within 45 % of the radius.
    """

    x: float
    y: float
    diameter_mm: float
    lobes: tuple[tuple[float, float], ...]
    spikes: tuple[int, float, float]
    hu: float
    core_hu: float

    def radius(self, angle: FloatArray) -> FloatArray:
        """Return the distance in mm from the middle to the outline in each direction (radians)."""
        wave = np.ones_like(angle)
        for order, (amount, phase) in enumerate(self.lobes, start=2):
            wave += np.float32(amount) * np.cos(np.float32(order) * angle + np.float32(phase))
        return np.asarray(wave * np.float32(self.diameter_mm / 2), dtype=np.float32)

    def distance(self, grid: Grid) -> FloatArray:
        """Return the (H, W) distance in mm to the outline along the ray from the middle, negative inside."""
        dx, dy = grid.x - np.float32(self.x), grid.y - np.float32(self.y)
        outside: FloatArray = np.hypot(dx, dy) - self.radius(np.arctan2(dy, dx))
        return outside

    def spike_reach(self, grid: Grid) -> FloatArray:
        """Return the (H, W) mm by which spicules carry the tumour's density beyond its outline in each direction."""
        count, phase, height = self.spikes
        angle = np.arctan2(grid.y - np.float32(self.y), grid.x - np.float32(self.x))
        ray = np.cos(np.float32(count / 2) * angle + np.float32(phase))
        reach: FloatArray = (np.float32(height) * ray**8).astype(np.float32)
        return reach


def draw_lesions(
    anatomy: Anatomy, generator: np.random.Generator, *, n_slices: int
) -> tuple[tuple[Lesion, ...], ...]:
    """Draw the tumours of one patient, slice by slice; every slice cuts the largest, which comes first."""
    grid = anatomy.grid(192)
    inside = anatomy.lung_distance(grid, anatomy.level) < 0
    depth = np.asarray(distance_transform_edt(inside), dtype=np.float32) * np.float32(grid.spacing_mm)
    largest = _draw_size(generator)
    sizes = [largest]
    if generator.uniform(0, 1) < SEVERAL_SHARE:
        sizes += [
            max(SMALLEST_MM, largest * generator.uniform(0.35, 0.85)) for _ in range(generator.integers(1, 4))
        ]
    whole = [_draw_lesion(size, depth, grid, generator) for size in sizes]
    slices = []
    for index in range(n_slices):
        away = abs(index - (n_slices - 1) / 2) * anatomy.step_mm
        cut = [_cut(lesion, away, generator) for lesion in whole]
        shown = [True, *(generator.uniform(0, 1) < 0.7 for _ in cut[1:])]
        slices.append(tuple(lesion for lesion, visible in zip(cut, shown, strict=True) if visible))
    return tuple(slices)


def lesion_mask(lesion: Lesion, grid: Grid, lung_distance: FloatArray) -> BoolArray:
    """Return the (H, W) mask of the tumour: inside its outline, and not beyond the pleura."""
    mask: BoolArray = (lesion.distance(grid) < 0) & (lung_distance < PLEURA_MM)
    return mask


def _draw_size(generator: np.random.Generator) -> float:
    if generator.uniform(0, 1) < TAIL_SHARE:
        return SMALLEST_MM * math.exp(math.log(LARGEST_MM / SMALLEST_MM) * generator.uniform(0, 1))
    size = MEDIAN_MM * math.exp(LOG_SPREAD * generator.standard_normal())
    return min(max(size, SMALLEST_MM), LARGEST_MM)


def _draw_lesion(size: float, depth: FloatArray, grid: Grid, generator: np.random.Generator) -> Lesion:
    radius = size / 2
    deepest = float(depth.max())
    if generator.uniform(0, 1) < WALL_SHARE:
        low, high = 0.25 * radius, 0.75 * radius
    else:
        low, high = radius + 1, math.inf
    low = min(low, 0.85 * deepest)
    candidates = np.flatnonzero((depth >= low) & (depth <= max(high, low + 3)))
    index = int(candidates[generator.integers(candidates.size)])
    solid = generator.uniform(0, 1) < 0.92 or size < 10
    return Lesion(
        x=float(grid.x.reshape(-1)[index]),
        y=float(grid.y.reshape(-1)[index]),
        diameter_mm=size,
        lobes=tuple(
            (generator.uniform(0, 0.15) / (order - 1) ** 0.5, generator.uniform(0, 6.28))
            for order in range(2, 2 + N_LOBES)
        ),
        spikes=(
            2 * int(generator.integers(4, 9)),
            generator.uniform(0, 6.28),
            generator.uniform(0, 0.35) * min(radius, 14),
        ),
        hu=generator.uniform(-10, 60) if solid else generator.uniform(-480, -280),
        core_hu=generator.uniform(10, 60),
    )


def _cut(lesion: Lesion, away_mm: float, generator: np.random.Generator) -> Lesion:
    """Return the tumour in a slice ``away_mm`` from its middle: smaller, a little moved and reshaped."""
    share = min(away_mm / (lesion.diameter_mm / 2), 0.75)
    size = max(SMALLEST_MM, lesion.diameter_mm * math.sqrt(1 - share * share))
    return replace(
        lesion,
        x=lesion.x + 0.05 * size * generator.uniform(-1, 1),
        y=lesion.y + 0.05 * size * generator.uniform(-1, 1),
        diameter_mm=size,
        lobes=tuple(
            (amount * generator.uniform(0.6, 1.2), phase + generator.uniform(-0.3, 0.3))
            for amount, phase in lesion.lobes
        ),
    )
