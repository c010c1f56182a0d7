"""The reliance map at a plant: the window of each image that hides it, and the area that all patients show there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xaudit.config import StatisticsSection
from xaudit.metrics.reliance_map.frames import LUNGS, CaseWindows, Windows
from xaudit.records import Area, Interval, MapTest, PlantOnMap, WindowEffects
from xaudit.seeds import seed_for
from xaudit.stages.calibration.case_effects import CaseEffects
from xaudit.stages.calibration.judging import PlantedPlace, areas_at_plant
from xaudit.stages.calibration.planted_model import PlantedModel
from xaudit.stages.outcome.dependence.map_areas import mean_over_patients
from xaudit.stages.outcome.dependence.map_population import Population, populations
from xaudit.stages.outcome.dependence.map_tests import map_tests
from xaudit.statistics.bootstrap import ClusterBootstrap

_NEAR = 0.01
"""Windows whose effect on the plant's own answer is that near to the largest hide the plant as well as any."""


@dataclass(frozen=True, slots=True)
class PlantWindow:
    """The smallest window that hides the plant of one image as well as any does, by the plant's own answer.

    Attributes:
        index: in the order of :class:`xaudit.metrics.reliance_map.frames.Windows`.
        fall: of the plant's own answer.
    """

    index: int
    fall: float


class PlantMaps:
    """The reliance maps of a planted model, read at the plant.

    Args:
        sure: effects of the plant alone: those of a share of 1. The model has no part in the choice of windows, so the effect
            there is not the largest of many.
    """

    def __init__(self, planted: PlantedModel, sure: Mapping[str, CaseEffects], place: PlantedPlace) -> None:
        self._planted, self._place = planted, place
        self._bootstrap = _bootstrap(planted.audit.statistics, planted.audit.seed)
        windows = _windows(sure)
        self._sure = {
            (one.question, case.case_id): case for one in populations(windows) for case in one.cases
        }
        shown = [case for case in _hidden(windows, planted.positive).cases if case.case_id in planted.shows]
        self._chosen = {
            marked: {case.case_id: _hiding(case, marked=marked) for case in shown} for marked in (True, False)
        }

    def with_windows(self, effects: Mapping[str, CaseEffects]) -> dict[str, CaseEffects]:
        """Return the effects with the number of the window that hides the plant of each image."""
        chosen = self._chosen[True]
        return {
            name: replace(one, plant_window=chosen[name].index if name in chosen else None)
            for name, one in effects.items()
        }

    def read(
        self, effects: Mapping[str, CaseEffects], tests: Sequence[MapTest], share: float, truth: float
    ) -> list[PlantOnMap]:
        """Return what the maps of one share of the answer show at the plant, with the readers' marks and without them.

        Args:
            tests: of the maps with marks.
        """
        audit, windows = self._planted.audit, _windows(effects)
        bare = _without_marks(windows)
        bare_tests = map_tests(bare, settings=audit.statistics, seed=audit.seed)
        ways = ((True, windows, tests), (False, bare, bare_tests))
        rows = []
        for copied in (False, True):
            if copied and not any(one.question == "transplant" for one in windows):
                break
            for marked, own, tests_of in ways:
                row = PlantOnMap(self._planted.model_id, self._planted.id, share, marked, None, None, None)
                row = self._with_area(row, populations(own), tests_of, copied=copied)
                if not copied:
                    row = self._with_effect(replace(row, truth=truth), own)
                rows.append(row)
        return rows

    def _with_effect(self, row: PlantOnMap, windows: Sequence[WindowEffects]) -> PlantOnMap:
        """Add the effect of the window of each image that hides the plant."""
        chosen, population = self._chosen[row.marked], _hidden(windows, self._planted.positive)
        effect = _in_windows(population, {name: one.index for name, one in chosen.items()}, self._bootstrap)
        return replace(row, effect=effect, hidden=float(np.mean([one.fall for one in chosen.values()])))

    def _with_area(
        self,
        row: PlantOnMap,
        asked: Sequence[Population],
        tests: Sequence[MapTest],
        *,
        copied: bool,
    ) -> PlantOnMap:
        """Add the largest area at the plant."""
        row = replace(row, question="transplant" if copied else "hide")
        areas = areas_at_plant(tests, self._place, copied=copied)
        if not areas:
            return row
        test, area = areas[0]
        (population,) = (
            one
            for one in asked
            if (one.question, one.images, one.target) == (test.question, test.images, test.target)
        )
        return replace(
            row,
            area=area.effect,
            position=area.position,
            patients=area.share_of_patients,
            n_areas=len(areas),
            held=self._held(population, test, area),
        )

    def _held(self, population: Population, test: MapTest, area: Area) -> float:
        """Return the change of the plant's own answer in the area's peak window, over the patients whose window counts."""
        peak, sign = _number_of(population.windows, area), 1.0 if test.direction == "for" else -1.0
        by_patient: dict[str, list[float]] = {}
        for case in population.cases:
            if _counts(case, peak, test.scope):
                by_patient.setdefault(case.cluster, []).append(
                    _fall(self._sure[test.question, case.case_id], peak, sign)
                )
        return float(np.mean([np.mean(falls) for falls in by_patient.values()]))


