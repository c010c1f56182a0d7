"""A map laid over a mark: what a localization metric is given."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from xaudit.catalog import OptionValue
from xaudit.metrics.absent import Absent
from xaudit.metrics.guard import markable, positive_part
from xaudit.records import BoolArray, FloatArray

Options = Mapping[str, OptionValue]
"""A metric's settings, defaults included."""


@dataclass(frozen=True, eq=False)
class MarkedMap:
    """A signed map and a mark in the image's original frame, with all that a metric may need to know of the two.

    ``values``, ``inside`` and what is derived from them raise ValueError where :attr:`no_map` or :attr:`no_mark`
    says that there is none: a metric is asked only where both are there.

    Attributes:
        saliency: (H, W), signed; 0 where the model did not see the image.
        mark: (H, W), true where the finding is marked.
        valid: (H, W), true where the model saw the image; all else is left out of account.
        spacing_mm: millimetres per pixel as (row, column), None where unknown.
        cell_px: height and width of the explainer's native cell in pixels of this frame, None where it has none.
        threshold: that was tuned for maps like this one, of the map scaled to 0 to 1; None where none was.

    Raises:
        ValueError: if the shapes differ.
    """

    saliency: FloatArray
    mark: BoolArray
    valid: BoolArray
    spacing_mm: tuple[float, float] | None = None
    cell_px: tuple[float, float] | None = None
    threshold: float | None = None

    def __post_init__(self) -> None:
        if not self.saliency.shape == self.mark.shape == self.valid.shape:
            raise ValueError(
                f"map of {self.saliency.shape}, mark of {self.mark.shape} and valid pixels of {self.valid.shape} "
                "do not match"
            )

    @cached_property
    def _values(self) -> FloatArray | Absent:
        return positive_part(self.saliency[self.valid])

    @cached_property
    def _inside(self) -> BoolArray | Absent:
        return markable(self.mark, self.valid)

    @property
    def no_map(self) -> Absent | None:
        """Why the map points nowhere; None where it points somewhere."""
        return self._values if isinstance(self._values, Absent) else None

    @property
    def no_mark(self) -> Absent | None:
        """Why no map can meet or miss the mark; None where one can."""
        return self._inside if isinstance(self._inside, Absent) else None

    @property
    def values(self) -> FloatArray:
        """(n,) the positive part of the map at each valid pixel, in row order."""
        if isinstance(self._values, Absent):
            raise _missing(self._values)
        return self._values

    @property
    def inside(self) -> BoolArray:
        """(n,) whether each valid pixel is marked, in row order."""
        if isinstance(self._inside, Absent):
            raise _missing(self._inside)
        return self._inside

    @cached_property
    def positive(self) -> FloatArray:
        """(H, W) the positive part of the map; 0 where the model did not see the image."""
        return self.spread(self.values)

    @property
    def mark_share(self) -> float:
        """The mark's share of what the model saw: the chance level of most metrics."""
        return float(self.inside.mean())

    def spread(self, values: FloatArray) -> FloatArray:
        """Numbers of the valid pixels back in the frame, (H, W), 0 elsewhere."""
        frame = np.zeros(self.valid.shape)
        frame[self.valid] = values
        return frame


def _missing(absent: Absent) -> ValueError:
    return ValueError(f"asked of a map or a mark that is not there: {absent.reason}")
