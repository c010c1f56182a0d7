"""An image changed in a way that leaves its finding where it can be followed, and maps brought back from there.

Images are ``(C, h, w)``, maps ``(h, w)``, both of the model's frame. What comes in from beyond the edge repeats the
edge: a black band would be a new edge for the model to see.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import ndimage

from xaudit.geometry import fit_geometry, image_to_model
from xaudit.records import BoolArray, FloatArray

_ON_EDGE = 1e-9


class ImageChange(Protocol):
    """A change of the image, and the way back for a map of the changed image."""

    @property
    def id(self) -> str:
        """Its name in the audit file and in the tables."""
        ...

    @property
    def changes_nothing(self) -> bool:
        """True if image and map are left as they are."""
        ...

    def apply(self, image: FloatArray) -> FloatArray:
        """The changed image, (C, h, w) float32 of the same frame."""
        ...

    def undo(self, saliency: FloatArray) -> tuple[FloatArray, BoolArray]:
        """A map of the changed image on the unchanged one, and which of its pixels the changed image showed."""
        ...


@dataclass(frozen=True, slots=True)
class Flip:
    """Mirrored left to right, or upside down."""

    upside_down: bool = False

    @property
    def id(self) -> str:
        """``flip-horizontal`` or ``flip-vertical``."""
        return "flip-vertical" if self.upside_down else "flip-horizontal"

    changes_nothing = False

    def apply(self, image: FloatArray) -> FloatArray:
        """See :meth:`ImageChange.apply`; to the bit."""
        return np.ascontiguousarray(np.flip(image, axis=-2 if self.upside_down else -1))

    def undo(self, saliency: FloatArray) -> tuple[FloatArray, BoolArray]:
        """See :meth:`ImageChange.undo`; every pixel comes back, to the bit."""
        return self.apply(saliency), np.ones(saliency.shape, dtype=bool)


@dataclass(frozen=True, slots=True)
class Shift:
    """Moved to the right and downwards by a share of each side, in whole pixels and at least one."""

    percent: int

    @property
    def id(self) -> str:
        """``shift-`` and the share in percent."""
        return f"shift-{self.percent}"

    changes_nothing = False

    def apply(self, image: FloatArray) -> FloatArray:
        """See :meth:`ImageChange.apply`; to the bit."""
        down, across = self._pixels(image.shape[-2]), self._pixels(image.shape[-1])
        rows = np.maximum(np.arange(image.shape[-2]) - down, 0)
        cols = np.maximum(np.arange(image.shape[-1]) - across, 0)
        return np.ascontiguousarray(image[..., rows[:, None], cols])

    def undo(self, saliency: FloatArray) -> tuple[FloatArray, BoolArray]:
        """See :meth:`ImageChange.undo`; what was pushed over the edge is 0 and not valid."""
        (height, width), shape = saliency.shape, saliency.shape
        down, across = self._pixels(height), self._pixels(width)
        back, valid = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=bool)
        back[: height - down, : width - across] = saliency[down:, across:]
        valid[: height - down, : width - across] = True
        return back, valid

    def _pixels(self, side: int) -> int:
        return max(1, round(self.percent / 100 * side))


@dataclass(frozen=True, slots=True)
class Rotation:
    """Turned clockwise about the centre of the frame, linear between pixel centres."""

    degrees: int

    @property
    def id(self) -> str:
        """``rotate-`` and the angle in degrees."""
        return f"rotate-{self.degrees}"

    changes_nothing = False

    def apply(self, image: FloatArray) -> FloatArray:
        """See :meth:`ImageChange.apply`."""
        planes = [self._turned(plane, math.radians(self.degrees)) for plane in image]
        return np.stack(planes)

    def undo(self, saliency: FloatArray) -> tuple[FloatArray, BoolArray]:
        """See :meth:`ImageChange.undo`; pixels that the turn carried out of the frame are 0 and not valid."""
        back = self._turned(saliency, -math.radians(self.degrees))
        matrix, centre = self._matrix(-math.radians(self.degrees)), self._centre(saliency.shape)
        rows, cols = np.indices(saliency.shape).reshape(2, -1) - centre[:, None]
        seen_at = matrix @ np.stack([rows, cols]) + centre[:, None]
        last = np.array(saliency.shape)[:, None] - 1
        valid = ((seen_at >= -_ON_EDGE) & (seen_at <= last + _ON_EDGE)).all(0).reshape(saliency.shape)
        return np.where(valid, back, 0).astype(np.float32), valid

    def _turned(self, plane: FloatArray, radians: float) -> FloatArray:
        matrix, centre = self._matrix(radians), self._centre(plane.shape)
        turned: FloatArray = ndimage.affine_transform(
            plane.astype(np.float32), matrix, offset=centre - matrix @ centre, order=1, mode="nearest"
        )
        return turned

    @staticmethod
    def _matrix(radians: float) -> FloatArray:
        """From a place in the result, (row, column) about the centre, to the place whose value it takes."""
        cos, sin = math.cos(radians), math.sin(radians)
        return np.array([[cos, -sin], [sin, cos]])

    @staticmethod
    def _centre(shape: tuple[int, ...]) -> FloatArray:
        return (np.array(shape, dtype=np.float64) - 1) / 2


@dataclass(frozen=True, slots=True)
class Coarsening:
    """Averaged over squares of ``step`` × ``step`` pixels, then enlarged again, linear between their centres.

    Where the side is no multiple of the step, the squares are a little larger or smaller, so that they fit.
    """

    step: int

    @property
    def id(self) -> str:
        """The step: 2 for half the resolution."""
        return str(self.step)

    @property
    def changes_nothing(self) -> bool:
        """True for a step of one pixel."""
        return self.step == 1

    def apply(self, image: FloatArray) -> FloatArray:
        """See :meth:`ImageChange.apply`; to the bit where the step is 1."""
        if self.changes_nothing:
            return image
        height, width = image.shape[-2:]
        small = (max(1, round(height / self.step)), max(1, round(width / self.step)))
        planes = np.moveaxis(image, 0, -1)
        reduced = image_to_model(planes, fit_geometry((height, width), small))
        enlarged = image_to_model(reduced, fit_geometry(small, (height, width)))
        return np.ascontiguousarray(np.moveaxis(enlarged, -1, 0))

    def undo(self, saliency: FloatArray) -> tuple[FloatArray, BoolArray]:
        """See :meth:`ImageChange.undo`; nothing has moved."""
        return saliency, np.ones(saliency.shape, dtype=bool)


Movement = Flip | Shift | Rotation


def movement(name: str) -> Movement:
    """The movement that the audit file calls so.

    Raises:
        ValueError: where no movement has that name.

    Example:
        >>> movement("flip-horizontal"), movement("rotate-10"), movement("shift-4")
        (Flip(upside_down=False), Rotation(degrees=10), Shift(percent=4))
    """
    kind, _, how = name.partition("-")
    match kind, how:
        case "flip", ("horizontal" | "vertical"):
            return Flip(upside_down=how == "vertical")
        case "rotate", _ if how.isdecimal():
            return Rotation(int(how))
        case "shift", _ if how.isdecimal():
            return Shift(int(how))
        case _:
            raise ValueError(f"no movement is called '{name}'")
