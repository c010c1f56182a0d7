"""Groups of maps: a planted corner is found with its attribute, and reliance confirms it or not; one place is one group."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

import numpy as np
import pytest

from xaudit.config import StatisticsSection
from xaudit.metrics.reliance_map.windows import window_grid
from xaudit.records import Attribute, MapClusters, MapFacts, SaliencyMap, WindowEffects
from xaudit.stages.outcome.clusters.confirmation import window_fall
from xaudit.stages.outcome.clusters.map_clusters import MOST_MAPS, ClusterSettings, map_clusters
from xaudit.stages.outcome.clusters.placed_maps import MapPlacer
from xaudit.stages.outcome.read_outcome import map_clusters_of
from xaudit.store import RunFolder
from xaudit.store.tables import read_map_clusters, write_map_clusters

FRAME = (32, 32)
SETTINGS = ClusterSettings(StatisticsSection(replicates=200), 0)
Place = tuple[int, int]


def blob(place: Place) -> np.ndarray:
    """A map of 4 × 4 px at a place."""
    values = np.zeros(FRAME, dtype=np.float32)
    y, x = place
    values[y : y + 4, x : x + 4] = 1.0
    return values


def effects_of(case: str, place: Place | None, drop: float) -> list[WindowEffects]:
    """Effects on one image, on which windows lose what they cover of 4 × 4 px."""
    found = []
    for scale in (0.125, 0.25):
        grid = window_grid(FRAME, scale, 0.5)
        part = blob(place).astype(bool) if place else np.zeros(FRAME, dtype=bool)
        covered = grid.shares(part) * grid.height * grid.width / 16
        values, none = (drop * covered).astype(np.float32), np.zeros(grid.shape, dtype=np.float32)
        found.append(
            WindowEffects(
                case, f"patient {case}", "net", "cancer", "cancer", "cancer", "hide", "blur", scale, 0.5, FRAME,
                0.9, 2.2, values, values, none, ("lungs",) * grid.n_windows,
            )
        )  # fmt: skip
    return found


def scattered(n: int, *, seed: int) -> list[Place]:
    generator = np.random.default_rng(seed)
    return [(int(y), int(x)) for y, x in generator.integers(10, 24, (n, 2))]


def found_in(
    places: Mapping[str, Place | None],
    effects: Sequence[WindowEffects] = (),
    attributes: Mapping[str, Attribute] | None = None,
) -> MapClusters:
    """Groups of the maps of one explainer, which points where it is said for each case."""
    maps, facts = [], []
    for case, place in places.items():
        values = np.zeros(FRAME, dtype=np.float32) if place is None else blob(place)
        maps.append(SaliencyMap(case, "net", "grad", "", "cancer", values, 0, 0, 0.0))
        facts.append(MapFacts(case, f"patient {case}", "net", "grad", "", "cancer", "cancer", "cancer"))
    placer = MapPlacer(effects, facts, {"grad": True})
    (found,) = map_clusters(placer.explainer_maps(maps), placer.windows, {"net": attributes or {}}, SETTINGS)
    return found


def corner_and_scattered(n: int = 24) -> dict[str, Place | None]:
    """Every second patient's map in the upper right corner, the others' over the middle."""
    return {
        f"c{index:02}": (0, 28) if index % 2 else place for index, place in enumerate(scattered(n, seed=3))
    }


def scanner(cases: Sequence[str]) -> Attribute:
    """The patients of the corner were scanned on scanner B, the others on A."""
    levels = {case: "B" if int(case[1:]) % 2 else "A" for case in cases}
    return Attribute("scanner", "table", ("A", "B"), False, levels)


def test_a_corner_in_half_of_the_patients_is_found_with_its_attribute_and_confirmed() -> None:
    places = corner_and_scattered()
    effects = [one for case, place in places.items() for one in effects_of(case, place, 0.4)]
    found = found_in(places, effects, {"scanner": scanner(list(places))})
    corner = next(group for group in found.groups if group.position == "upper right corner")
    assert corner.cases == tuple(case for case in places if int(case[1:]) % 2)
    assert (corner.n_maps, corner.n_patients, corner.place) == (12, 12, "lungs")
    (named,) = corner.attributes
    assert (named.attribute, named.level, named.share, named.share_of_rest) == ("scanner", "B", 1.0, 0.0)
    assert (named.n_patients, named.p) == (12, 0.001)
    # The largest window at the corner covers the 4 × 4 px whole, the median window none of it.
    assert corner.effect is not None
    assert corner.effect.estimate == pytest.approx(0.4)
    assert (corner.confirmation, corner.is_lead) == ("confirmed", True)


def test_a_corner_that_the_model_does_not_use_is_not_confirmed() -> None:
    places = corner_and_scattered()
    effects = [one for case in places for one in effects_of(case, (16, 16), 0.4)]
    corner = next(one for one in found_in(places, effects).groups if one.position == "upper right corner")
    assert corner.effect is not None
    assert corner.effect.estimate == pytest.approx(0)
    assert corner.confirmation == "not confirmed"


def test_without_reliance_nothing_can_be_told_and_a_corner_is_a_lead() -> None:
    corner = next(one for one in found_in(corner_and_scattered()).groups if "corner" in one.position)
    assert (corner.effect, corner.confirmation, corner.place) == (None, "cannot be told", "border")
    assert corner.reason == "this run measured no reliance on these images"
    assert corner.is_lead


def test_a_group_on_an_organ_in_which_nothing_stands_out_is_no_lead() -> None:
    places = corner_and_scattered()
    effects = [one for case, place in places.items() for one in effects_of(case, place, 0.4)]
    assert not any(group.is_lead for group in found_in(places, effects).groups)


def test_maps_around_one_place_are_one_group_in_19_of_20_draws() -> None:
    n_divided = 0
    for seed in range(20):
        places = {f"c{index:02}": place for index, place in enumerate(scattered(24, seed=seed))}
        n_divided += bool(found_in(places).groups)
    assert n_divided <= 1


def test_maps_that_point_nowhere_are_counted_and_few_maps_are_not_divided() -> None:
    places: dict[str, Place | None] = {f"c{index}": (0, 0) for index in range(9)}
    found = found_in(places | {"d0": None, "d1": None})
    assert (found.n_maps, found.n_nowhere, found.groups) == (9, 2, ())
    assert found.reason == "9 maps point somewhere, and fewer than 10 are not divided"


def test_order_of_the_cases_changes_nothing() -> None:
    places = corner_and_scattered()
    backwards = dict(reversed(places.items()))
    assert found_in(places).groups
    assert found_in(places) == found_in(backwards)


def test_reliance_maps_below_the_margin_point_nowhere() -> None:
    effects = [one for index in range(12) for one in effects_of(f"c{index:02}", (0, 0), 0.5)]
    effects += [one for index in range(3) for one in effects_of(f"d{index:02}", (0, 0), 0.005)]
    placer = MapPlacer(effects, [], {})
    (found,) = map_clusters(placer.reliance_maps(), placer.windows, {}, SETTINGS)
    assert (found.source, found.n_maps, found.n_nowhere, found.groups) == ("reliance map", 12, 3, ())


def test_of_many_maps_some_are_drawn() -> None:
    places = {f"c{index:03}": place for index, place in enumerate(scattered(MOST_MAPS + 20, seed=0))}
    found = found_in(places)
    assert (found.n_maps, found.n_compared) == (MOST_MAPS + 20, MOST_MAPS)


def test_the_fall_of_a_window_by_hand() -> None:
    """The corner window of the larger scale covers the place whole: .4; the median window nothing: 0."""
    effects = effects_of("a", (0, 28), 0.4)
    last_of_first_row = window_grid(FRAME, 0.25, 0.5).shape[1] - 1
    assert window_fall(effects, last_of_first_row) == pytest.approx(0.4)
    assert window_fall(effects, 0) == pytest.approx(0)
    assert window_fall((), 0) is None


def test_groups_come_back_from_the_table_and_from_json(tmp_path) -> None:
    places = corner_and_scattered()
    effects = [one for case, place in places.items() for one in effects_of(case, place, 0.4)]
    found = found_in(places, effects, {"scanner": scanner(list(places))})
    assert map_clusters_of(json.loads(json.dumps(asdict(found)))) == found
    run = RunFolder.create(
        tmp_path, name="x", config_hash="0123456789abcdef", now=datetime(2026, 1, 2, tzinfo=UTC)
    )
    write_map_clusters(run, found.source_clusters)
    assert read_map_clusters(run) == found.source_clusters
