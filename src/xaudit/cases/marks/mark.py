"""Check the region that a reader drew against the image it was drawn on."""

import math

import numpy as np

from xaudit.counts import counted
from xaudit.errors import DataError
from xaudit.geometry import mask_region, rasterise, union
from xaudit.records import BoolArray, Box, MaskRegion, Polygon, Region

SLACK_PX = 0.5
"""Drawing tools round: less than half a pixel beyond the edge changes no pixel, and is cut off."""


MOST_POINTS = 20_000
"""The most points that an outline may have."""

_NO_IMAGE_IS_LARGER = 1e12


def checked_number(place: str, value: object, what: str) -> float:
    """Return a number of pixels, or a share of them, that JSON or a text gives.

    Raises:
        DataError: where it is none, not finite, or larger than any image.
    """
    number = math.nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        if abs(value) < _NO_IMAGE_IS_LARGER:
            number = float(value)
    elif isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            number = math.nan
    if not abs(number) < _NO_IMAGE_IS_LARGER:
        raise DataError(f"{place}: {what} holds {value!r:.40}", hint="expected a number of pixels")
    return number


def checked_box(place: str, corners: tuple[float, float, float, float], frame: tuple[int, int]) -> Box:
    """Return the box with these edges.

    Args:
        place: for the error: the file and where in it.
        corners: x0, y0, x1, y1 as edges, 0-based and half-open.
        frame: (height, width) of the image.

    Raises:
        DataError: outside the image, or without area.
    """
    x0, y0, x1, y1 = corners
    height, width = frame
    spelled = f"the box from ({x0:g}, {y0:g}) to ({x1:g}, {y1:g})"
    if not all(math.isfinite(corner) for corner in corners):
        raise DataError(f"{place}: {spelled} is not finite", hint="mend the numbers")
    if x1 <= x0 or y1 <= y0:
        raise DataError(
            f"{place}: {spelled} has no area", hint="mend the box, or take it out if nothing is there"
        )
    _check_inside(place, spelled, (x0, y0, x1, y1), (height, width))
    return Box(max(0.0, x0), max(0.0, y0), min(float(width), x1), min(float(height), y1))


def checked_polygon(place: str, points: tuple[tuple[float, float], ...], frame: tuple[int, int]) -> Polygon:
    """Return the outline through these points (x, y).

    Raises:
        DataError: fewer than three points or more than :data:`MOST_POINTS`, outside the image, or without area.
    """
    if len(points) < 3:
        raise DataError(
            f"{place}: an outline of {counted(len(points), 'point')}", hint="an outline needs at least three"
        )
    check_points(place, len(points))
    xs, ys = [x for x, _ in points], [y for _, y in points]
    spelled = f"the outline from ({min(xs):g}, {min(ys):g}) to ({max(xs):g}, {max(ys):g})"
    if not all(math.isfinite(value) for value in (*xs, *ys)):
        raise DataError(f"{place}: {spelled} is not finite", hint="mend the numbers")
    _check_inside(place, spelled, (min(xs), min(ys), max(xs), max(ys)), frame)
    if max(xs) <= min(xs) or max(ys) <= min(ys):
        raise DataError(f"{place}: {spelled} has no area", hint="mend the outline, or take it out")
    return Polygon(points)


def check_points(place: str, n_points: int) -> None:
    """Raise DataError where an outline has more points than anybody draws."""
    if n_points > MOST_POINTS:
        raise DataError(
            f"{place}: an outline of {n_points} points, and more than {MOST_POINTS} are not read",
            hint="save it as a mask, or with fewer points",
        )


def checked_runs(place: str, runs: MaskRegion, frame: tuple[int, int]) -> MaskRegion:
    """Return the mask with these run lengths.

    Raises:
        DataError: of another size than the image, runs that do not add up to it, or without area.
    """
    height, width = frame
    if (runs.height, runs.width) != frame:
        raise DataError(
            f"{place}: a mask of {runs.width} × {runs.height} pixels on an image of {width} × {height}",
            hint="give the image that was annotated; sizes are not guessed",
        )
    if min(runs.counts, default=0) < 0 or sum(runs.counts) != height * width:
        raise DataError(
            f"{place}: run lengths of {sum(runs.counts)} pixels for an image of {height * width}",
            hint="the run lengths are damaged, or the size beside them is wrong",
        )
    if sum(runs.counts[1::2]) == 0:
        raise DataError(f"{place}: the mask has no area", hint="take it out if nothing is there")
    return runs


