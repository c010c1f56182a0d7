"""What a reader drew, checked against the image it was drawn on."""

import math

from xaudit.errors import DataError
from xaudit.geometry import mask_region, rasterise, union
from xaudit.records import Box, MaskRegion, Polygon, Region

SLACK_PX = 0.5
"""Drawing tools round: less than half a pixel beyond the edge changes no pixel, and is cut off."""


def checked_box(place: str, corners: tuple[float, float, float, float], frame: tuple[int, int]) -> Box:
    """The box with these edges.

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
    """The outline through these points (x, y).

    Raises:
        DataError: fewer than three points, outside the image, or without area.
    """
    if len(points) < 3:
        raise DataError(
            f"{place}: an outline of {len(points)} points", hint="an outline needs at least three"
        )
    xs, ys = [x for x, _ in points], [y for _, y in points]
    spelled = f"the outline from ({min(xs):g}, {min(ys):g}) to ({max(xs):g}, {max(ys):g})"
    if not all(math.isfinite(value) for value in (*xs, *ys)):
        raise DataError(f"{place}: {spelled} is not finite", hint="mend the numbers")
    _check_inside(place, spelled, (min(xs), min(ys), max(xs), max(ys)), frame)
    if max(xs) <= min(xs) or max(ys) <= min(ys):
        raise DataError(f"{place}: {spelled} has no area", hint="mend the outline, or take it out")
    return Polygon(points)


def checked_runs(place: str, runs: MaskRegion, frame: tuple[int, int]) -> MaskRegion:
    """The mask with these run lengths.

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


def joined(parts: tuple[Region, ...], frame: tuple[int, int]) -> Region:
    """One region for what a reader drew in several parts."""
    if len(parts) == 1:
        return parts[0]
    return mask_region(union([rasterise(part, frame) for part in parts], frame))


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
