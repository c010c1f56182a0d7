"""Answers of a model to images with a changed property, in a chunk of cases."""

from collections.abc import Sequence

from xaudit.chunks.chunk import Chunk, Subject
from xaudit.metrics.image_change import ChangeEffect, ask_image_changes
from xaudit.records import ImageChange
from xaudit.seeds import seed_for


def measure_image_changes(chunk: Chunk, changes: Sequence[str], *, seed: int) -> list[ImageChange]:
    """Ask the model about each case of a chunk with each property of the image changed."""
    classifier = chunk.classifier
    answers = chunk.answer(
        [
            ask_image_changes(
                classifier.denormalise(subject.image).numpy(),
                subject.target_index,
                subject.finding_in_model,
                changes=changes,
                normalise=classifier.normalise,
                seed=seed_for(seed, subject.case.image_id, "image changes"),
            )
            for subject in chunk.subjects
        ]
    )
    return [
        _image_change(subject, classifier.id, effect)
        for subject, answered in zip(chunk.subjects, answers, strict=True)
        for effect in answered.value
    ]


def _image_change(subject: Subject, model_id: str, effect: ChangeEffect) -> ImageChange:
    return ImageChange(
        case_id=subject.case.case_id,
        patient_id=subject.case.patient_id,
        model_id=model_id,
        target=subject.prediction.target,
        label=subject.prediction.label,
        change=effect.change,
        finding_kept=effect.finding_kept,
        probability=effect.probability,
        log_odds=effect.log_odds,
        probability_change=effect.probability_change,
        log_odds_change=effect.log_odds_change,
        value=effect.value,
        value_change=effect.value_change,
    )
