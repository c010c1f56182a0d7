"""The reliance map of a model, in a chunk of cases: every window of the image hidden in turn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from xaudit.chunks.chunk import Chunk, Subject
from xaudit.chunks.donors import donor_image
from xaudit.config import RelianceMapSection
from xaudit.geometry import mask_to_model
from xaudit.metrics.oddness import RealFeatures
from xaudit.metrics.reliance_map.hiding import GridEffects, hide_windows
from xaudit.metrics.reliance_map.transplant import transplant_windows
from xaudit.metrics.reliance_map.windows import WindowGrid, window_grid
from xaudit.records import FloatArray, WindowEffects, WindowQuestion
from xaudit.seeds import generator_for

if TYPE_CHECKING:
    from xaudit.models.features import AnswersAndFeatures
    from xaudit.perturb.asking import Asking

N_DONORS: Final = 1
"""Images of the target class whose windows are copied into each image of another class."""


def ask_reliance_map(chunk: Chunk, settings: RelianceMapSection, *, seed: int) -> list[WindowEffects]:
    """Hide every window of each case of a chunk, at every scale and with every in-fill; then transplant, if asked."""
    classifier = chunk.classifier
    grids = {
        scale: window_grid(classifier.model_hw, scale, settings.stride) for scale in sorted(settings.scales)
    }
    watch = _Watch(chunk)
    answers = watch.answers(
        hide_windows(
            subject.image,
            subject.target_index,
            list(grids.values()),
            infills=settings.infills,
            generator=generator_for(seed, subject.case.image_id, "reliance map"),
            donor=donor_image(chunk, subject, settings.infills),
        )
        for subject in chunk.subjects
    )
    scale_of = {grid: scale for scale, grid in grids.items()}
    rows: list[WindowEffects] = []
    for subject, answered in zip(chunk.subjects, answers, strict=True):
        mark = mask_to_model(subject.mark_with_tolerance, subject.geometry)
        about = {
            grid: _About("hide", scale_of[grid], settings.stride, grid.shares(mark)) for grid in scale_of
        }
        oddness = watch.oddness(subject, answered.features, [effects.grid for effects in answered.effects])
        rows += [
            _window_effects(subject, effects, about[effects.grid], odd)
            for effects, odd in zip(answered.effects, oddness, strict=True)
        ]
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
    watch = _Watch(chunk)
    answers = watch.answers(
        transplant_windows(
            subject.image,
            subject.target_index,
            [grid],
            donors=[(donor.image, control.image) for donor, control in donors[subject.case.case_id]],
        )
        for subject in asked
    )
    rows: list[WindowEffects] = []
    for subject, answered in zip(asked, answers, strict=True):
        pairs = donors[subject.case.case_id]
        # Each donor's windows stand before its control's.
        oddness = watch.oddness(subject, answered.features, [grid] * (2 * len(pairs)))[::2]
        rows += [
            _window_effects(
                subject, effects, _About("transplant", scale, settings.stride, grid.shares(donor.mark)), odd
            )
            for (donor, _), effects, odd in zip(pairs, answered.effects, oddness, strict=True)
        ]
    return rows


@dataclass(frozen=True, slots=True, eq=False)
class _WindowAnswers:
    """The effects of the windows of one image, and the model's features of the changed images, without columns if unknown."""

    effects: list[GridEffects]
    features: FloatArray


class _Watch:
    """Asks a model about changed images, and looks at its features of them in the same evaluations."""

    def __init__(self, chunk: Chunk) -> None:
        from xaudit.models.features import answers_with_features, feature_reader

        self._chunk = chunk
        self._real: RealFeatures | None = None
        self._ask: AnswersAndFeatures | None = None
        if chunk.donors is not None and chunk.donors.are_real:
            read = feature_reader(chunk.classifier)
            self._real = None if isinstance(read, str) else chunk.donors.real_features(read)
        if self._real is not None:
            self._ask = answers_with_features(chunk.classifier)

    def answers(self, measures: "Iterable[Asking[list[GridEffects]]]") -> list[_WindowAnswers]:
        """Carry out measures, in their order."""
        from xaudit.perturb.asking import beside

        n_classes = len(self._chunk.classifier.class_names)
        answered = self._chunk.answer([beside(one, n_classes) for one in measures], self._ask)
        return [_WindowAnswers(*one.value) for one in answered]

    def oddness(
        self, subject: Subject, features: FloatArray, grids: Sequence[WindowGrid]
    ) -> list[FloatArray | None]:
        """Return the percentile of each changed image, (rows, columns) for each grid; None where it is unknown.

        Args:
            features: of the untouched image, then of the images of each grid.
        """
        if self._ask is None or self._real is None:
            return [None] * len(grids)
        percentiles = self._real.percentiles(features[1:], subject.case.cluster).astype(np.float32)
        ends = np.cumsum([grid.n_windows for grid in grids])[:-1]
        return [own.reshape(grid.shape) for own, grid in zip(np.split(percentiles, ends), grids, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class _About:
    """The question that a grid's windows were replaced for, and the share of a mark in each."""

    question: WindowQuestion
    scale: float
    stride: float
    mark_share: FloatArray


def _window_effects(
    subject: Subject, effects: GridEffects, about: _About, oddness: FloatArray | None
) -> WindowEffects:
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
        oddness=oddness,
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
