"""The reliance map of a model, in a chunk of cases: every window of the image hidden in turn."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from xaudit.chunks.chunk import Chunk, Subject
from xaudit.chunks.donors import donor_image
from xaudit.config import RelianceMapSection
from xaudit.geometry import mask_to_model
from xaudit.metrics.reliance_map.hiding import GridEffects, hide_windows
from xaudit.metrics.reliance_map.transplant import transplant_windows
from xaudit.metrics.reliance_map.windows import WindowGrid, window_grid
from xaudit.records import FloatArray, WindowEffects, WindowQuestion
from xaudit.seeds import generator_for

N_DONORS: Final = 1
"""Images of the target class whose windows are copied into each image of another class."""


def ask_reliance_map(chunk: Chunk, settings: RelianceMapSection, *, seed: int) -> list[WindowEffects]:
    """Hide every window of each case of a chunk, at every scale and with every in-fill; then transplant, if asked."""
    classifier = chunk.classifier
    grids = {
        scale: window_grid(classifier.model_hw, scale, settings.stride) for scale in sorted(settings.scales)
    }
    answers = chunk.answer(
        [
            hide_windows(
                subject.image,
                subject.target_index,
                list(grids.values()),
                infills=settings.infills,
                generator=generator_for(seed, subject.case.case_id, "reliance map"),
                donor=donor_image(chunk, subject, settings.infills),
            )
            for subject in chunk.subjects
        ]
    )
    scale_of = {grid: scale for scale, grid in grids.items()}
    rows: list[WindowEffects] = []
    for subject, answered in zip(chunk.subjects, answers, strict=True):
        mark = mask_to_model(subject.mark_with_tolerance, subject.geometry)
        about = {
            grid: _About("hide", scale_of[grid], settings.stride, grid.shares(mark)) for grid in scale_of
        }
        rows += [_window_effects(subject, effects, about[effects.grid]) for effects in answered.value]
    return rows + (_ask_transplants(chunk, settings, seed=seed) if settings.transplant else [])


def _ask_transplants(chunk: Chunk, settings: RelianceMapSection, *, seed: int) -> list[WindowEffects]:
    """Copy the windows of the finest scale from images of the target class into those of another class.

    Large windows bring so much foreign tissue along that a marker is lost in what they do by themselves. A case is left out if other patients have no image of the target class, or none of another class.
    """
    if chunk.donors is None:
        raise ValueError("a transplant was asked for without a pool of donors")
    classifier, scale = chunk.classifier, min(settings.scales)
    grid = window_grid(classifier.model_hw, scale, settings.stride)
    donors = {
        subject.case.case_id: chunk.donors.pairs(subject, N_DONORS, seed)
        for subject in chunk.subjects
        if subject.case.label != subject.prediction.target
    }
    asked = [subject for subject in chunk.subjects if donors.get(subject.case.case_id)]
    answers = chunk.answer(
        [
            transplant_windows(
                subject.image,
                subject.target_index,
                [grid],
                donors=[(donor.image, control.image) for donor, control in donors[subject.case.case_id]],
            )
            for subject in asked
        ]
    )
    return [
        _window_effects(
            subject, effects, _About("transplant", scale, settings.stride, grid.shares(donor.mark))
        )
        for subject, answered in zip(asked, answers, strict=True)
        for (donor, _), effects in zip(donors[subject.case.case_id], answered.value, strict=True)
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _About:
    """The question that a grid's windows were replaced for, and the share of a mark in each."""

    question: WindowQuestion
    scale: float
    stride: float
    mark_share: FloatArray


def _window_effects(subject: Subject, effects: GridEffects, about: _About) -> WindowEffects:
    return WindowEffects(
        case_id=subject.case.case_id,
        patient_id=subject.case.patient_id,
        model_id=subject.prediction.model_id,
        target=subject.prediction.target,
        label=subject.prediction.label,
        predicted=subject.prediction.predicted,
        question=about.question,
        infill=effects.infill,
        scale=about.scale,
        stride=about.stride,
        frame_hw=effects.grid.frame_hw,
        probability=effects.probability,
        log_odds=effects.log_odds,
        probability_drop=effects.probability_drop,
        log_odds_drop=effects.log_odds_drop,
        mark_share=about.mark_share,
        place=_places(subject, effects.grid),
    )


def _places(subject: Subject, grid: WindowGrid) -> tuple[str, ...]:
    """Name the region that fills most of each window, the mark left out unless it fills the window."""
    places = dict(subject.places_in_model)
    mark = places.pop("mark", None)
    names = [*places, "mark"] if mark is not None else [*places]
    shares = [grid.shares(places[name]) for name in places]
    if mark is not None:
        full = grid.shares(mark)
        shares.append(np.where(full >= 1, full, 0))
    largest = np.argmax(np.stack(shares), axis=0)
    return tuple(names[index] for index in largest.ravel().tolist())
