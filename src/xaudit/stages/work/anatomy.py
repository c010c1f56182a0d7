"""The anatomy of a data set, case by case: its masks, and whether they can be right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from xaudit.geometry import union
from xaudit.metrics.lungs import lungs_by_shape
from xaudit.records import BoolArray, Case, FloatArray, Surroundings

if TYPE_CHECKING:
    from xaudit.cases.dataset import Dataset

STRUCTURES = ("lungs", "thorax", "body")


@dataclass(frozen=True, eq=False)
class CaseAnatomy:
    """A case with its masks, all (H, W) of the original frame.

    Attributes:
        mark: what any reader marked; empty where nobody marked anything.
    """

    case: Case
    pixels: FloatArray
    surroundings: Surroundings
    mark: BoolArray

    @property
    def masks(self) -> dict[str, BoolArray]:
        """Structure: its mask, for those that are known."""
        named = {name: getattr(self.surroundings, name) for name in STRUCTURES} | dict(self.surroundings.own)
        return {name: mask for name, mask in named.items() if mask is not None}

    @property
    def named_lungs(self) -> dict[str, BoolArray]:
        """The left and the right lung by the masks' own names or numbers; empty where these do not tell."""
        around = self.surroundings
        if around.left_lung is None or around.right_lung is None:
            return {}
        return {"left-lung": around.left_lung, "right-lung": around.right_lung}

    @cached_property
    def sides(self) -> str:
        """Say how left and right are told apart: ``named``, ``by shape``, ``one lung``, ``not told``; empty without lungs."""
        lungs = self.surroundings.lungs
        if lungs is None or not lungs.any():
            return ""
        if self.named_lungs:
            return "named"
        return ("not told", "one lung", "by shape")[len(lungs_by_shape(lungs).each)]

    def area(self, structure: str) -> float | None:
        """A structure's share of the image; None where it is not known."""
        mask = self.masks.get(structure)
        return None if mask is None else float(mask.mean())

    @property
    def mark_in_lungs(self) -> float | None:
        """Share of the mark that the lungs hold; None without a mark or without lungs."""
        lungs = self.surroundings.lungs
        return None if lungs is None or not self.mark.any() else float(lungs[self.mark].mean())

    @property
    def problems(self) -> tuple[str, ...]:
        """List what is missing, and what cannot be right."""
        found = list(self.surroundings.unknown.values())
        lungs, thorax, body = (self.masks.get(name) for name in STRUCTURES)
        for inner, outer, words, whole in (
            (lungs, body, "the lungs reach out of the body", "them"),
            (lungs, thorax, "the lungs reach out of the thorax", "them"),
            (thorax, body, "the thorax reaches out of the body", "it"),
        ):
            if inner is not None and outer is not None and inner.any():
                share = float((inner & ~outer).sum() / inner.sum())
                if share > OUTSIDE_TOLERATED:
                    found.append(f"{words}: {share:.0%} of {whole}")
        if self.mark.any() and self.mark_in_lungs == 0:
            found.append("no marked pixel lies in a lung")
        if self.sides == "not told":
            found.append("left and right lung cannot be told apart; name them under data.regions.lungs")
        return tuple(found)


OUTSIDE_TOLERATED = 0.05
"""Share of an inner structure that may lie outside the one around it before it is called a problem."""


def case_anatomies(dataset: "Dataset", *, limit: int | None = None) -> Iterator[CaseAnatomy]:
    """The anatomy of a data set's cases one by one, of at most ``limit`` spread evenly over their ids."""
    for case in spread(dataset.cases, limit):
        marks = list(dataset.reader_masks(case).values())
        yield CaseAnatomy(
            case, dataset.pixels(case), dataset.surroundings(case), union(marks, (case.height, case.width))
        )


def spread(cases: Sequence[Case], limit: int | None) -> Sequence[Case]:
    """At most ``limit`` of the cases at even steps, the first among them."""
    if limit is None or limit >= len(cases):
        return cases
    return [cases[index * len(cases) // limit] for index in range(limit)]
