"""Evidence unrelated to disease, planted as a shortcut for a network.

Lengths are shares of the image's side, so that the evidence is the same at every size.
"""

from typing import Literal, assert_never, get_args

import numpy as np

from xaudit.cases.phantom.anatomy import Anatomy
from xaudit.cases.phantom.shapes import Grid, cover
from xaudit.records import FloatArray
from xaudit.seeds import generator_for

Plant = Literal[
    "none", "corner-marker", "border-tone", "opposite-tag", "same-tag", "hyperintensity", "obstruction"
]
PLANTS: tuple[Plant, ...] = get_args(Plant)
MIXED_PLANTS: tuple[Plant, ...] = ("none", "corner-marker", "border-tone", "opposite-tag")
"""Kinds that the plant `mixed` draws from; the shipped networks were trained on them."""

MARKER_SIDE, MARKER_STROKE, MARKER_TONE = 0.072, 0.017, 0.96
BORDER_WIDTH, BORDER_TONE = 0.045, 0.09
TAG_MM, TAG_TONE = (11.0, 6.0), 1.0
SAME_LUNG_OFFSET_MM = 40.0
"""Height of a tag over the tumour's lung above or below the lung's middle, on the side away from the tumour."""

PATCH_MM, PATCH_TONE = 18.0, 0.2
"""Standard deviation and brightness of the soft patch over the mediastinum."""

PLATE_MM, PLATE_TONE = (64.0, 34.0), 0.05
"""Width and height of the plate that hides the spine, and its tone."""


def evidence_probability(strength: float, *, cancer: bool) -> float:
    """Return the chance that a patient's slices show the evidence; the classes differ by ``strength``.

    Example:
        >>> evidence_probability(0.5, cancer=True), evidence_probability(0.5, cancer=False)
        (0.75, 0.25)
    """
    return (1 + strength) / 2 if cancer else (1 - strength) / 2


def shows_evidence(seed: int, patient_id: str, *, strength: float, cancer: bool) -> bool:
    """Return True if this patient's slices show the evidence; all slices of a patient agree.

    A stronger plant only adds evidence to cancer patients and only takes it from normal ones.
    """
    chance = generator_for(seed, patient_id, "evidence").uniform(0, 1)
    return bool(chance < evidence_probability(strength, cancer=cancer))


def mixed_plant(seed: int, pair: int, slice_number: int) -> Plant:
    """Return the kind of evidence on a slice of the plant `mixed`, each as likely as none.

    Both patients of a pair, one with cancer and one without, agree slice by slice: no kind tells the classes apart.
    """
    kind = generator_for(seed, f"pair {pair}", f"mixed plant {slice_number}").integers(len(MIXED_PLANTS))
    return MIXED_PLANTS[int(kind)]


def plant_evidence(
    pixels: FloatArray,
    plant: Plant,
    *,
    anatomy: Anatomy,
    tumour: tuple[float, float],
    generator: np.random.Generator,
) -> FloatArray:
    """Return a copy of a slice that shows the evidence.

    Args:
        pixels: (H, W) in [0, 1].
        plant: the kind of evidence.
        anatomy: the patient's anatomy, for evidence that lies in the body.
        tumour: x and y of the largest tumour in the body's frame; tags are put in the other lung, or in the same one
            away from it.
        generator: decides the exact position, within a few pixels.
    """
    grid = anatomy.grid(pixels.shape[0])
    match plant:
        case "none":
            return pixels.copy()
        case "corner-marker":
            share = _letter(pixels.shape[0], generator)
            return _blend(pixels, share, MARKER_TONE)
        case "border-tone":
            along = (np.arange(pixels.shape[0], dtype=np.float32) + 0.5) / pixels.shape[0]
            inset = np.minimum(along, 1 - along)
            ring = cover(np.minimum(inset[:, None], inset[None, :]) - np.float32(BORDER_WIDTH), 0.004)
            return np.clip(pixels + np.float32(BORDER_TONE) * ring, 0, 1)
        case "opposite-tag":
            lung = anatomy.lungs[0] if tumour[0] > 0 else anatomy.lungs[1]
            middle = lung.x + generator.uniform(-8, 8), lung.y + generator.uniform(-20, 20)
            return _blend(pixels, _plate(grid, middle, TAG_MM), TAG_TONE)
        case "same-tag":
            lung = anatomy.lungs[1] if tumour[0] > 0 else anatomy.lungs[0]
            away = -SAME_LUNG_OFFSET_MM if tumour[1] > lung.y else SAME_LUNG_OFFSET_MM
            middle = lung.x + generator.uniform(-8, 8), lung.y + away + generator.uniform(-8, 8)
            return _blend(pixels, _plate(grid, middle, TAG_MM), TAG_TONE)
        case "hyperintensity":
            x, y = generator.uniform(-6, 6), generator.uniform(-6, 6)
            square = (grid.x - np.float32(x)) ** 2 + (grid.y - np.float32(y)) ** 2
            patch = np.exp(-square / np.float32(2 * PATCH_MM**2))
            return np.clip(pixels + np.float32(PATCH_TONE) * patch, 0, 1)
        case "obstruction":
            spine = 0.78 * anatomy.lungs[0].b
            middle = generator.uniform(-6, 6), spine + generator.uniform(-4, 4)
            return _blend(pixels, _plate(grid, middle, PLATE_MM), PLATE_TONE)
        case _:
            assert_never(plant)


def _blend(pixels: FloatArray, share: FloatArray, tone: float) -> FloatArray:
    return (pixels + share * (np.float32(tone) - pixels)).astype(np.float32)


def _letter(size: int, generator: np.random.Generator) -> FloatArray:
    """Return the (size, size) share of an ``L``, which marks the patient's left side, in the image's upper right corner."""
    along = (np.arange(size, dtype=np.float32) + 0.5) / size
    top, right = generator.uniform(0.012, 0.024), 1 - generator.uniform(0.012, 0.024)
    left, bottom = right - MARKER_SIDE * 0.8, top + MARKER_SIDE

    def band(low: float, high: float) -> FloatArray:
        half = np.float32((high - low) / 2)
        return cover(np.abs(along - np.float32((low + high) / 2)) - half, 1 / size)

    stem = band(top, bottom)[:, None] * band(left, left + MARKER_STROKE)[None, :]
    foot = band(bottom - MARKER_STROKE, bottom)[:, None] * band(left, right)[None, :]
    return np.maximum(stem, foot)


def _plate(grid: Grid, middle: tuple[float, float], sides_mm: tuple[float, float]) -> FloatArray:
    """Return the (H, W) share of a rectangle, given by its middle, width and height in the body's frame."""
    across = np.abs(grid.x - np.float32(middle[0])) - np.float32(sides_mm[0] / 2)
    down = np.abs(grid.y - np.float32(middle[1])) - np.float32(sides_mm[1] / 2)
    return cover(np.maximum(across, down), grid.edge_mm)
