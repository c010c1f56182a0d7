"""Geometry between the original frame, in which readers draw, and the model's frame, in which maps are made.

The transform is recorded when an image is loaded and inverted when its map is scored.
Conventions as in :mod:`xaudit.records`; sizes are ``(height, width)``.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, assert_never

import numpy as np

from xaudit.outlines import within_outline
from xaudit.records import BoolArray, Box, FloatArray, MaskRegion, Polygon, Region

Fit: TypeAlias = str
"""``stretch``, ``pad``, ``crop``, or ``crop-0.875``, which keeps only this share of the side of the central square.

``stretch-0.875`` keeps this share of both sides.
"""

_ON_EDGE = 1e-9
"""In pixels: a position nearer to an edge than this lies on it."""

_TIE = 1e-7
"""Shift of outlines up and left, so that a pixel centre on an outline counts as it does on a box: half-open."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """An affine, axis-aligned map of the original frame onto the model's frame.

    A point ``(x, y)`` of the original lands at ``(x · scale_x + offset_x, y · scale_y + offset_y)``, then is
    mirrored left to right where ``flip`` is set.
    """

    original_hw: tuple[int, int]
    model_hw: tuple[int, int]
    scale_x: float
    scale_y: float
    offset_x: float = 0.0
    offset_y: float = 0.0
    flip: bool = False

    def to_model(self, x: float, y: float) -> tuple[float, float]:
        """Convert a point of the original frame to the model's frame."""
        mx = x * self.scale_x + self.offset_x
        return (self.model_hw[1] - mx if self.flip else mx, y * self.scale_y + self.offset_y)

    def to_original(self, x: float, y: float) -> tuple[float, float]:
        """Convert a point of the model's frame to the original frame."""
        mx = self.model_hw[1] - x if self.flip else x
        return ((mx - self.offset_x) / self.scale_x, (y - self.offset_y) / self.scale_y)


def fit_geometry(original_hw: tuple[int, int], model_hw: tuple[int, int], fit: Fit = "stretch") -> Geometry:
    """Return the transform of an image of one size into a frame of another.

    ``stretch`` changes the aspect ratio, ``pad`` keeps it and fills up, ``crop`` keeps it and cuts off; ``crop-0.875`` cuts
    off more, so that .875 of the image's shorter side fill the frame; ``stretch-0.875`` does so on both sides.

    Example:
        >>> fit_geometry((100, 200), (50, 50), "pad").to_model(200, 100)
        (50.0, 37.5)
        >>> fit_geometry((100, 200), (50, 50), "crop-0.5").to_original(0, 0)
        (75.0, 25.0)
    """
    (height, width), (model_height, model_width) = original_hw, model_hw
    scale_x, scale_y = model_width / width, model_height / height
    kind, share = kind_and_share(fit)
    match kind:
        case "stretch" if share == 1:
            return Geometry(original_hw, model_hw, scale_x, scale_y)
        case "stretch":
            scale_x, scale_y = scale_x / share, scale_y / share
        case "pad":
            scale_x = scale_y = min(scale_x, scale_y)
        case _:
            scale_x = scale_y = max(scale_x, scale_y) / share
    offset_x, offset_y = (model_width - width * scale_x) / 2, (model_height - height * scale_y) / 2
    return Geometry(original_hw, model_hw, scale_x, scale_y, offset_x, offset_y)


def kind_and_share(fit: Fit) -> tuple[str, float]:
    """Return ``stretch``, ``pad`` or ``crop``, and the share of the image's side that is kept.

    Raises:
        ValueError: if it is no fit.

    Example:
        >>> kind_and_share("crop"), kind_and_share("stretch-0.875")
        (('crop', 1.0), ('stretch', 0.875))
    """
    kind, _, share = fit.partition("-")
    if kind not in ("stretch", "pad", "crop") or (kind == "pad" and share):
        raise ValueError(f"'{fit}' is no way of bringing an image into a frame")
    return kind, float(share or 1)


