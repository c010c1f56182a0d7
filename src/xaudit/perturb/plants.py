"""Plants: evidence that is put into an image, and for each the number that says how much of it an image shows.

Images are in the model's frame before normalisation: (3, h, w) where a plant is put in, grey (n, h, w) where one is looked for;
0 is black, 1 is white. Every ``evidence_of_...`` is arithmetic on the pixels: it was trained on nothing and reads nothing but the
plant. Lengths are shares of the frame's side.
"""

from functools import cache
from typing import Final

import numpy as np
from scipy import fft, ndimage

from xaudit.perturb.whole_image import property_value
from xaudit.records import BoolArray, FloatArray

PLATE: Final = ("#########", "#..#.#..#", "#.#...#.#", "##..#..##", "#.#.#.#.#", "#########")
"""A plate with a pattern that no tissue shows: ``#`` is bright, ``.`` is dark."""

BRIGHT, DARK = 0.96, 0.04
PLATE_SIDE, INSET = 0.08, 0.02
SPOT_MIDDLE, SPOT_RADIUS, SPOT_TONE = (0.3125, 0.6875), 0.05, 0.97
BOX, BOX_TONE = (0.64, 0.14, 0.735, 0.235), 0.5
TOLERANCE = 0.01
BORDER_WIDTH, BORDER_TONE = 0.045, 0.12
BRIGHTER = 0.15
BLUR_SIGMA = 0.012


def insert_corner_marker(
    pixels: FloatArray, _region: BoolArray | None, _generator: np.random.Generator
) -> FloatArray:
    """Copy the image with the plate in its upper right corner."""
    height, width = pixels.shape[1:]
    plate = _plate(height, width)
    top, right = round(INSET * height), width - round(INSET * width)
    return _with_plate(pixels, plate, top, right - plate.shape[1])


