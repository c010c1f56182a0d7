"""The refusal of a segmentation, as opposed to an empty mask."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refused:
    """The reason why a segmentation's result is not trusted, in words a user can act on."""

    reason: str
