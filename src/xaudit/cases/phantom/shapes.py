"""Ellipses in millimetres, their soft edges on pixels, and the painting of one shape over others.

Distances are signed and negative inside. They are exact on an ellipse's outline and approximate away from it,
which is all that a soft edge needs.
"""

import math
from dataclasses import dataclass

import numpy as np

from xaudit.records import FloatArray


@dataclass(frozen=True, slots=True)
class Ellipse:
    """A filled ellipse: centre, half-axes along and across ``angle`` (radians, turning x towards y)."""

    x: float
    y: float
    a: float
    b: float
    angle: float = 0.0

    def distance(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the signed distance in mm of each point to the outline, negative inside."""
        cos, sin = np.float32(math.cos(self.angle)), np.float32(math.sin(self.angle))
        dx, dy = x - np.float32(self.x), y - np.float32(self.y)
        along = (dx * cos + dy * sin) / np.float32(self.a)
        across = (dy * cos - dx * sin) / np.float32(self.b)
        radius = np.sqrt(along * along + across * across) + np.float32(1e-6)
        slope = np.sqrt((along / self.a) ** 2 + (across / self.b) ** 2) / radius + np.float32(1e-6)
        near: FloatArray = ((radius - 1) / slope).astype(np.float32)
        return near


def cover(distance: FloatArray, edge_mm: float) -> FloatArray:
    """Return the share of each point that lies inside: 1 within, 0 without, linear across an edge of ``edge_mm``."""
    share: FloatArray = np.clip(np.float32(0.5) - distance / np.float32(edge_mm), 0, 1)
    return share


def paint(canvas: FloatArray, share: FloatArray, value: FloatArray | float) -> None:
    """Cover ``canvas`` in place with ``value`` where ``share`` is 1, and blend where it is less."""
    canvas += share * (np.asarray(value, dtype=np.float32) - canvas)


def smooth_union(first: FloatArray, second: FloatArray, blend_mm: float) -> FloatArray:
    """Return the distance to the union of two shapes, with the crease between them filled over about ``blend_mm``."""
    crease = np.maximum(np.float32(blend_mm) - np.abs(first - second), 0)
    union: FloatArray = np.minimum(first, second) - crease * crease / np.float32(4 * blend_mm)
    return union


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The pixel centres of a slice in two frames of millimetres.

    Attributes:
        column: (1, W) mm to the right of the image's centre.
        row: (H, 1) mm below the image's centre.
        x: (H, W) mm in the body's own frame: shifted, tilted and gently bent.
        y: (H, W) as ``x``, downwards (towards the back).
        spacing_mm: side of a pixel.
    """

    column: FloatArray
    row: FloatArray
    x: FloatArray
    y: FloatArray
    spacing_mm: float

    @property
    def edge_mm(self) -> float:
        """Width of a soft edge: one and a half pixels, and never sharper than a scanner's own blur."""
        return max(1.5 * self.spacing_mm, 1.2)

    def window(self, x: float, y: float, reach_mm: float) -> tuple[slice, slice]:
        """Return the rows and columns that hold every point within ``reach_mm`` of a point of the body's frame."""
        near_x, near_y = np.abs(self.x - np.float32(x)), np.abs(self.y - np.float32(y))
        near = np.maximum(near_x, near_y) <= np.float32(reach_mm)
        rows, cols = np.flatnonzero(near.any(1)), np.flatnonzero(near.any(0))
        if rows.size == 0:
            return slice(0, 0), slice(0, 0)
        return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)
