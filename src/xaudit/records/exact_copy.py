"""An image whose file is also in another split."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExactCopy:
    """An image whose file is also in another split, byte for byte.

    Attributes:
        group: number of the file, from 1; images with the same number are copies of each other.
    """

    group: int
    case_id: str
    split: str
    label: str
