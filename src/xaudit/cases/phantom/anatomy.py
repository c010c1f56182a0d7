"""The simulated patient: shapes of the chest in millimetres, drawn once per patient and known at every level.

The body's frame has its origin in the middle of the chest, x to the image's right (the patient's left) and y to the
back. ``level`` runs from 0 at the top of the chest to 1 at the diaphragm. Densities are Hounsfield units (HU).
"""

import math
from dataclasses import dataclass

import numpy as np

from xaudit.cases.phantom.shapes import Ellipse, Grid, smooth_union
from xaudit.records import FloatArray

N_WAVES = 4


@dataclass(frozen=True, slots=True)
class Bone:
    """A piece of bone: a shell of ``shell_mm`` around marrow."""

    outline: Ellipse
    shell_mm: float


@dataclass(frozen=True, slots=True)
class Anatomy:
    """The chest of one patient.

    Attributes:
        fov_mm: side of the square that the scanner reconstructs.
        shift_mm: position of the body's middle in the image, (x, y).
        tilt: turn of the body, radians.
        waves: (wavelength x, wavelength y, phase x, phase y, bend x, bend y) per bend of the outline, in mm and radians.
        body: the skin's outline.
        fat_mm: thickness of the fat under the skin.
        lungs: right and left lung before the mediastinum is cut out.
        girth: size of heart and great vessels, about 1.
        level: level of the middle slice.
        step_mm: from slice to slice.
        ribs: (angle, length in mm, twist) around the chest.
        lung_hu: density of the lung in front; it grows towards the back.
        gradient_hu: growth of that density from front to back.
        noise_hu: standard deviation of the scanner's noise in air.
        table_gap_mm: between the back and the table.
        round_frame: True if the image outside the reconstruction circle is blank.
    """

    fov_mm: float
    shift_mm: tuple[float, float]
    tilt: float
    waves: tuple[tuple[float, float, float, float, float, float], ...]
    body: Ellipse
    fat_mm: float
    lungs: tuple[Ellipse, Ellipse]
    girth: float
    level: float
    step_mm: float
    ribs: tuple[tuple[float, float, float], ...]
    lung_hu: float
    gradient_hu: float
    noise_hu: float
    table_gap_mm: float
    round_frame: bool

    def level_at(self, offset_mm: float) -> float:
        """Return the level of a slice ``offset_mm`` below the middle one."""
        return min(max(self.level + offset_mm / 220, 0.0), 1.0)

    def grid(self, size: int) -> Grid:
        """Return the positions of the pixels of a ``size`` × ``size`` slice in this body."""
        spacing = self.fov_mm / size
        along = ((np.arange(size) + 0.5) * spacing - self.fov_mm / 2).astype(np.float32)
        column, row = along[None, :], along[:, None]
        dx, dy = column - np.float32(self.shift_mm[0]), row - np.float32(self.shift_mm[1])
        cos, sin = np.float32(math.cos(self.tilt)), np.float32(math.sin(self.tilt))
        x, y = dx * cos + dy * sin, dy * cos - dx * sin
        bend_x, bend_y = np.zeros_like(x), np.zeros_like(y)
        for length_x, length_y, phase_x, phase_y, by_x, by_y in self.waves:
            wave = np.sin(dx * np.float32(2 * math.pi / length_x) + np.float32(phase_x)) * np.cos(
                dy * np.float32(2 * math.pi / length_y) + np.float32(phase_y)
            )
            bend_x += np.float32(by_x) * wave
            bend_y += np.float32(by_y) * wave
        return Grid(column, row, x + bend_x, y + bend_y, spacing)

    def mediastinum(self, level: float) -> tuple[Ellipse, ...]:
        """Return the organs between the lungs: septum, heart or great vessels, aorta, vertebra."""
        depth, girth = self.lungs[0].b, self.girth
        heart = max(0.0, min(1.0, (level - 0.3) / 0.35))
        upper = max(0.0, min(1.0, (0.55 - level) / 0.25))
        shapes = [
            Ellipse(0, 0, 15 * girth + 4, depth * 1.15),
            Ellipse(0, depth * 0.12, (24 + 8 * heart) * girth, depth * 0.5),
            Ellipse(24 * girth, depth * 0.42, 12.5 * girth, 12.5 * girth),
            Ellipse(0, depth * 0.78, 22, 19),
        ]
        if heart > 0:
            wide, deep = (28 + 30 * heart) * girth, (24 + 20 * heart) * girth
            shapes.append(Ellipse(20 * heart * girth + 4, -depth * 0.22, wide, deep, 0.5))
        if upper > 0:
            shapes.append(
                Ellipse(3, -depth * 0.22, (24 + 14 * upper) * girth, (20 + 10 * upper) * girth, -0.2)
            )
        return tuple(shapes)

    def lung_distance(self, grid: Grid, level: float) -> FloatArray:
        """Return the (H, W) signed distance in mm to the outline of both lungs, negative inside."""
        lungs = self._lung_ellipses(level)
        outer = np.minimum(lungs[0].distance(grid.x, grid.y), lungs[1].distance(grid.x, grid.y))
        between: FloatArray | None = None
        for shape in self.mediastinum(level):
            distance = shape.distance(grid.x, grid.y)
            between = distance if between is None else smooth_union(between, distance, 10)
        if between is None:
            raise ValueError("a chest without a mediastinum")
        return np.maximum(outer, -between)

    def chest_distance(self, grid: Grid, level: float) -> FloatArray:
        """Return the (H, W) signed distance in mm to the pleura around both lungs and everything between them."""
        lungs = self._lung_ellipses(level)
        return smooth_union(lungs[0].distance(grid.x, grid.y), lungs[1].distance(grid.x, grid.y), 60)

    def bones(self, level: float) -> tuple[Bone, ...]:
        """Return ribs, spine, sternum and, high up, the shoulder blades."""
        right, left = self._lung_ellipses(level)
        wide, deep = (left.x + left.a - right.x + right.a) / 2 + 6, right.b + 5
        middle = (left.x + left.a + right.x - right.a) / 2
        bones = []
        for angle, length, twist in self.ribs:
            turned = angle + 1.1 * level
            x, y = middle + wide * math.cos(turned), deep * math.sin(turned)
            if abs(x) < 30:
                continue
            tangent = math.atan2(deep * math.cos(turned), -wide * math.sin(turned))
            bones.append(Bone(Ellipse(x, y, length / 2, 4.2, tangent + twist), 1.6))
        back = right.b * 0.78
        bones += [
            Bone(Ellipse(0, -right.b - 7, 17, 5.5), 1.5),
            Bone(Ellipse(-15, back + 20, 6, 9, -0.3), 2.5),
            Bone(Ellipse(15, back + 20, 6, 9, 0.3), 2.5),
            Bone(Ellipse(-32, back + 26, 17, 4.5, -0.35), 1.8),
            Bone(Ellipse(32, back + 26, 17, 4.5, 0.35), 1.8),
            Bone(Ellipse(0, back + 40, 3.5, 11), 1.6),
            Bone(Ellipse(-9, back + 33, 9, 3, 0.6), 1.6),
            Bone(Ellipse(9, back + 33, 9, 3, -0.6), 1.6),
            Bone(Ellipse(0, back, 20, 16), 1.8),
        ]
        if level < 0.5:
            for side in (-1, 1):
                blade = Ellipse(side * wide * 0.82, deep * 0.72, 30 - 30 * level, 3.2, -side * 0.75)
                bones.append(Bone(blade, 1.2))
        return tuple(bones)

    def airways(self, level: float) -> tuple[Ellipse, ...]:
        """Return the windpipe, or below its fork the two main bronchi; none further down."""
        depth = self.lungs[0].b
        if level < 0.42:
            return (Ellipse(-2, -depth * 0.02, 9, 8),)
        if level < 0.56:
            apart = 12 + 90 * (level - 0.42)
            tilt = 0.5
            return (
                Ellipse(-apart, depth * 0.06, 9.5, 5.5, -tilt),
                Ellipse(apart, depth * 0.08, 8.5, 5.0, tilt),
            )
        return ()

    def _lung_ellipses(self, level: float) -> tuple[Ellipse, Ellipse]:
        share = 0.80 + 0.2 * math.sin(math.pi * min(1.0, 0.15 + 0.6 * level))
        right, left = self.lungs
        inner = share**0.5
        return (
            Ellipse(right.x * inner, right.y, right.a * share, right.b * inner, right.angle),
            Ellipse(left.x * inner, left.y, left.a * share, left.b * inner, left.angle),
        )


