"""The parts of an image, and the masks without which some are not there."""

REGIONS: tuple[str, ...] = (
    "mark",
    "same-lung",
    "opposite-lung",
    "lungs",
    "border",
    "thorax",
    "body",
    "empty",
    "outside",
)
"""Disjoint parts of an image, in order of precedence.

Each is there as far as masks are: without lungs no lung region, without a thorax no `thorax`. `lungs` stands for both
lungs of an image on which left and right cannot be told apart, in the place of `same-lung` and `opposite-lung`. With a body, what is
left is `body` and `empty`; without one it is `outside`, and never both.
"""

ALL_BUT_MARK = "all-but-mark"
"""What is replaced to see how far the mark alone suffices; it overlaps the other regions."""

OWN_REGION = "region"
"""Stands in the catalog for each region that an audit file names itself; such regions come after the mark and before all others."""

STRUCTURES: dict[str, str] = {
    "same-lung": "lungs",
    "opposite-lung": "lungs",
    "lungs": "lungs",
    "thorax": "thorax",
    "body": "body",
    "empty": "body",
    "area-outside-lungs": "lungs",
}
"""Region, or kind of area: the structure without whose masks there is none."""

AREA_PLACES: dict[str, str] = {
    "outside-mark": "outside the mark; where lungs are known, the marked lung is left out too",
    "outside-lungs": "outside the mark and the lungs",
    "border": "in the border, the outer tenth of each side",
}
"""Kinds of places at which an area of the reliance map can lie, in words; a gate can name each, as ``reliance-area-<kind>``."""

AREA_METRICS = frozenset(f"reliance-area-{kind}" for kind in AREA_PLACES)
