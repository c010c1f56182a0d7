"""A metric's result: its value, and the curve it was read from, where there is one."""

from dataclasses import dataclass

from xaudit.metrics.absent import Absent, Measured
from xaudit.records import FloatArray


@dataclass(frozen=True, eq=False)
class Curve:
    """The model's answer, or a correlation with it, over the share of the image that is replaced or shown.

    Attributes:
        share: (n,), rising, 0 to 1.
        value: (n,), finite.
    """

    share: FloatArray
    value: FloatArray


@dataclass(frozen=True, eq=False)
class Found:
    """A metric's value, or why there is none, and its curve."""

    value: Measured
    curve: Curve | None = None


def absent(reason: str) -> Found:
    """No value and no curve."""
    return Found(Absent(reason))