def draw_anatomy(generator: np.random.Generator) -> Anatomy:
    """Draw one patient's chest from the generator alone."""
    draw = generator.uniform
    wide, deep = draw(148, 170), draw(104, 122)
    fat = draw(6, 20)
    lung_wide = (wide - fat - draw(22, 30)) / 2
    lung_deep = deep - fat * 0.6 - draw(17, 23)
    waves = tuple(
        (draw(90, 260), draw(90, 260), draw(0, 6.28), draw(0, 6.28), draw(-3.2, 3.2), draw(-3.2, 3.2))
        for _ in range(N_WAVES)
    )
    start = draw(0, 0.45)
    ribs = tuple(
        (start + index * 2 * math.pi / 14 + draw(-0.07, 0.07), draw(22, 46), draw(-0.14, 0.14))
        for index in range(14)
    )
    lean = draw(0.02, 0.12)
    return Anatomy(
        fov_mm=draw(360, 400),
        shift_mm=(draw(-7, 7), draw(-12, 4)),
        tilt=draw(-0.07, 0.07),
        waves=waves,
        body=Ellipse(0, 5, wide, deep + 6),
        fat_mm=fat,
        lungs=(
            Ellipse(-lung_wide * 1.02, 0, lung_wide * 1.03, lung_deep, lean),
            Ellipse(lung_wide * 0.98, 1, lung_wide * 0.99, lung_deep * 0.98, -lean),
        ),
        girth=draw(0.88, 1.12),
        level=draw(0.18, 0.88),
        step_mm=draw(2.5, 7),
        ribs=ribs,
        lung_hu=draw(-895, -845),
        gradient_hu=draw(25, 80),
        noise_hu=draw(16, 36),
        table_gap_mm=draw(3, 9),
        round_frame=bool(draw(0, 1) < 0.5),
    )
