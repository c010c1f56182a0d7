"""A mask that could not be made, told apart from an empty one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a segmentation's result is not believed, in words a person can act on."""

    reason: str
