"""The reliance map of a model, in a chunk of cases: every window of the image hidden in turn."""

import numpy as np

from xaudit.chunks.chunk import Chunk, Subject
from xaudit.config import RelianceMapSection
from xaudit.geometry import mask_to_model
from xaudit.metrics.reliance_map.hiding import GridEffects, hide_windows
from xaudit.metrics.reliance_map.windows import WindowGrid, window_grid
from xaudit.records import WindowEffects
from xaudit.seeds import generator_for


def ask_reliance_map(chunk: Chunk, settings: RelianceMapSection, *, seed: int) -> list[WindowEffects]:
    """Hide every window of each case of a chunk, at every scale and with every in-fill."""
    from xaudit.perturb.asking import answer

    classifier = chunk.classifier
    grids = {
        scale: window_grid(classifier.model_hw, scale, settings.stride) for scale in sorted(settings.scales)
    }
    answers = answer(
        [
            hide_windows(
                subject.image,
                subject.target_index,
                list(grids.values()),
                infills=settings.infills,
                generator=generator_for(seed, subject.case.case_id, "reliance map"),
            )
            for subject in chunk.subjects
        ],
        classifier.logits,
        batch_size=classifier.batch_size,
    )
    scale_of = {grid: scale for scale, grid in grids.items()}
    rows: list[WindowEffects] = []
    for subject, answered in zip(chunk.subjects, answers, strict=True):
        marks = {grid: (_mark_shares(subject, grid), _places(subject, grid)) for grid in scale_of}
        rows += [
            _window_effects(
                subject,
                effects,
                scale=scale_of[effects.grid],
                stride=settings.stride,
                about=marks[effects.grid],
            )
            for effects in answered.value
        ]
    return rows


def _window_effects(
    subject: Subject,
    effects: GridEffects,
    *,
    scale: float,
    stride: float,
    about: tuple[np.ndarray, tuple[str, ...]],
) -> WindowEffects:
    return WindowEffects(
        case_id=subject.case.case_id,
        patient_id=subject.case.patient_id,
        model_id=subject.prediction.model_id,
        target=subject.prediction.target,
        label=subject.prediction.label,
        predicted=subject.prediction.predicted,
        question="hide",
        infill=effects.infill,
        scale=scale,
        stride=stride,
        frame_hw=effects.grid.frame_hw,
        probability=effects.probability,
        log_odds=effects.log_odds,
        probability_drop=effects.probability_drop,
        log_odds_drop=effects.log_odds_drop,
        mark_share=about[0],
        place=about[1],
    )


def _mark_shares(subject: Subject, grid: WindowGrid) -> np.ndarray:
    return grid.shares(mask_to_model(subject.mark_with_tolerance, subject.geometry))


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
