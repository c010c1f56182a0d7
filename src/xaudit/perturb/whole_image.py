"""Changes of one property of a whole image: brightness, contrast, sharpness, noise, compression, resolution.

Images are (3, h, w) float32 of the model's frame, before normalisation: 0 is black, 1 is white. A change keeps them in that
range (or in the image's own, where it is wider).
"""

import io
from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image
from scipy import ndimage

from xaudit.catalog.image_changes import IMAGE_CHANGES, ImageChangeRow, Kind
from xaudit.geometry import fit_geometry, image_to_model
from xaudit.records import BoolArray, FloatArray

UNSHARP_SIGMA_PX = 1.0
"""Width of the Gaussian whose difference from the image an unsharp mask adds."""

SEAM_PX = 2
"""Width of the seam in which a kept area passes into the changed image."""


def changed_image(pixels: FloatArray, change: str, generator: np.random.Generator) -> FloatArray:
    """Copy the image with one property changed.

    Args:
        pixels: (3, h, w), 0 to 1.
        change: id of a row of :data:`xaudit.catalog.image_changes.IMAGE_CHANGES`.
        generator: used by noise alone; its field is the same for every strength, and the same in all channels, so that
            grey stays grey.
    """
    row = IMAGE_CHANGES[change]
    low, high = min(0.0, float(pixels.min())), max(1.0, float(pixels.max()))
    is_grey = bool((pixels == pixels[:1]).all())
    planes = (pixels[:1] if is_grey else pixels).astype(np.float64)
    changed = np.clip(_CHANGED[row.kind](planes, row, generator), low, high).astype(np.float32)
    return np.repeat(changed, len(pixels), axis=0) if is_grey else changed


def with_kept(pixels: FloatArray, changed: FloatArray, kept: BoolArray) -> FloatArray:
    """Copy the changed image with an area that keeps its own pattern, moved to the new level of its surroundings.

    In the area stand the original's pixels plus the mean change of a ring of :data:`SEAM_PX` pixels around it: brightness
    moves the area along with its surroundings, and blur or noise leave it as it was. Outside, within the seam, the two
    pass into each other.

    Args:
        kept: (h, w); nothing is kept where it is empty, and the original is returned where it covers the frame.
    """
    if not kept.any():
        return changed
    distance = ndimage.distance_transform_edt(~kept)
    ring = (distance > 0) & (distance <= SEAM_PX)
    if not ring.any():
        return pixels
    level = (changed[:, ring] - pixels[:, ring]).mean(axis=1)
    share = np.clip(1 - distance / (SEAM_PX + 1), 0, 1)
    moved = pixels + level[:, None, None]
    blended: FloatArray = (share * moved + (1 - share) * changed).astype(np.float32)
    return blended


def property_value(pixels: FloatArray, name: str) -> float:
    """Measure a property of an image, to say how large a step is beside the natural differences between images.

    Brightness is the mean, contrast the standard deviation, both in grey values of 0 to 1. All others raise or lower the
    image's finest detail (the image minus its Gaussian of :data:`UNSHARP_SIGMA_PX`): they are measured by its standard
    deviation as a share of the contrast, 0 for an image without contrast.
    """
    grey = pixels.mean(axis=0, dtype=np.float64)
    if name == "brightness":
        return float(grey.mean())
    if name == "contrast":
        return float(grey.std())
    contrast = float(grey.std())
    return float((grey - _blurred(grey, UNSHARP_SIGMA_PX)).std()) / contrast if contrast > 0 else 0.0


def _blurred(pixels: FloatArray, sigma_px: float) -> FloatArray:
    sigmas = (*(0.0 for _ in pixels.shape[:-2]), sigma_px, sigma_px)
    blurred: FloatArray = ndimage.gaussian_filter(pixels, sigmas, mode="nearest")
    return blurred


def _level(pixels: FloatArray, row: ImageChangeRow, _generator: np.random.Generator) -> FloatArray:
    return pixels + row.amount


def _contrast(pixels: FloatArray, row: ImageChangeRow, _generator: np.random.Generator) -> FloatArray:
    mean = pixels.mean()
    stretched: FloatArray = mean + row.amount * (pixels - mean)
    return stretched


def _blur(pixels: FloatArray, row: ImageChangeRow, _generator: np.random.Generator) -> FloatArray:
    return _blurred(pixels, row.amount)


def _sharpen(pixels: FloatArray, row: ImageChangeRow, _generator: np.random.Generator) -> FloatArray:
    return pixels + row.amount * (pixels - _blurred(pixels, UNSHARP_SIGMA_PX))


def _noise(pixels: FloatArray, row: ImageChangeRow, generator: np.random.Generator) -> FloatArray:
    return pixels + row.amount * generator.standard_normal(pixels.shape[1:])


def _jpeg(pixels: FloatArray, row: ImageChangeRow, _generator: np.random.Generator) -> FloatArray:
    """Save and read again, in 8 bit; a single plane is saved as grey, and values outside 0 to 1 are cut off."""
    bits = np.clip(np.rint(pixels * 255), 0, 255).astype(np.uint8)
    image = Image.fromarray(bits[0] if len(bits) == 1 else np.ascontiguousarray(np.moveaxis(bits, 0, -1)))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=int(row.amount))
    with Image.open(buffer) as stored:
        read = np.asarray(stored, dtype=np.float64) / 255
    return read[None] if read.ndim == 2 else np.moveaxis(read, -1, 0)


def _resolution(pixels: FloatArray, row: ImageChangeRow, _generator: np.random.Generator) -> FloatArray:
    height, width = pixels.shape[1:]
    small = (max(1, round(height * row.amount)), max(1, round(width * row.amount)))
    planes = np.moveaxis(pixels, 0, -1)
    reduced = image_to_model(planes, fit_geometry((height, width), small))
    enlarged: FloatArray = np.moveaxis(image_to_model(reduced, fit_geometry(small, (height, width))), -1, 0)
    return enlarged


_CHANGED: Mapping[Kind, Callable[[FloatArray, ImageChangeRow, np.random.Generator], FloatArray]] = {
    "level": _level,
    "contrast": _contrast,
    "blur": _blur,
    "sharpen": _sharpen,
    "noise": _noise,
    "jpeg": _jpeg,
    "resolution": _resolution,
}