def checked_ellipse(
    place: str,
    centre: tuple[float, float],
    radii: tuple[float, float],
    frame: tuple[int, int],
    *,
    degrees: float = 0.0,
) -> Region:
    """Return the pixels whose centres lie in an ellipse, or its bounding box if it holds no centre.

    Args:
        place: for the error.
        centre: (x, y), between pixel edges.
        radii: along x and y before it is turned.
        frame: (height, width) of the image.
        degrees: turned clockwise around its centre, as seen on the screen.

    Raises:
        DataError: not finite, without area, or outside the image.
    """
    (cx, cy), (rx, ry), turn = centre, radii, math.radians(degrees)
    spelled = f"the ellipse around ({cx:g}, {cy:g})"
    if not all(math.isfinite(value) for value in (cx, cy, rx, ry, turn)):
        raise DataError(f"{place}: {spelled} is not finite", hint="mend the numbers")
    if rx <= 0 or ry <= 0:
        raise DataError(f"{place}: {spelled} has no area", hint="mend the ellipse, or take it out")
    cos, sin = math.cos(turn), math.sin(turn)
    reach_x, reach_y = math.hypot(rx * cos, ry * sin), math.hypot(rx * sin, ry * cos)
    _check_inside(place, spelled, (cx - reach_x, cy - reach_y, cx + reach_x, cy + reach_y), frame)
    y, x = np.ogrid[: frame[0], : frame[1]]
    dx, dy = x + 0.5 - cx, y + 0.5 - cy
    inside: BoolArray = np.asarray(((dx * cos + dy * sin) / rx) ** 2 + ((dy * cos - dx * sin) / ry) ** 2 <= 1)
    if not inside.any():
        return Box(max(0.0, cx - reach_x), max(0.0, cy - reach_y), cx + reach_x, cy + reach_y)
    return mask_region(inside)


def turned_box(
    corners: tuple[float, float, float, float], pivot: tuple[float, float], degrees: float
) -> tuple[tuple[float, float], ...]:
    """Return the four corners of a box turned clockwise, as seen on the screen, around a point.

    Example:
        >>> turned_box((1, 0, 3, 1), (1, 0), 90)
        ((1.0, 0.0), (1.0, 2.0), (0.0, 2.0), (0.0, 0.0))
    """
    (x0, y0, x1, y1), (px, py) = corners, pivot
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return tuple(
        (round(px + (x - px) * cos - (y - py) * sin, 9), round(py + (x - px) * sin + (y - py) * cos, 9))
        for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    )


def placed_mask(place: str, crop: BoolArray, corner: tuple[int, int], frame: tuple[int, int]) -> MaskRegion:
    """Place a mask that is stored without the empty pixels around it.

    Args:
        place: for the error.
        crop: (h, w), true inside.
        corner: (x, y) of its upper left pixel.
        frame: (height, width) of the image.

    Raises:
        DataError: outside the image, or without any pixel inside.
    """
    (x, y), (height, width) = corner, frame
    if min(x, y) < 0 or x + crop.shape[1] > width or y + crop.shape[0] > height:
        raise DataError(
            f"{place}: a mask of {crop.shape[1]} × {crop.shape[0]} pixels at ({x}, {y}) leaves the image of "
            f"{width} × {height}",
            hint="coordinates must belong to the image file itself",
        )
    if not crop.any():
        raise DataError(f"{place}: the mask has no area", hint="take it out if nothing is there")
    whole = np.zeros(frame, dtype=bool)
    whole[y : y + crop.shape[0], x : x + crop.shape[1]] = crop
    return mask_region(whole)


def joined(parts: tuple[Region, ...], frame: tuple[int, int]) -> Region:
    """Join the parts that a reader drew into one region."""
    if len(parts) == 1:
        return parts[0]
    return mask_region(union((rasterise(part, frame) for part in parts), frame))


def _check_inside(
    place: str, spelled: str, bounds: tuple[float, float, float, float], frame: tuple[int, int]
) -> None:
    x0, y0, x1, y1 = bounds
    height, width = frame
    if min(x0, y0) < -SLACK_PX or x1 > width + SLACK_PX or y1 > height + SLACK_PX:
        raise DataError(
            f"{place}: {spelled} leaves the image of {width} × {height}",
            hint="coordinates must belong to the image file itself; for Pascal VOC see data.annotations.origin",
        )
