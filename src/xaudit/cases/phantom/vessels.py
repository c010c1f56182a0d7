"""The branching vessels of the lungs in one slice: streaks in its plane, dots across it."""

import math

import numpy as np
from PIL import Image, ImageDraw

from xaudit.cases.phantom.anatomy import Anatomy
from xaudit.records import FloatArray

N_GENERATIONS = 5
N_DOTS = 30
FULL_WIDTH_MM = 4.5
"""Width from which a vessel shows with its full density."""

Segment = tuple[float, float, float, float, float]
"""Start x, start y, end x, end y in mm of the body's frame, and width in mm."""


def draw_vessels(anatomy: Anatomy, generator: np.random.Generator) -> tuple[Segment, ...]:
    """Draw the pieces of vessel that one slice shows, from the hilum of each lung outwards.

    Nothing keeps them inside the lung: what reaches beyond it is cut off when the slice is painted.
    """
    segments: list[Segment] = []
    for lung, away in zip(anatomy.lungs, (math.pi, 0.0), strict=True):
        hilum = (math.copysign(34 * anatomy.girth, lung.x), lung.b * 0.06)
        for index in range(9):
            fan = (index - 4) * 0.36 + generator.uniform(-0.15, 0.15)
            start = (hilum[0] + generator.uniform(-6, 6), hilum[1] + generator.uniform(-12, 12))
            _grow(segments, start, away + fan, generator.uniform(2.6, 4.6), 0, generator)
        for _ in range(N_DOTS):
            angle, radius = generator.uniform(0, 2 * math.pi), math.sqrt(generator.uniform(0, 1))
            x = lung.x + lung.a * radius * math.cos(angle)
            y = lung.y + lung.b * radius * math.sin(angle)
            width = min(3.0, 1.0 + generator.exponential(0.5))
            segments.append((x, y, x + generator.uniform(-1.5, 1.5), y + generator.uniform(-1.5, 1.5), width))
    return tuple(segments)


def vessel_cover(segments: tuple[Segment, ...], anatomy: Anatomy, size: int) -> FloatArray:
    """Return the (size, size) share of each pixel that vessels cover, 0 to 1."""
    fine = max(1, min(4, 2048 // size))
    spacing = anatomy.fov_mm / (size * fine)
    sheet = Image.new("L", (size * fine, size * fine))
    pen = ImageDraw.Draw(sheet)
    cos, sin = math.cos(anatomy.tilt), math.sin(anatomy.tilt)
    middle_x = anatomy.shift_mm[0] + anatomy.fov_mm / 2
    middle_y = anatomy.shift_mm[1] + anatomy.fov_mm / 2

    def pixel(x: float, y: float) -> tuple[float, float]:
        return (x * cos - y * sin + middle_x) / spacing, (x * sin + y * cos + middle_y) / spacing

    for x0, y0, x1, y1, width in segments:
        start, end = pixel(x0, y0), pixel(x1, y1)
        thick = width / spacing
        # A slice is thicker than a small vessel, which therefore shows fainter than a large one.
        ink = round(255 * min(1.0, width / FULL_WIDTH_MM))
        pen.line([start, end], fill=ink, width=max(1, round(thick)))
        reach = thick / 2
        if reach >= 1:
            for px, py in (start, end):
                pen.ellipse([px - reach, py - reach, px + reach, py + reach], fill=ink)
    return np.asarray(sheet.reduce(fine), dtype=np.float32) / np.float32(255)


def _grow(
    segments: list[Segment],
    start: tuple[float, float],
    angle: float,
    width: float,
    generation: int,
    generator: np.random.Generator,
) -> None:
    """Add a branch and, after a bend or a fork, those that spring from it."""
    length = generator.uniform(9, 21) * 0.88**generation
    end = (start[0] + length * math.cos(angle), start[1] + length * math.sin(angle))
    if generator.uniform(0, 1) < (0.62 if generation < 2 else 0.33):
        segments.append((*start, *end, width))
    if generation + 1 >= N_GENERATIONS:
        return
    turn = generator.uniform(0.2, 0.65)
    _grow(segments, end, angle + turn * 0.6, width * 0.74, generation + 1, generator)
    _grow(segments, end, angle - turn, width * 0.66, generation + 1, generator)
