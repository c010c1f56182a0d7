"""Groups of maps that lie at the same place, and what is known of each."""

from dataclasses import dataclass
from typing import Literal

from xaudit.records.interval import Interval

Confirmation = Literal["confirmed", "not confirmed", "cannot be told"]

ORGAN_FREE = ("border", "thorax", "body", "empty", "outside")
"""Regions that are no organ, no mark and no region that the audit file names."""

CLASS = "class"
"""Name under which the true class stands beside the attributes."""

ANSWER = "answer"
"""Name under which right and wrong answers stand beside the attributes."""


@dataclass(frozen=True, slots=True)
class StandingOut:
    """A level of an attribute that is more frequent in a group of maps than in the other maps.

    Attributes:
        share: of the group's patients, those with the level.
        share_of_rest: the same of the patients of the other maps.
        n_patients: patients of the group with the level.
        p: family-wise, over all levels of all attributes and all groups of the same maps.
    """

    attribute: str
    level: str
    share: float
    share_of_rest: float
    n_patients: int
    p: float


@dataclass(frozen=True, slots=True)
class MapCluster:
    """Maps that lie at the same place.

    Attributes:
        number: 1 for the group of most maps.
        silhouette: mean over its maps, -1 to 1.
        p: family-wise over the groups, against maps that vary around one place only.
        rows: mean map over the model's frame, row by row from the top; sums to 1.
        position: where the mean map is largest, in words.
        place: the region in which most of its maps have their strongest window; empty if no windows were measured.
        examples: up to three cases, the nearest to the group's mean first.
        cases: of all its maps.
        attributes: that stand out in it, the smallest p first.
        effect: fall of the probability when the window that holds most of each map is hidden, beyond the median window;
            mean over patients. None if not measured.
        n_patients_asked: patients behind the effect.
        confirmation: ``confirmed`` where the interval's lower end is above the margin, ``not confirmed`` where its upper end
            is below it.
        reason: why it cannot be told; empty otherwise.
    """

    number: int
    n_maps: int
    n_patients: int
    silhouette: float
    p: float
    rows: tuple[tuple[float, ...], ...]
    position: str
    place: str
    examples: tuple[str, ...]
    cases: tuple[str, ...]
    attributes: tuple[StandingOut, ...]
    effect: Interval | None
    n_patients_asked: int
    confirmation: Confirmation
    reason: str = ""

    @property
    def is_lead(self) -> bool:
        """True if it lies on no organ and no mark, or something other than the true class stands out in it."""
        return self.place in ORGAN_FREE or any(one.attribute != CLASS for one in self.attributes)


@dataclass(frozen=True, slots=True)
class SourceCluster:
    """A group with the model, the kind of map that it belongs to; see :class:`MapClusters`."""

    model_id: str
    source: str
    target: str
    group: MapCluster


@dataclass(frozen=True, slots=True)
class MapClusters:
    """The groups of one model's maps of one kind.

    Attributes:
        source: an explainer's id, or ``reliance map``.
        target: the class that the maps are about.
        n_maps: maps that point somewhere.
        n_patients: patients of those maps.
        n_nowhere: maps that point nowhere, which are in no group.
        n_compared: maps that were compared with each other, drawn by the seed where there are too many.
        cluster: ``patient``, or ``case`` where the data names no patients.
        margin: fall of the probability below which a place does not count.
        groups: those that are no chance, the largest first; the other maps are in none.
        reason: why no groups were looked for; empty if they were.
    """

    model_id: str
    source: str
    target: str
    n_maps: int
    n_patients: int
    n_nowhere: int
    n_compared: int
    cluster: str
    margin: float
    groups: tuple[MapCluster, ...] = ()
    reason: str = ""

    @property
    def source_clusters(self) -> tuple[SourceCluster, ...]:
        """Its groups, each with what it belongs to."""
        return tuple(SourceCluster(self.model_id, self.source, self.target, group) for group in self.groups)