def evidence_of_corner_marker(pixels: FloatArray) -> FloatArray:
    """Return the best match of the plate in the upper right corner, 1 for the plate itself."""
    height, width = pixels.shape[1:]
    plate = _plate(height, width)
    return _best_match(pixels[:, : height // 8 + 1, -(width // 8 + 1) :], plate)


def insert_tag(
    pixels: FloatArray, region: BoolArray | None, _generator: np.random.Generator
) -> FloatArray | None:
    """Copy the image with the plate at the place of the region that is farthest from its outline.

    Returns:
        None where the plate does not lie within the region.

    Raises:
        ValueError: without a region.
    """
    if region is None:
        raise ValueError("a tag needs a region to lie over")
    plate = _plate(*pixels.shape[1:])
    # Places whose whole plate lies within the region; of these the one farthest from the region's outline.
    fits = ndimage.binary_erosion(region, np.ones(plate.shape, dtype=bool))
    if not fits.any():
        return None
    depth = np.where(fits, ndimage.distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1], -1.0)
    row, column = np.unravel_index(int(np.argmax(depth)), depth.shape)
    return _with_plate(pixels, plate, int(row) - plate.shape[0] // 2, int(column) - plate.shape[1] // 2)


def evidence_of_tag(pixels: FloatArray) -> FloatArray:
    """Return the best match of the plate anywhere in the image, 1 for the plate itself."""
    return _best_match(pixels, _plate(*pixels.shape[1:]))


def insert_border_tone(
    pixels: FloatArray, _region: BoolArray | None, _generator: np.random.Generator
) -> FloatArray:
    """Copy the image with a brighter border."""
    ring = _ring(*pixels.shape[1:])
    return np.where(ring, np.minimum(pixels + np.float32(BORDER_TONE), 1), pixels).astype(np.float32)


def evidence_of_border_tone(pixels: FloatArray) -> FloatArray:
    """Return by how much each pixel at the inner edge of the border is brighter than its neighbour within, the median of all."""
    rows, columns = _border_px(*pixels.shape[1:])
    across, along = slice(columns, -columns), slice(rows, -rows)
    steps = np.concatenate(
        [
            pixels[:, rows - 1, across] - pixels[:, rows, across],
            pixels[:, -rows, across] - pixels[:, -rows - 1, across],
            pixels[:, along, columns - 1] - pixels[:, along, columns],
            pixels[:, along, -columns] - pixels[:, along, -columns - 1],
        ],
        axis=1,
    )
    step: FloatArray = np.median(steps, axis=1)
    return step


def insert_hyperintensity(
    pixels: FloatArray, _region: BoolArray | None, _generator: np.random.Generator
) -> FloatArray:
    """Copy the image with a bright spot at one place."""
    share = np.clip(4 * (1 - _from_spot(*pixels.shape[1:])), 0, 1).astype(np.float32)
    return (pixels + share * (np.float32(SPOT_TONE) - pixels)).astype(np.float32)


def evidence_of_hyperintensity(pixels: FloatArray) -> FloatArray:
    """Return the share of the spot's pixels that have its tone."""
    inside = pixels[:, _from_spot(*pixels.shape[1:]) <= 0.75]
    shares: FloatArray = (np.abs(inside - SPOT_TONE) <= TOLERANCE).mean(axis=1)
    return shares


def insert_obstruction(
    pixels: FloatArray, _region: BoolArray | None, _generator: np.random.Generator
) -> FloatArray:
    """Copy the image with a flat grey box at one place."""
    planted = pixels.astype(np.float32, copy=True)
    planted[:, *_box(*pixels.shape[1:])] = BOX_TONE
    return planted


def evidence_of_obstruction(pixels: FloatArray) -> FloatArray:
    """Return the share of the box's pixels that have its tone."""
    inside = pixels[:, *_box(*pixels.shape[1:])]
    shares: FloatArray = (np.abs(inside - BOX_TONE) <= TOLERANCE).mean(axis=(1, 2))
    return shares


def insert_brightness(
    pixels: FloatArray, _region: BoolArray | None, _generator: np.random.Generator
) -> FloatArray:
    """Copy the image, brighter."""
    brighter: FloatArray = np.clip(pixels + np.float32(BRIGHTER), 0, 1).astype(np.float32)
    return brighter


def evidence_of_brightness(pixels: FloatArray) -> FloatArray:
    """Return the mean grey value."""
    means: FloatArray = pixels.mean(axis=(1, 2), dtype=np.float64)
    return means


def insert_blur(pixels: FloatArray, _region: BoolArray | None, _generator: np.random.Generator) -> FloatArray:
    """Copy the image, blurred."""
    sigma = BLUR_SIGMA * min(pixels.shape[1:])
    blurred: FloatArray = ndimage.gaussian_filter(pixels, (0, sigma, sigma), mode="nearest").astype(
        np.float32
    )
    return blurred


def evidence_of_blur(pixels: FloatArray) -> FloatArray:
    """Return the loss of fine detail: minus its strength, as a share of the contrast."""
    return -np.array([property_value(one[None], "sharpness") for one in pixels])


@cache
def _plate(height: int, width: int) -> FloatArray:
    """Return the plate in pixels of a frame, nearest pattern cell for each pixel; even frames give the same plate everywhere."""
    rows, columns = max(6, round(PLATE_SIDE * height)), max(9, round(PLATE_SIDE * width))
    down = np.arange(rows) * len(PLATE) // rows
    across = np.arange(columns) * len(PLATE[0]) // columns
    pattern = np.array([[cell == "#" for cell in line] for line in PLATE])
    plate: FloatArray = np.where(pattern[np.ix_(down, across)], BRIGHT, DARK).astype(np.float32)
    return plate


def _with_plate(pixels: FloatArray, plate: FloatArray, top: int, left: int) -> FloatArray:
    planted = pixels.astype(np.float32, copy=True)
    planted[:, top : top + plate.shape[0], left : left + plate.shape[1]] = plate
    return planted


def _best_match(pixels: FloatArray, plate: FloatArray) -> FloatArray:
    """Return the best match of the plate within each image: its correlation there, less where its contrast is fainter."""
    rows, columns = plate.shape
    shape = fft.next_fast_len(pixels.shape[1], real=True), fft.next_fast_len(pixels.shape[2], real=True)
    template = plate.astype(np.float64) - plate.mean()
    images = pixels.astype(np.float64)
    spectrum = fft.rfft2(images, shape) * np.conj(fft.rfft2(template, shape))
    valid = images.shape[1] - rows + 1, images.shape[2] - columns + 1
    products = fft.irfft2(spectrum, shape)[:, : valid[0], : valid[1]]
    energy = float((template**2).sum())
    spread = np.sqrt(np.maximum(_window_variance(images, rows, columns), 1e-6) * energy)
    match = np.maximum(products / spread, 0) * np.clip(products / energy, 0, 1)
    best: FloatArray = match.max(axis=(1, 2))
    return best


def _window_variance(images: FloatArray, rows: int, columns: int) -> FloatArray:
    """Return the sum of squared deviations within each window of an image."""

    def sums(values: FloatArray) -> FloatArray:
        total = np.pad(values, ((0, 0), (1, 0), (1, 0))).cumsum(1).cumsum(2)
        inside: FloatArray = (
            total[:, rows:, columns:]
            - total[:, :-rows, columns:]
            - total[:, rows:, :-columns]
            + total[:, :-rows, :-columns]
        )
        return inside

    return sums(images**2) - sums(images) ** 2 / (rows * columns)


def _ring(height: int, width: int) -> BoolArray:
    rows, columns = _border_px(height, width)
    ring = np.ones((height, width), dtype=bool)
    ring[rows:-rows, columns:-columns] = False
    return ring


def _border_px(height: int, width: int) -> tuple[int, int]:
    return max(1, round(BORDER_WIDTH * height)), max(1, round(BORDER_WIDTH * width))


def _from_spot(height: int, width: int) -> FloatArray:
    """Return the distance of each pixel to the spot's middle, in radii."""
    y = (np.arange(height) + 0.5) / height - SPOT_MIDDLE[1]
    x = (np.arange(width) + 0.5) / width - SPOT_MIDDLE[0]
    distance: FloatArray = np.hypot(y[:, None], x[None, :]) / SPOT_RADIUS
    return distance


def _box(height: int, width: int) -> tuple[slice, slice]:
    x0, y0, x1, y1 = BOX
    return slice(round(y0 * height), round(y1 * height)), slice(round(x0 * width), round(x1 * width))