def effect_in_windows(
    cases: Sequence[CaseEffects], positive: str, *, settings: StatisticsSection, seed: int
) -> Interval:
    """Return how far hiding the plant of each image lowers the answer, the mean over patients with positive images.

    An image that does not show the plant has no effect of it.
    """
    at: dict[str, int] = {}
    for case in cases:
        if case.plant_window is not None and case.windows:
            at[case.windows[0].case_id] = case.plant_window
    windows = [one for case in cases for one in case.windows]
    return _in_windows(_hidden(windows, positive), at, _bootstrap(settings, seed))


def _in_windows(population: Population, at: Mapping[str, int], bootstrap: ClusterBootstrap) -> Interval:
    by_patient: dict[str, list[float]] = {}
    for case in population.cases:
        window = at.get(case.case_id)
        by_patient.setdefault(case.cluster, []).append(0.0 if window is None else _fall(case, window))
    means = np.array([np.mean(drops) for drops in by_patient.values()])
    return mean_over_patients(means, list(by_patient), bootstrap)


def _bootstrap(settings: StatisticsSection, seed: int) -> ClusterBootstrap:
    return ClusterBootstrap(
        replicates=settings.replicates, confidence=settings.confidence, seed=seed_for(seed, "areas")
    )


def _hidden(windows: Sequence[WindowEffects], positive: str) -> Population:
    return populations([one for one in windows if (one.label, one.question) == (positive, "hide")])[0]


def _windows(effects: Mapping[str, CaseEffects]) -> list[WindowEffects]:
    return [one for case in effects.values() for one in case.windows]


def _fall(case: CaseWindows, window: int, sign: float = 1.0) -> float:
    """Return the fall of the probability in a window, the mean over in-fills or donors; a rise counts as none.

    Args:
        sign: -1 for the rise, of which a fall counts as none.
    """
    return max(0.0, sign * float(np.nanmean(case.drops[:, 0, window])))


def _hiding(case: CaseWindows, *, marked: bool) -> PlantWindow:
    """Choose the window; one that touches a mark only if all do, or if no reader had marked anything."""
    falls, off = case.drops[:, 0].mean(axis=0), case.mark_share == 0
    if marked and off.any():
        falls = np.where(off, falls, -np.inf)
    # Smaller windows stand first.
    index = int(np.argmax(falls >= falls.max() - _NEAR))
    return PlantWindow(index, float(falls[index]))


def _counts(case: CaseWindows, window: int, scope: str) -> bool:
    """Return True if a window of an image counts in a test of that scope."""
    if scope != "all" and case.mark_share[window] > 0:
        return False
    return scope != "elsewhere" or case.place[window] != "same-lung"


def _number_of(windows: Windows, area: Area) -> int:
    return int(np.argmin(np.abs(windows.boxes - np.array(area.peak)).sum(axis=1)))


def _without_marks(effects: Sequence[WindowEffects]) -> list[WindowEffects]:
    """Return the same effects as if no reader had marked anything."""
    lungs_known = any(place in LUNGS for one in effects for place in one.place)
    names = {"mark": "lungs" if lungs_known else "outside", **dict.fromkeys(LUNGS, "lungs")}
    return [
        replace(
            one,
            mark_share=np.zeros_like(one.mark_share),
            place=tuple(names.get(place, place) for place in one.place),
        )
        for one in effects
    ]
