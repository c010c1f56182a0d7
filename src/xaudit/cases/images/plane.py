"""The position of an image's pixels in the patient, in millimetres.

Coordinates are DICOM's: x towards the patient's left, y towards the back, z towards the head.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from xaudit.records import FloatArray

_AS_GOOD_AS = 0.01


@dataclass(frozen=True, slots=True)
class Plane:
    """The plane of an image.

    Attributes:
        origin: middle of its first pixel, (x, y, z).
        along_row: the direction in which the pixels of a row follow each other, of length 1.
        along_column: the direction in which the rows follow each other, of length 1.
        spacing_mm: between pixels as (row, column): from one row to the next, and from one column to the next.
        space: name of the coordinates, if the file has one: planes of different spaces cannot be compared; never shown.
    """

    origin: tuple[float, float, float]
    along_row: tuple[float, float, float]
    along_column: tuple[float, float, float]
    spacing_mm: tuple[float, float]
    space: str | None = field(default=None, repr=False)

    def on_image(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Project points of the patient onto the image.

        Args:
            points: (N, 3), in millimetres.

        Returns:
            (N, 2) of x and y between pixel edges, so that the middle of the first pixel is (0.5, 0.5), and (N,) of their
            distance from the plane in millimetres, positive on one side of it.

        Example:
            >>> plane = Plane((10.0, 0.0, 5.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (2.0, 0.5))
            >>> [values.tolist() for values in plane.on_image(np.array([[11.0, 4.0, 6.0]]))]
            [[[2.5, 2.5]], [1.0]]
        """
        row, column = np.asarray(self.along_row), np.asarray(self.along_column)
        away = np.asarray(points, dtype=np.float64) - np.asarray(self.origin)
        x = away @ row / self.spacing_mm[1] + 0.5
        y = away @ column / self.spacing_mm[0] + 0.5
        return np.stack([x, y], axis=1), away @ np.cross(row, column)

    def in_patient(self, points: FloatArray) -> FloatArray:
        """Convert (N, 2) of x and y between pixel edges to (N, 3) in millimetres, the inverse of :meth:`on_image`."""
        steps = (np.asarray(points, dtype=np.float64) - 0.5) * np.array(
            [self.spacing_mm[1], self.spacing_mm[0]]
        )
        directions = np.array([self.along_row, self.along_column])
        return np.asarray(np.asarray(self.origin) + steps @ directions, dtype=np.float64)

    def lies_on(self, other: "Plane") -> bool:
        """Return True if both have their pixels in the same places, to a quarter of a pixel at their origins."""
        same = np.allclose(self.orientation, other.orientation, atol=_AS_GOOD_AS)
        same = same and np.allclose(self.spacing_mm, other.spacing_mm, rtol=_AS_GOOD_AS)
        apart = np.abs(np.asarray(self.origin) - np.asarray(other.origin)).max()
        return bool(same and apart <= min(self.spacing_mm) / 4)

    @property
    def orientation(self) -> tuple[float, ...]:
        """Both directions as six numbers, as in ImageOrientationPatient."""
        return (*self.along_row, *self.along_column)


def plane_of(
    position: Sequence[float],
    orientation: Sequence[float],
    spacing_mm: tuple[float, float] | None,
    space: str | None = None,
) -> Plane | None:
    """Return the plane that these numbers describe; None if some are missing or not finite, or the axes are not orthogonal.

    Args:
        position: middle of the first pixel, three numbers.
        orientation: the direction along a row and the one along a column, six numbers.
        spacing_mm: as (row, column).
        space: name of the coordinates.
    """
    if len(position) != 3 or len(orientation) != 6 or spacing_mm is None:
        return None
    numbers = np.array([*position, *orientation], dtype=np.float64)
    if not np.isfinite(numbers).all():
        return None
    row, column = numbers[3:6], numbers[6:9]
    lengths = float(np.linalg.norm(row)), float(np.linalg.norm(column))
    if not all(abs(length - 1) < _AS_GOOD_AS for length in lengths):
        return None
    row, column = row / lengths[0], column / lengths[1]
    if abs(float(row @ column)) > _AS_GOOD_AS:
        return None
    return Plane(_three(numbers[:3]), _three(row), _three(column), spacing_mm, space)


def _three(values: FloatArray) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
