"""A simulated CT slice: anatomy, vessels and tumours painted in Hounsfield units, with a scanner's noise and blur."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, zoom

from xaudit.cases.phantom.anatomy import Anatomy
from xaudit.cases.phantom.lesions import PLEURA_MM, Lesion
from xaudit.cases.phantom.shapes import Grid, cover, paint
from xaudit.cases.phantom.vessels import draw_vessels, vessel_cover
from xaudit.records import BoolArray, FloatArray

AIR, FAT, MUSCLE, BLOOD, MARROW, CORTEX, TABLE = -1000.0, -95.0, 45.0, 40.0, 220.0, 750.0, 60.0
WINDOW_CENTRE_HU, WINDOW_WIDTH_HU = -500.0, 1800.0
TABLE_RADIUS_MM = 330.0


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """A painted slice.

    Attributes:
        pixels: (H, W) float32 in [0, 1], through the lung window.
        lungs: (H, W) inside the lungs, tumours included.
        body: (H, W) inside the skin.
        lung_distance: (H, W) mm to the lungs' outline, negative inside.
        grid: positions of its pixels.
    """

    pixels: FloatArray
    lungs: BoolArray
    body: BoolArray
    lung_distance: FloatArray
    grid: Grid


def paint_slice(
    anatomy: Anatomy,
    lesions: tuple[Lesion, ...],
    *,
    level: float,
    size: int,
    generator: np.random.Generator,
) -> Slice:
    """Paint the slice of one patient at one level.

    The generator decides vessels, texture and noise, in an order that tumours do not change: with and without
    them the rest of the slice is the same.
    """
    grid = anatomy.grid(size)
    edge = grid.edge_mm
    lung_distance = anatomy.lung_distance(grid, level)
    skin = anatomy.body.distance(grid.x, grid.y)
    hu = np.full((size, size), AIR, dtype=np.float32)
    _paint_table(hu, anatomy, grid)
    paint(hu, cover(skin, edge), 0.0)
    paint(hu, cover(skin + 2, edge), FAT)
    chest = anatomy.chest_distance(grid, level)
    paint(hu, cover(np.maximum(skin + anatomy.fat_mm, chest - 24), edge), MUSCLE)
    paint(hu, cover(chest, edge), FAT + 25)
    texture = _texture(size, anatomy.fov_mm, generator)
    for shape in anatomy.mediastinum(level):
        paint(hu, cover(np.maximum(shape.distance(grid.x, grid.y) + 3, chest), edge), BLOOD + 8 * texture)
    _paint_bones(hu, anatomy, grid, level)
    lungs = cover(lung_distance, edge)
    tissue = (
        np.float32(anatomy.lung_hu)
        + np.float32(anatomy.gradient_hu) * np.clip(grid.y / 90, -1, 1)
        + np.float32(26) * texture
    )
    paint(hu, lungs, tissue)
    for airway in anatomy.airways(level):
        rows, cols = grid.window(airway.x, airway.y, airway.a + 6)
        distance = airway.distance(grid.x[rows, cols], grid.y[rows, cols])
        paint(hu[rows, cols], cover(distance - 1.5, edge), 0.0)
        paint(hu[rows, cols], cover(distance, edge), AIR + 20)
    vessels = vessel_cover(draw_vessels(anatomy, generator), anatomy, size)
    paint(hu, vessels * lungs, BLOOD - 40)
    for lesion in lesions:
        _paint_lesion(hu, lesion, grid, lung_distance)
    hu = _scan(hu, anatomy, grid, skin, generator)
    low = WINDOW_CENTRE_HU - WINDOW_WIDTH_HU / 2
    pixels = np.clip((hu - np.float32(low)) / np.float32(WINDOW_WIDTH_HU), 0, 1)
    return Slice(pixels.astype(np.float32), lung_distance < 0, skin < 0, lung_distance, grid)


def _paint_table(hu: FloatArray, anatomy: Anatomy, grid: Grid) -> None:
    bottom = anatomy.shift_mm[1] + anatomy.body.y + anatomy.body.b + anatomy.table_gap_mm
    radius = np.hypot(grid.column, grid.row - np.float32(bottom - TABLE_RADIUS_MM))
    below = grid.row > np.float32(bottom - 70)
    for depth, thick in ((2.0, 1.2), (16.0, 0.8)):
        shell = np.abs(radius - np.float32(TABLE_RADIUS_MM + depth)) - np.float32(thick)
        paint(hu, cover(shell, grid.edge_mm) * below, TABLE - 250)


def _paint_bones(hu: FloatArray, anatomy: Anatomy, grid: Grid, level: float) -> None:
    for bone in anatomy.bones(level):
        outline = bone.outline
        rows, cols = grid.window(outline.x, outline.y, max(outline.a, outline.b) + 6)
        distance = outline.distance(grid.x[rows, cols], grid.y[rows, cols])
        paint(hu[rows, cols], cover(distance, grid.edge_mm), CORTEX)
        paint(hu[rows, cols], cover(distance + bone.shell_mm, grid.edge_mm), MARROW)
    back = anatomy.lungs[0].b * 0.78
    rows, cols = grid.window(0, back + 24, 14)
    canal = np.hypot(grid.x[rows, cols], grid.y[rows, cols] - np.float32(back + 23)) - np.float32(8)
    paint(hu[rows, cols], cover(canal, grid.edge_mm), 20.0)


def _paint_lesion(hu: FloatArray, lesion: Lesion, grid: Grid, lung_distance: FloatArray) -> None:
    rows, cols = grid.window(lesion.x, lesion.y, lesion.diameter_mm * 0.9 + 10)
    near = Grid(grid.column[:, cols], grid.row[rows], grid.x[rows, cols], grid.y[rows, cols], grid.spacing_mm)
    distance = lesion.distance(near)
    edge = max(grid.edge_mm, 0.08 * lesion.diameter_mm)
    within = cover(lung_distance[rows, cols] - np.float32(PLEURA_MM), grid.edge_mm)
    spiked = cover(distance - lesion.spike_reach(near), edge)
    paint(hu[rows, cols], np.maximum(cover(distance, edge), 0.7 * spiked) * within, lesion.hu)
    core = distance + np.float32(0.275 * lesion.diameter_mm)
    paint(hu[rows, cols], cover(core, 2 * edge) * within, lesion.core_hu)


def _texture(size: int, fov_mm: float, generator: np.random.Generator) -> FloatArray:
    """Return (size, size) noise of mean 0 and deviation about 1, in patches of some 12 and 40 mm."""
    together = np.zeros((size, size), dtype=np.float32)
    for patch_mm, share in ((40.0, 0.8), (12.0, 0.6)):
        n_knots = max(4, round(fov_mm / patch_mm) + 1)
        knots = generator.standard_normal((n_knots, n_knots)).astype(np.float32)
        together += np.float32(share * 1.3) * zoom(
            knots, size / n_knots, order=1, grid_mode=True, mode="grid-constant"
        )
    return together


def _scan(
    hu: FloatArray, anatomy: Anatomy, grid: Grid, skin: FloatArray, generator: np.random.Generator
) -> FloatArray:
    """Simulate a scanner: blur, correlated noise that is worst deep in the body, a round frame."""
    blurred = gaussian_filter(hu, 0.7 / grid.spacing_mm)
    grain = gaussian_filter(generator.standard_normal(hu.shape).astype(np.float32), 0.55)
    # The filter leaves .48 of white noise's deviation; dividing by it restores the wanted deviation.
    depth = np.clip(-skin / np.float32(120), 0, 1)
    noisy = blurred + grain * (np.float32(anatomy.noise_hu / 0.48) * (np.float32(0.6) + depth))
    if anatomy.round_frame:
        outside = np.hypot(grid.column, grid.row) > np.float32(anatomy.fov_mm / 2)
        noisy[outside] = -2000
    scanned: FloatArray = noisy.astype(np.float32)
    return scanned