def on_grid(geometry: Geometry, grid_hw: tuple[int, int]) -> Geometry:
    """Return the same transform onto another grid of pixels that covers the model's frame, edge to edge.

    Example:
        >>> on_grid(fit_geometry((100, 200), (50, 50), "pad"), (10, 10)).to_model(200, 100)
        (10.0, 7.5)
    """
    if grid_hw == geometry.model_hw:
        return geometry
    down, across = grid_hw[0] / geometry.model_hw[0], grid_hw[1] / geometry.model_hw[1]
    return Geometry(
        geometry.original_hw,
        grid_hw,
        geometry.scale_x * across,
        geometry.scale_y * down,
        geometry.offset_x * across,
        geometry.offset_y * down,
        flip=geometry.flip,
    )


def image_to_model(image: FloatArray, geometry: Geometry, *, fill: float = 0.0) -> FloatArray:
    """Resample an image into the model's frame, area-weighted where it shrinks, linear where it grows.

    Args:
        image: (H, W) or (H, W, C) of the original frame.
        fill: the value of pixels that the image does not reach.

    Returns:
        float32, (H, W) or (H, W, C) of the model's frame.
    """
    planes = image[:, :, None] if image.ndim == 2 else image
    if planes.shape[:2] != geometry.original_hw:
        raise ValueError(f"image of {planes.shape[:2]} does not fit a geometry for {geometry.original_hw}")
    rows, cols = _weights_to_model(geometry)
    row_cover, col_cover = rows.sum(1), cols.sum(1)
    cover = np.outer(row_cover, col_cover)[:, :, None]
    carried = np.einsum("hy,ywc->hwc", rows, planes.astype(np.float32), optimize=True)
    carried = np.einsum("xw,hwc->hxc", cols, carried, optimize=True)
    carried = carried + (1.0 - cover) * np.float32(fill)
    if geometry.flip:
        carried = carried[:, ::-1]
    out = np.ascontiguousarray(carried, dtype=np.float32)
    return out[:, :, 0] if image.ndim == 2 else out


def map_to_original(values: FloatArray, geometry: Geometry) -> tuple[FloatArray, BoolArray]:
    """Resample a saliency map onto the original frame, and mark the pixels that the model saw.

    Linear between the centres of the model's pixels; what was cropped off is zero and not valid.

    Returns:
        float32 and bool, both (H, W) of the original frame.
    """
    if values.shape != geometry.model_hw:
        raise ValueError(f"map of {values.shape} does not fit a geometry for {geometry.model_hw}")
    source = values[:, ::-1] if geometry.flip else values
    height, width = geometry.original_hw
    at_y = (np.arange(height) + 0.5) * geometry.scale_y + geometry.offset_y
    at_x = (np.arange(width) + 0.5) * geometry.scale_x + geometry.offset_x
    rows, cols = _linear_weights(at_y, geometry.model_hw[0]), _linear_weights(at_x, geometry.model_hw[1])
    # In float64 the rounding error of a mean of equal values is lost again on the way to float32: what is level in
    # the map, such as a superpixel, stays level, and ties remain ties.
    carried = rows @ source.astype(np.float64) @ cols.T
    valid = np.outer(_within(at_y, geometry.model_hw[0]), _within(at_x, geometry.model_hw[1]))
    return np.where(valid, carried, 0).astype(np.float32), valid


def mask_to_model(mask: BoolArray, geometry: Geometry) -> BoolArray:
    """Resample a mask into the model's frame: the pixels of which it covers at least half.

    A mask too small to cover half of any pixel keeps the one it covers most.
    """
    cover = image_to_model(mask.astype(np.float32), geometry)
    carried = cover >= 0.5
    if mask.any() and not carried.any() and cover.max() > 0:
        carried = cover == cover.max()
    return carried


def rasterise(region: Region, shape: tuple[int, int]) -> BoolArray:
    """Return the pixels whose centres lie in the region; a region that holds no centre keeps the pixel it lies in.

    Args:
        region: in the original frame.
        shape: (H, W) of the original frame.

    Example:
        >>> rasterise(Box(1, 0, 3, 1), (2, 4)).astype(int)
        array([[0, 1, 1, 0],
               [0, 0, 0, 0]])
    """
    match region:
        case Box(x0, y0, x1, y1):
            mask = np.zeros(shape, dtype=bool)
            rows, cols = _centres(y0, y1, shape[0]), _centres(x0, x1, shape[1])
            mask[rows, cols] = True
            return mask
        case Polygon(points):
            inside = within_outline(np.array(points, dtype=np.float64)[:, ::-1] - 0.5 - _TIE, shape)
            if not inside.any():
                xs, ys = zip(*points, strict=True)
                inside[_centres(*_middle(ys), shape[0]), _centres(*_middle(xs), shape[1])] = True
            return inside
        case MaskRegion(height, width, counts):
            if (height, width) != shape:
                raise ValueError(f"mask of {(height, width)} on an image of {shape}")
            flat = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
            return flat.reshape((width, height)).T.copy()
        case _:
            assert_never(region)


