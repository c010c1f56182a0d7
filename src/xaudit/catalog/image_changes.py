"""Properties of a whole image, and the small steps in which the audit changes them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal["level", "contrast", "blur", "sharpen", "noise", "jpeg", "resolution"]


@dataclass(frozen=True, slots=True)
class ImageChangeRow:
    """A step that changes one property of the whole image.

    Attributes:
        property: the property that it changes, a key of :data:`IMAGE_PROPERTIES`.
        kind: the operation.
        amount: its size, in the unit that ``meaning`` names.
        direction: 1 if the step gives more of the property, -1 if it gives less.
        meaning: the step in words, with its unit.
    """

    id: str
    property: str
    kind: Kind
    amount: float
    direction: Literal[-1, 1]
    meaning: str


IMAGE_PROPERTIES: Mapping[str, str] = MappingProxyType(
    {
        "brightness": "mean grey value of the image",
        "contrast": "spread of the grey values about their mean",
        "sharpness": "strength of edges and fine detail",
        "noise": "random grain",
        "compression": "loss of detail by JPEG compression",
        "resolution": "finest detail that the image can hold",
    }
)
"""The properties that are changed, each with its meaning, in report order."""

IMAGE_CHANGES: Mapping[str, ImageChangeRow] = MappingProxyType(
    {
        row.id: row
        for row in (
            ImageChangeRow("darker-10", "brightness", "level", -0.10, -1, "10 % of the range darker"),
            ImageChangeRow("darker-5", "brightness", "level", -0.05, -1, "5 % of the range darker"),
            ImageChangeRow("brighter-5", "brightness", "level", 0.05, 1, "5 % of the range brighter"),
            ImageChangeRow("brighter-10", "brightness", "level", 0.10, 1, "10 % of the range brighter"),
            ImageChangeRow("contrast-0.8", "contrast", "contrast", 0.8, -1, "contrast times 0.8"),
            ImageChangeRow("contrast-1.25", "contrast", "contrast", 1.25, 1, "contrast times 1.25"),
            ImageChangeRow("blur-1", "sharpness", "blur", 1.0, -1, "blurred by 1 px"),
            ImageChangeRow("blur-0.5", "sharpness", "blur", 0.5, -1, "blurred by 0.5 px"),
            ImageChangeRow(
                "sharpen-50", "sharpness", "sharpen", 0.5, 1, "sharpened by an unsharp mask of 50 %"
            ),
            ImageChangeRow(
                "sharpen-100", "sharpness", "sharpen", 1.0, 1, "sharpened by an unsharp mask of 100 %"
            ),
            ImageChangeRow("noise-1", "noise", "noise", 0.01, 1, "noise of 1 % of the range added"),
            ImageChangeRow("noise-2", "noise", "noise", 0.02, 1, "noise of 2 % of the range added"),
            ImageChangeRow("jpeg-75", "compression", "jpeg", 75, 1, "saved as JPEG of quality 75"),
            ImageChangeRow("jpeg-50", "compression", "jpeg", 50, 1, "saved as JPEG of quality 50"),
            ImageChangeRow(
                "resolution-0.5",
                "resolution",
                "resolution",
                0.5,
                -1,
                "shrunk to 1/2 of its side and enlarged again",
            ),
            ImageChangeRow(
                "resolution-0.75",
                "resolution",
                "resolution",
                0.75,
                -1,
                "shrunk to 3/4 of its side and enlarged again",
            ),
        )
    }
)
"""By id, from the least to the most of each property."""

DEFAULT_IMAGE_CHANGES = (
    *("darker-10", "brighter-10", "contrast-0.8", "contrast-1.25", "blur-1", "sharpen-100"),
    *("noise-2", "jpeg-50", "resolution-0.5"),
)
"""The largest step of each property in each direction: a case costs 10 forwards, or 17 where a finding is marked."""

IMAGE_MARGIN = 0.1
"""Change of the target's probability, from one end of a property to the other, below which the property does not matter."""


def ends(name: str, asked: Collection[str]) -> tuple[str | None, str | None]:
    """Return the steps that give the least and the most of a property; None stands for the untouched image.

    Args:
        asked: ids of the steps that were asked about.

    Example:
        >>> ends("brightness", ("darker-5", "darker-10", "brighter-5")), ends("noise", ("noise-1", "noise-2"))
        (('darker-10', 'brighter-5'), (None, 'noise-2'))
    """
    steps = [row for row in IMAGE_CHANGES.values() if row.property == name and row.id in asked]
    less = [row.id for row in steps if row.direction < 0]
    more = [row.id for row in steps if row.direction > 0]
    return (less[0] if less else None, more[-1] if more else None)
