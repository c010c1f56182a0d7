"""Groups of maps that lie at the same place, for each model and kind of map: leads, which reliance confirms or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xaudit.catalog import MARGIN
from xaudit.config import StatisticsSection
from xaudit.counts import counted
from xaudit.metrics.reliance_map.small_maps import RESOLUTION, SIDE, peak_in_words, place_coordinates
from xaudit.records import Attribute, FloatArray, IntArray, MapCluster, MapClusters, WindowEffects
from xaudit.seeds import generator_for, seed_for
from xaudit.stages.outcome.clusters.confirmation import confirmed_by_reliance
from xaudit.stages.outcome.clusters.placed_maps import Key, PlacedMap, PlacedMaps
from xaudit.stages.outcome.clusters.standing_out import standing_out
from xaudit.statistics.bootstrap import ClusterBootstrap
from xaudit.statistics.spectral_groups import groups_beyond_chance

LEAST_MAPS = 10
"""Fewer maps that point somewhere are not divided."""

MOST_MAPS = 300
"""Of more maps so many are drawn, by patient: time and memory grow with their square."""

_EXAMPLES = 3
_BORDER_CELLS = 2
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """The seed and the intervals of a run."""

    statistics: StatisticsSection
    seed: int


def map_clusters(
    placed: Mapping[Key, PlacedMaps],
    windows: Mapping[tuple[str, str, str], Sequence[WindowEffects]],
    attributes: Mapping[str, Mapping[str, Attribute]],
    settings: ClusterSettings,
) -> tuple[MapClusters, ...]:
    """Divide the maps of each model, kind and target into groups.

    Args:
        windows: hidden windows by model, case and target.
        attributes: of each model's images, by model and name.
    """
    results = []
    for key, maps in placed.items():
        model_id, _, target = key
        own = {
            case: found for (model, case, to), found in windows.items() if (model, to) == (model_id, target)
        }
        results.append(_clusters(key, maps, own, attributes.get(model_id, {}), settings))
    return tuple(results)


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """Material about the images of one model, beside its maps.

    Attributes:
        windows: hidden windows by case.
        unit: ``patient``, or ``image`` where the data names no patients.
    """

    windows: Mapping[str, Sequence[WindowEffects]]
    attributes: Mapping[str, Attribute]
    unit: str
    bootstrap: ClusterBootstrap
    seed: int


def _clusters(
    key: Key,
    placed: PlacedMaps,
    windows: Mapping[str, Sequence[WindowEffects]],
    attributes: Mapping[str, Attribute],
    settings: ClusterSettings,
) -> MapClusters:
    seed = seed_for(settings.seed, "map clusters", *key)
    maps = _drawn(sorted(placed.maps, key=lambda one: one.case_id), seed)
    groups: tuple[MapCluster, ...] = ()
    reason = ""
    if len(maps) < LEAST_MAPS:
        verb = "points" if len(maps) == 1 else "point"
        reason = f"{counted(len(maps), 'map')} {verb} somewhere, and fewer than {LEAST_MAPS} are not divided"
    else:
        intervals = settings.statistics
        bootstrap = ClusterBootstrap(
            replicates=intervals.replicates, confidence=intervals.confidence, seed=seed
        )
        unit = "patient" if placed.patients_known else "image"
        groups = _groups(maps, _Known(windows, attributes, unit, bootstrap, seed))
    return MapClusters(
        *key,
        n_maps=len(placed.maps),
        n_patients=len({one.cluster for one in placed.maps}),
        n_nowhere=placed.n_nowhere,
        n_compared=len(maps),
        cluster="patient" if placed.patients_known else "case",
        margin=MARGIN,
        groups=groups,
        reason=reason,
    )


def _groups(maps: Sequence[PlacedMap], known: _Known) -> tuple[MapCluster, ...]:
    patients = np.unique([one.cluster for one in maps], return_inverse=True)[1]
    points = place_coordinates(np.stack([one.small for one in maps]))
    divided = groups_beyond_chance(points, patients, resolution=RESOLUTION, seed=known.seed)
    outstanding = standing_out(maps, divided.labels, known.attributes, seed=known.seed)
    groups = []
    for number, attributes in enumerate(outstanding):
        own = [one for one, label in zip(maps, divided.labels.tolist(), strict=True) if label == number]
        effect, n_asked, confirmation, reason = confirmed_by_reliance(
            own, known.windows, known.bootstrap, unit=known.unit
        )
        mean = np.mean([one.small for one in own], axis=0)
        groups.append(
            MapCluster(
                number=number + 1,
                n_maps=len(own),
                n_patients=len({one.cluster for one in own}),
                silhouette=divided.silhouettes[number],
                p=divided.p[number],
                rows=tuple(tuple(round(value, _DIGITS) for value in row) for row in mean.tolist()),
                position=peak_in_words(mean),
                place=_place(own, mean),
                examples=_examples(own),
                cases=tuple(one.case_id for one in own),
                attributes=attributes,
                effect=effect,
                n_patients_asked=n_asked,
                confirmation=confirmation,
                reason=reason,
            )
        )
    return tuple(groups)


def _drawn(maps: Sequence[PlacedMap], seed: int) -> list[PlacedMap]:
    """Draw patients until there are enough maps, and keep the order; all maps where there are no more."""
    if len(maps) <= MOST_MAPS:
        return list(maps)
    names = sorted({one.cluster for one in maps})
    order = generator_for(seed, "map clusters", "drawn").permutation(len(names))
    rank = {names[place]: number for number, place in enumerate(order.tolist())}
    chosen = sorted(maps, key=lambda one: (rank[one.cluster], one.case_id))[:MOST_MAPS]
    return sorted(chosen, key=lambda one: one.case_id)


def _place(maps: Sequence[PlacedMap], mean: FloatArray) -> str:
    """Name the region of most maps; without windows only the border is known, by the mean map."""
    names = [one.place for one in maps if one.place]
    if names:
        return max(sorted(set(names)), key=names.count)
    inner = mean[_BORDER_CELLS : SIDE - _BORDER_CELLS, _BORDER_CELLS : SIDE - _BORDER_CELLS]
    return "border" if float(inner.sum()) < 0.5 else ""


def _examples(maps: Sequence[PlacedMap]) -> tuple[str, ...]:
    """Return the cases whose maps are nearest to the mean, of different patients."""
    points = place_coordinates(np.stack([one.small for one in maps]))
    distances = np.round(np.linalg.norm(points - points.mean(axis=0), axis=1), 9)
    order: IntArray = np.argsort(distances, kind="stable")
    chosen: dict[str, str] = {}
    for index in order.tolist():
        chosen.setdefault(maps[index].cluster, maps[index].case_id)
    return tuple(list(chosen.values())[:_EXAMPLES])