def mask_region(mask: BoolArray) -> MaskRegion:
    """Return the run-length form of a mask; :func:`rasterise` inverts it.

    Example:
        >>> mask_region(np.array([[False, True], [False, True]])).counts
        (2, 2)
    """
    flat = mask.T.reshape(-1)
    changes = np.flatnonzero(np.diff(flat.astype(np.int8))) + 1
    edges = np.concatenate([[0], changes, [flat.size]])
    counts = np.diff(edges).tolist()
    if flat.size and flat[0]:
        counts = [0, *counts]
    return MaskRegion(mask.shape[0], mask.shape[1], tuple(int(c) for c in counts))


def bounding_box(mask: BoolArray) -> Box:
    """Return the smallest box that holds every true pixel; raise ValueError if there is none."""
    rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if rows.size == 0:
        raise ValueError("an empty mask has no bounding box")
    return Box(float(cols[0]), float(rows[0]), float(cols[-1] + 1), float(rows[-1] + 1))


def union(masks: Iterable[BoolArray], shape: tuple[int, int]) -> BoolArray:
    """Return the pixels that lie in any of the masks, which may be an iterator; all False without masks."""
    together = np.zeros(shape, dtype=bool)
    for mask in masks:
        together |= mask
    return together


def _middle(values: Sequence[float]) -> tuple[float, float]:
    middle = (min(values) + max(values)) / 2
    return middle, middle


def _centres(low: float, high: float, size: int) -> slice:
    first, last = math.ceil(low - 0.5), math.ceil(high - 0.5)
    if last <= first:
        first = math.floor((low + high) / 2)
        last = first + 1
    return slice(max(0, first), min(size, max(0, last)))


def _weights_to_model(geometry: Geometry) -> tuple[FloatArray, FloatArray]:
    (height, width), (model_height, model_width) = geometry.original_hw, geometry.model_hw
    return (
        _axis_weights(height, model_height, geometry.scale_y, geometry.offset_y),
        _axis_weights(width, model_width, geometry.scale_x, geometry.offset_x),
    )


def _axis_weights(size: int, model_size: int, scale: float, offset: float) -> FloatArray:
    """Return (model_size, size) weights of the original's pixels in each pixel of the model's; rows sum to the cover."""
    low = (np.arange(model_size) - offset) / scale
    high = low + 1 / scale
    if scale >= 1:
        centre = (low + high) / 2
        weights = _linear_weights(centre, size)
        return np.where(_within(centre, size)[:, None], weights, 0).astype(np.float32)
    edge = np.arange(size)
    overlap = np.minimum(high[:, None], edge + 1) - np.maximum(low[:, None], edge)
    weights = np.clip(overlap, 0, None) * scale
    return np.asarray(weights, dtype=np.float32)


def _within(at: FloatArray, size: int) -> BoolArray:
    """Mark the positions in ``[0, size]``; rounding must not decide over one that lies on the edge."""
    return (at >= -_ON_EDGE) & (at <= size + _ON_EDGE)


def _linear_weights(at: FloatArray, size: int) -> FloatArray:
    """Return (len(at), size) weights that interpolate linearly between pixel centres, constant at the edges."""
    position = np.clip(np.asarray(at, dtype=np.float64) - 0.5, 0, size - 1)
    lower = np.minimum(np.floor(position).astype(int), max(size - 2, 0))
    share = position - lower
    weights = np.zeros((len(position), size))
    index = np.arange(len(position))
    weights[index, lower] = 1 - share
    if size > 1:
        weights[index, lower + 1] += share
    return weights
