"""The stored maps of a run as small maps of the model's frame, by model, kind of map and target."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from xaudit.catalog import MARGIN
from xaudit.metrics.reliance_map.case_map import case_reliance
from xaudit.metrics.reliance_map.small_maps import small_map, strongest_window, window_region
from xaudit.records import FloatArray, MapFacts, SaliencyMap, WindowEffects

RELIANCE = "reliance map"
"""Name of the reliance maps beside those of the explainers; no explainer can be called so."""

Key = tuple[str, str, str]
"""Model, kind of map, and target."""


@dataclass(frozen=True, slots=True, eq=False)
class PlacedMap:
    """A map that points somewhere.

    Attributes:
        small: on the cells of a small map.
        window: number of the largest windows that holds most of the map, row by row; None if no windows were measured.
        place: region of the smallest window that holds most of the map; empty if no windows were measured.
    """

    case_id: str
    cluster: str
    label: str
    correct: bool
    small: FloatArray
    window: int | None
    place: str


@dataclass(slots=True)
class PlacedMaps:
    """The maps of one key.

    Attributes:
        patients_known: True if the data names the patient of every map.
        n_nowhere: maps without a positive part; reliance maps of images on which no place matters.
    """

    maps: list[PlacedMap] = field(default_factory=list)
    patients_known: bool = True
    n_nowhere: int = 0


class MapPlacer:
    """Makes small maps of the maps of all models, one at a time.

    Args:
        effects: windows that were hidden, on the images of every model.
        facts: of every explainer's map.
        signed: by explainer; negative values of other explainers count by their magnitude.
    """

    def __init__(
        self, effects: Sequence[WindowEffects], facts: Sequence[MapFacts], signed: Mapping[str, bool]
    ) -> None:
        self._signed = signed
        self._facts = {(one.model_id, one.explainer_id, one.case_id): one for one in facts}
        self._windows: dict[tuple[str, str, str], list[WindowEffects]] = {}
        for one in effects:
            if one.question == "hide" and not np.isnan(one.probability_drop).all():
                self._windows.setdefault((one.model_id, one.case_id, one.target), []).append(one)

    @property
    def windows(self) -> Mapping[tuple[str, str, str], Sequence[WindowEffects]]:
        """The hidden windows by model, case and target."""
        return self._windows

    def reliance_maps(self) -> dict[Key, PlacedMaps]:
        """Return the reliance maps of all images."""
        placed: dict[Key, PlacedMaps] = {}
        for (model_id, _, target), own in sorted(self._windows.items()):
            group = placed.setdefault((model_id, RELIANCE, target), PlacedMaps())
            values = case_reliance(own).values
            about = own[0]
            self._add(
                group,
                _About(model_id, about.case_id, about.patient_id, target, about.label, about.predicted),
                values if float(values.max()) >= MARGIN else np.zeros_like(values),
            )
        return placed

    def explainer_maps(self, maps: Iterable[SaliencyMap]) -> dict[Key, PlacedMaps]:
        """Return the maps of the explainers that are named in ``signed``."""
        placed: dict[Key, PlacedMaps] = {}
        for one in maps:
            fact = self._facts.get((one.model_id, one.explainer_id, one.case_id))
            if one.explainer_id not in self._signed or fact is None:
                continue
            group = placed.setdefault((one.model_id, one.explainer_id, one.target), PlacedMaps())
            values = one.values if self._signed[one.explainer_id] else np.abs(one.values)
            about = _About(one.model_id, one.case_id, fact.patient_id, one.target, fact.label, fact.predicted)
            self._add(group, about, values)
        for group in placed.values():
            group.maps.sort(key=lambda one: one.case_id)
        return dict(sorted(placed.items()))

    def _add(self, group: PlacedMaps, about: "_About", values: FloatArray) -> None:
        key = (about.model_id, about.case_id, about.target)
        small = small_map(values)
        group.patients_known &= about.patient_id is not None
        if small is None:
            group.n_nowhere += 1
            return
        window, place = _strongest(values, self._windows.get(key, ()))
        group.maps.append(
            PlacedMap(
                about.case_id,
                about.patient_id or about.case_id,
                about.label,
                about.predicted == about.label,
                small,
                window,
                place,
            )
        )


@dataclass(frozen=True, slots=True)
class _About:
    """The image and the answer of a map."""

    model_id: str
    case_id: str
    patient_id: str | None
    target: str
    label: str
    predicted: str


def _strongest(values: FloatArray, effects: Sequence[WindowEffects]) -> tuple[int | None, str]:
    """Return the largest window and the region of the smallest window that hold most of a map."""
    if not effects:
        return None, ""
    finest = min(effects, key=lambda one: one.scale)
    largest = max(effects, key=lambda one: one.scale)
    return strongest_window(values, largest), window_region(finest, strongest_window(values, finest))
