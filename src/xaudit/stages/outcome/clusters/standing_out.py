"""Levels of attributes that are more frequent in a group of maps than in the others, beyond chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xaudit.records import Attribute, BoolArray, IntArray, StandingOut
from xaudit.records.map_cluster import ANSWER, CLASS
from xaudit.seeds import generator_for
from xaudit.stages.outcome.clusters.placed_maps import PlacedMap
from xaudit.statistics.permuted_groups import Answers, group_test, permuted_statistics

LEVEL = 0.05
DRAWS = 999


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    attribute: str
    name: str
    inside: BoolArray
    known: BoolArray


def standing_out(
    maps: Sequence[PlacedMap],
    labels: IntArray,
    attributes: Mapping[str, Attribute],
    *,
    seed: int,
    draws: int = DRAWS,
) -> list[tuple[StandingOut, ...]]:
    """Return for each group the levels that stand out in it, the smallest p first.

    Patients exchange the groups of their maps; the family is all levels of all attributes, the true class and right and wrong
    answers, in all groups.

    Args:
        labels: group of each map from 0, -1 for maps of no group.
    """
    levels = _levels(maps, attributes)
    n_groups = int(labels.max(initial=-1)) + 1
    if not levels or not n_groups:
        return [()] * n_groups
    clusters = np.array([one.cluster for one in maps])
    answers = Answers(
        (labels[:, None] == np.arange(n_groups)).astype(np.float64),
        np.unique(clusters, return_inverse=True)[1],
        np.stack([one.inside for one in levels], axis=1),
        np.stack([one.known & ~one.inside for one in levels], axis=1),
    )
    statistics = permuted_statistics(
        answers, draws=draws, generator=generator_for(seed, "map clusters", "attributes")
    )
    adjusted = group_test([statistics]).adjusted.reshape(n_groups, len(levels))
    found = []
    for group in range(n_groups):
        own = [
            _record(level, labels == group, clusters, float(p))
            for level, p in zip(levels, adjusted[group], strict=True)
            if p <= LEVEL
        ]
        found.append(
            tuple(sorted(own, key=lambda one: (one.p, one.share_of_rest - one.share, one.attribute)))
        )
    return found


def _levels(maps: Sequence[PlacedMap], attributes: Mapping[str, Attribute]) -> list[_Level]:
    """Return the levels that some of the maps have and others do not."""
    values: dict[str, list[str | None]] = {
        CLASS: [one.label for one in maps],
        ANSWER: ["right" if one.correct else "wrong" for one in maps],
    }
    for attribute in attributes.values():
        values[attribute.name] = [attribute.by_case.get(one.case_id) for one in maps]
    levels = []
    for name, own in values.items():
        column = np.array(own, dtype=object)
        known = column != np.array(None)
        for level in sorted({value for value in own if value is not None}):
            inside = column == level
            if inside.any() and (known & ~inside).any():
                levels.append(_Level(name, level, inside, known))
    return levels


def _record(level: _Level, member: BoolArray, clusters: np.ndarray, p: float) -> StandingOut:
    def share(chosen: BoolArray) -> tuple[float, int]:
        known = set(clusters[chosen & level.known].tolist())
        having = set(clusters[chosen & level.inside].tolist())
        return len(having) / len(known) if known else 0.0, len(having)

    own, n_patients = share(member)
    return StandingOut(level.attribute, level.name, own, share(~member)[0], n_patients, p)
