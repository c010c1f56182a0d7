"""The reliance of a model on regions of the image, in a chunk of cases."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace

import numpy as np

from xaudit.catalog import ALL_BUT_MARK
from xaudit.chunks.chunk import Chunk, Subject
from xaudit.chunks.donors import donor_image
from xaudit.chunks.oddness import oddness
from xaudit.chunks.results import key_of, result_of, why_no_region
from xaudit.config import RelianceSection
from xaudit.metrics.absent import Absent, Measured
from xaudit.metrics.reliance import RegionEffect, ask_region_reliance
from xaudit.records import (
    BoolArray,
    Reliance,
    ScoreResult,
)
from xaudit.seeds import generator_for

_UNMARKED = "no reader marked anything on this case"


def ask_reliance(chunk: Chunk, settings: RelianceSection, *, seed: int) -> list[Reliance]:
    """Measure the model's reliance on each region of each case of a chunk."""
    classifier = chunk.classifier
    answers = chunk.answer(
        [
            ask_region_reliance(
                subject.image,
                subject.target_index,
                _questioned(subject),
                infills=settings.infills,
                controls=settings.controls,
                generator=generator_for(seed, subject.case.image_id, "reliance"),
                donor=donor_image(chunk, subject, settings.infills),
            )
            for subject in chunk.subjects
        ]
    )
    parts = {subject.case.case_id: _questioned(subject) for subject in chunk.subjects}
    percentiles = oddness(chunk, parts, settings.infills, seed=seed)
    return [
        replace(
            _reliance(subject, classifier.id, effect),
            percentile=percentiles.get((subject.case.case_id, effect.region, effect.infill)),
        )
        for subject, answered in zip(chunk.subjects, answers, strict=True)
        for effect in answered.value
    ]


def score_reliance(chunk: Chunk, reliances: Sequence[Reliance]) -> list[ScoreResult]:
    """Score the reliance on each region: its drop minus that of random areas.

    Once of the target's probability, which decides verdicts, and once of its logit, which still moves where the
    probability is near 0 or 1.
    """
    results: list[ScoreResult] = []
    for subject in chunk.subjects:
        own = [r for r in reliances if r.case_id == subject.case.case_id]
        for region in subject.asked_regions:
            there = [r for r in own if r.region == region]
            for metric, beyond in (
                (f"reliance-{region}", [r.beyond_random for r in there]),
                (f"reliance-logit-{region}", [r.logit_beyond_random for r in there]),
            ):
                value: Measured = float(np.mean(beyond)) if beyond else Absent(why_no_region(subject, region))
                if not subject.mark.any() and region not in ("border", *subject.surroundings.own):
                    value = Absent(_UNMARKED)
                key = key_of(subject, None, metric, model_id=chunk.classifier.id)
                results.append(result_of(key, value, 0, 0.0))
        results += _score_kept_mark(
            subject, [r for r in own if r.region == ALL_BUT_MARK], chunk.classifier.id
        )
    return results


def _questioned(subject: Subject) -> Mapping[str, BoolArray]:
    """Return the regions that are replaced: the disjoint ones, and where something is marked all but the mark."""
    parts = subject.asked_parts
    mark = parts.get("mark")
    return parts if mark is None or not mark.any() else {**parts, ALL_BUT_MARK: ~mark}


def _score_kept_mark(subject: Subject, rows: Sequence[Reliance], model_id: str) -> list[ScoreResult]:
    """Score the answer that is left of the image with the mark alone, in-fills averaged.

    A random area of the size of all but the mark leaves a random area of the size of the mark.
    """
    results = []
    for metric, kept in (
        ("kept-mark", [r.probability - r.probability_drop for r in rows]),
        ("kept-mark-beyond-random", [r.control_probability_drop - r.probability_drop for r in rows]),
    ):
        value: Measured = float(np.mean(kept)) if kept else Absent(why_no_region(subject, "mark"))
        if not subject.mark.any():
            value = Absent(_UNMARKED)
        results.append(result_of(key_of(subject, None, metric, model_id=model_id), value, 0, 0.0))
    return results


def _reliance(subject: Subject, model_id: str, effect: RegionEffect) -> Reliance:
    return Reliance(
        case_id=subject.case.case_id,
        patient_id=subject.case.patient_id,
        model_id=model_id,
        target=subject.prediction.target,
        correct=subject.prediction.correct,
        label=subject.prediction.label,
        **asdict(effect),
    )


def effect_of(reliance: Reliance) -> RegionEffect:
    """Convert a stored reliance to the form that the agreement metrics take."""
    return RegionEffect(**{one.name: getattr(reliance, one.name) for one in fields(RegionEffect)})
