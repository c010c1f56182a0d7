"""The family-wise tests of the reliance map: for each model and true class, which windows stand out, and the areas they form."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from xaudit.config import StatisticsSection
from xaudit.metrics.reliance_map.frames import (
    ANSWERS,
    FRAMES,
    LUNGS,
    CaseWindows,
    cell_means,
    cells_of,
    common_frame,
)
from xaudit.records import Area, BoolArray, FloatArray, Interval, MapTest, WindowEffects
from xaudit.seeds import seed_for
from xaudit.stages.outcome.dependence.map_areas import (
    ALPHA,
    Effects,
    areas_of,
    cell_averages,
    largest_cell,
    mean_over_patients,
)
from xaudit.stages.outcome.dependence.map_population import Population, populations
from xaudit.statistics.bootstrap import ClusterBootstrap
from xaudit.statistics.max_test import DRAWS, MaxTest, max_sign_flip

Scope = Literal["all", "outside-mark", "elsewhere"]

_SIGNS = {"for": 1.0, "against": -1.0}


@dataclass(frozen=True, slots=True)
class _Asked:
    """Answer, direction, frame and windows of a test."""

    answer: str
    direction: str
    frame: str
    scope: Scope


def map_tests(
    effects: Sequence[WindowEffects], *, settings: StatisticsSection, seed: int, draws: int = DRAWS
) -> tuple[MapTest, ...]:
    """Test the reliance maps of each model on the images of each true class.

    For each question there is one test for each answer (probability and log odds), each direction and each scope in the frame
    of the image, and one of all windows in the frames of the lungs and of the mark, where images have them.

    Args:
        draws: random sign flips of each test.

    Raises:
        ValueError: if the windows of one model are of different frames.
    """
    bootstrap = ClusterBootstrap(
        replicates=settings.replicates, confidence=settings.confidence, seed=seed_for(seed, "areas")
    )
    return tuple(
        _test(
            population,
            asked,
            bootstrap,
            _Flips(seed_for(seed, "areas", population.model_id, population.images), draws),
        )
        for population in populations(effects)
        for asked in _questions(population)
    )


def strongest_window(effects: Sequence[WindowEffects], images: str) -> int:
    """Return the window whose hiding lowers the probability most on the images of a true class, the first of equal ones."""
    return int(np.argmax(cell_averages(_hidden(effects, images).by_patient)))


def window_effect(
    effects: Sequence[WindowEffects], images: str, window: int, *, settings: StatisticsSection, seed: int
) -> Interval:
    """Return how far hiding one window lowers the probability on the images of a true class, as an area says it."""
    bootstrap = ClusterBootstrap(
        replicates=settings.replicates, confidence=settings.confidence, seed=seed_for(seed, "areas")
    )
    return _hidden(effects, images).interval(window, bootstrap)


def _hidden(effects: Sequence[WindowEffects], images: str) -> Effects:
    own = [one for one in effects if (one.label, one.question) == (images, "hide")]
    hidden = _effects(populations(own)[0], _Asked("probability", "for", "image", "all"))
    if hidden is None:
        raise ValueError("every image has a place in the frame of the image")
    return hidden


def _questions(population: Population) -> Iterator[_Asked]:
    scopes: list[Scope] = ["all"]
    if population.is_marked:
        scopes.append("outside-mark")
        if any("same-lung" in case.place for case in population.cases):
            scopes.append("elsewhere")
    # A window of the control may raise the answer more than the donor's; that shows nothing of the target's images.
    directions = ["against"] if population.question == "transplant" else list(_SIGNS)
    for answer in ANSWERS:
        for direction in directions:
            for frame in FRAMES:
                if frame == "lungs" and not population.knows_lungs:
                    continue
                if frame == "mark" and not population.is_marked:
                    continue
                for scope in scopes if frame == "image" else scopes[:1]:
                    yield _Asked(answer, direction, frame, scope)


@dataclass(frozen=True, slots=True)
class _Flips:
    """The random sign flips of a test: their seed and number."""

    seed: int
    draws: int


def _test(population: Population, asked: _Asked, bootstrap: ClusterBootstrap, flips: _Flips) -> MapTest:
    """Test one population; see :func:`map_tests`."""
    effects = _effects(population, asked)
    tested = None if effects is None else _tested(effects, flips)
    areas: tuple[Area, ...] = ()
    if effects is not None and tested is not None and (tested.p <= ALPHA).any():
        by_infill = [(name, _p_of_infill(population, asked, name, flips)) for name in population.infills]
        areas = areas_of(effects, tested.p, by_infill, bootstrap)
    whole = asked.frame == "image" and effects is not None
    return MapTest(
        model_id=population.model_id,
        images=population.images,
        target=population.target,
        question=population.question,
        direction=asked.direction,
        answer=asked.answer,
        frame=asked.frame,
        scope=asked.scope,
        n_cases=0 if effects is None else len(effects.cases),
        n_patients=0 if effects is None else len(effects.names),
        n_windows=0 if tested is None else int(tested.tested.sum()),
        cluster=population.cluster,
        p=None if tested is None else float(tested.p.min()),
        largest=None if effects is None else effects.largest(bootstrap),
        summed=_summed(population, asked, bootstrap, signed=False) if whole else None,
        areas=areas,
        infills=population.infills,
        margin=population.margins[ANSWERS.index(asked.answer)],
        net=_summed(population, asked, bootstrap, signed=True) if whole else None,
        bounds=_bounds(population, asked, bootstrap) if whole and asked.scope == "all" else (),
    )


def _tested(effects: Effects, flips: _Flips) -> MaxTest | None:
    return max_sign_flip(
        effects.by_patient, effects.frame.groups, base=effects.base, seed=flips.seed, draws=flips.draws
    )


def _p_of_infill(population: Population, asked: _Asked, infill: str, flips: _Flips) -> FloatArray:
    """Return the family-wise p of each cell under one in-fill; 1 where it was not measured on 5 patients."""
    effects = _effects(population, asked, infill)
    tested = None if effects is None else _tested(effects, flips)
    if tested is None:
        return np.ones(len(common_frame(asked.frame, population.windows).groups))
    return tested.p


def _effects(population: Population, asked: _Asked, infill: str | None = None) -> Effects | None:
    """Return the effects in the frame that is asked, or None if no image has a place in it.

    Args:
        infill: one in-fill; by default, the mean over in-fills.
    """
    frame = common_frame(asked.frame, population.windows)
    placed = [(case, cells_of(frame, population.windows, case)) for case in population.cases]
    kept = [(case, cells) for case, cells in placed if cells is not None]
    if not kept:
        return None
    n_cells = len(frame.groups)
    values, base = [], []
    for case, cells in kept:
        change = _change(population, asked, case, infill)
        counted = change if asked.scope == "all" else np.where(case.mark_share > 0, np.nan, change)
        within = ~_same_lung(case) if asked.scope == "elsewhere" else np.ones(len(change), dtype=bool)
        base.append(cell_means(counted, cells, n_cells))
        values.append(cell_means(np.where(within, counted, np.nan), cells, n_cells))
    by_case = np.stack(values)
    names, by_patient = _patient_means(by_case, [case.cluster for case, _ in kept])
    return Effects(
        frame=frame,
        cases=tuple(case for case, _ in kept),
        cells=tuple(cells for _, cells in kept),
        by_case=by_case,
        by_patient=by_patient,
        base=_patient_means(np.stack(base), [case.cluster for case, _ in kept])[1],
        names=names,
        margin=population.margins[ANSWERS.index(asked.answer)],
    )


def _change(
    population: Population, asked: _Asked, case: CaseWindows, infill: str | None, *, signed: bool = False
) -> FloatArray:
    """Return how far each window moves the answer in the direction that is asked; changes of the other sign are 0."""
    drops = _SIGNS[asked.direction] * case.drops[:, ANSWERS.index(asked.answer)]
    if infill is not None:
        drops = drops[[population.infills.index(infill)]]
    counts = (~np.isnan(drops)).sum(axis=0)
    mean = np.divide(np.nansum(drops, axis=0), counts, out=np.full(drops.shape[1], np.nan), where=counts > 0)
    change: FloatArray = mean if signed else np.maximum(mean, 0)
    return change


def _same_lung(case: CaseWindows) -> BoolArray:
    return np.array([name == "same-lung" for name in case.place])


def _patient_means(by_case: FloatArray, clusters: Sequence[str]) -> tuple[tuple[str, ...], FloatArray]:
    """Return the patients' names, sorted, and the mean of each patient's cases that have a value."""
    names, codes = np.unique(np.asarray(clusters, dtype=np.str_), return_inverse=True)
    sums, counts = np.zeros((len(names), by_case.shape[1])), np.zeros((len(names), by_case.shape[1]))
    # In the order of the cases, which is that of their ids: the last bit of a sum depends on no library.
    np.add.at(sums, codes, np.nan_to_num(by_case))
    np.add.at(counts, codes, ~np.isnan(by_case))
    means = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return tuple(names.tolist()), means


def _summed(
    population: Population, asked: _Asked, bootstrap: ClusterBootstrap, *, signed: bool
) -> Interval | None:
    """Return the summed effect of a case's map: windows side by side that cover the frame once, at the largest scale sum."""
    windows = population.windows
    sums = []
    for case in population.cases:
        change = _change(population, asked, case, None, signed=signed)
        if asked.scope != "all":
            change = np.where(case.mark_share > 0, np.nan, change)
        if asked.scope == "elsewhere":
            change = np.where(_same_lung(case), np.nan, change)
        sums.append(np.bincount(windows.groups, weights=np.nan_to_num(change) * windows.weights))
    names, by_patient = _patient_means(np.stack(sums), [case.cluster for case in population.cases])
    scale = int(np.argmax(by_patient.mean(axis=0)))
    return mean_over_patients(by_patient[:, scale], names, bootstrap)


def _bounds(
    population: Population, asked: _Asked, bootstrap: ClusterBootstrap
) -> tuple[tuple[str, Interval], ...]:
    """Return the largest effect of a window at each kind of place."""
    kinds = ["border"]
    kinds += ["outside-mark"] * population.is_marked + ["outside-lungs"] * population.knows_lungs
    bounds = []
    for kind in kinds:
        values = np.stack(
            [
                np.where(lies_at(kind, case), _change(population, asked, case, None), np.nan)
                for case in population.cases
            ]
        )
        names, by_patient = _patient_means(values, [case.cluster for case in population.cases])
        cell = largest_cell(by_patient)
        if cell is not None:
            bounds.append((kind, mean_over_patients(by_patient[:, cell], names, bootstrap)))
    return tuple(bounds)


def lies_at(kind: str, case: CaseWindows) -> BoolArray:
    """Return for each window of a case if it lies at a kind of place; see :class:`xaudit.records.MapTest`."""
    place = np.array(case.place, dtype=object)
    inside: BoolArray = case.mark_share == 0
    if kind == "border":
        inside &= place == "border"
    else:
        inside &= place != "same-lung" if kind == "outside-mark" else ~np.isin(place, [*LUNGS, "mark"])
    return inside
