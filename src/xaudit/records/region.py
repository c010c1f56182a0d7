"""A region of an image in the original frame: a box, an outline or a set of pixels."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned rectangle ``[x0, x1) × [y0, y1)``."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed outline; the last point joins the first."""

    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class MaskRegion:
    """A set of pixels as run lengths, column by column, the first run outside (COCO's uncompressed form)."""

    height: int
    width: int
    counts: tuple[int, ...]


Region = Box | Polygon | MaskRegion
