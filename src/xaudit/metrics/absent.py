"""A number that does not exist, told apart from every number that does."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Absent:
    """Why a metric has no value here, in words a person can act on."""

    reason: str


Measured = float | Absent
"""A metric's value, or why there is none; never NaN, an infinity or a stand-in zero."""
