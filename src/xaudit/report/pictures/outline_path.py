"""Readers' marks as SVG paths in pixels of the original frame; a mask's outline runs between the pixels."""

from collections import defaultdict
from typing import assert_never

import numpy as np

from xaudit.geometry import fit_geometry, mask_to_model, rasterise
from xaudit.records import BoolArray, Box, MaskRegion, Polygon, Region

LONGEST_SIDE = 512
"""Masks of larger frames are first shrunk so far, since no screen shows more."""

Point = tuple[int, int]


def outline_path(region: Region) -> str:
    """The outline of one mark, closed; empty for a mask without a pixel.

    Example:
        >>> outline_path(Box(1, 2, 3.5, 4))
        'M1 2H3.5V4H1Z'
        >>> outline_path(MaskRegion(2, 2, (2, 2)))
        'M1 0H2V2H1Z'
    """
    match region:
        case Box(x0, y0, x1, y1):
            return f"M{_n(x0)} {_n(y0)}H{_n(x1)}V{_n(y1)}H{_n(x0)}Z"
        case Polygon(points):
            return "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points) + "Z" if points else ""
        case MaskRegion(height, width, _):
            mask = rasterise(region, (height, width))
            shrink = min(1.0, LONGEST_SIDE / max(height, width))
            if shrink == 1.0:
                return mask_path(mask)
            frame = (max(1, round(height * shrink)), max(1, round(width * shrink)))
            small = mask_to_model(mask, fit_geometry((height, width), frame, "stretch"))
            return mask_path(small, scale_x=width / frame[1], scale_y=height / frame[0])
        case _:
            assert_never(region)


def mask_path(mask: BoolArray, *, scale_x: float = 1.0, scale_y: float = 1.0) -> str:
    """The outline of a mask along the edges of its pixels; areas that touch in a corner only stay apart.

    Args:
        mask: (H, W).
        scale_x: pixels of the original frame for one of the mask's.
        scale_y: likewise.
    """
    following = _edges(mask)
    paths = []
    while following:
        start = min(following)
        loop = [start]
        heading = following[start][0]
        at = _step(following, start, heading)
        while at != start:
            heading = (at[0] - loop[-1][0], at[1] - loop[-1][1])
            loop.append(at)
            choices = following[at]
            # Where two areas touch in a corner, two edges leave it: turning right stays with one's own area.
            right = (-heading[1], heading[0])
            turn = right if right in choices else choices[0]
            at = _step(following, at, turn)
        paths.append(_loop_path(_corners(loop), scale_x, scale_y))
    return "".join(paths)


def _edges(mask: BoolArray) -> dict[Point, list[Point]]:
    """Unit steps along the border, by the point they leave, the mask to their right."""
    padded = np.pad(mask, 1)
    following: dict[Point, list[Point]] = defaultdict(list)
    above = padded[1:, 1:-1] & ~padded[:-1, 1:-1]
    below = ~padded[1:, 1:-1] & padded[:-1, 1:-1]
    before = padded[1:-1, 1:] & ~padded[1:-1, :-1]
    after = ~padded[1:-1, 1:] & padded[1:-1, :-1]
    for edge, (dx, dy), (step_x, step_y) in (
        (above, (0, 0), (1, 0)),
        (below, (1, 0), (-1, 0)),
        (before, (0, 1), (0, -1)),
        (after, (0, 0), (0, 1)),
    ):
        for y, x in np.argwhere(edge).tolist():
            following[x + dx, y + dy].append((step_x, step_y))
    return dict(following)


def _step(following: dict[Point, list[Point]], at: Point, heading: Point) -> Point:
    """Takes one edge away and gives the point it leads to."""
    following[at].remove(heading)
    if not following[at]:
        del following[at]
    return at[0] + heading[0], at[1] + heading[1]


def _corners(loop: list[Point]) -> list[Point]:
    ahead = loop[1:] + loop[:1]
    behind = loop[-1:] + loop[:-1]
    return [
        at
        for at, after, before in zip(loop, ahead, behind, strict=True)
        if (after[0] - before[0]) and (after[1] - before[1])
    ]


def _loop_path(corners: list[Point], scale_x: float, scale_y: float) -> str:
    (x, y), *rest = corners
    parts = [f"M{_n(x * scale_x)} {_n(y * scale_y)}"]
    for to_x, to_y in rest:
        parts.append(f"V{_n(to_y * scale_y)}" if to_x == x else f"H{_n(to_x * scale_x)}")
        x, y = to_x, to_y
    return "".join(parts) + "Z"


def _n(value: float) -> str:
    """A coordinate to a hundredth of a pixel.

    Example:
        >>> _n(3.0), _n(2.125), _n(-0.001)
        ('3', '2.12', '0')
    """
    text = f"{round(value, 2):g}" if abs(value) < 1e5 else f"{value:.0f}"
    return "0" if text == "-0" else text
