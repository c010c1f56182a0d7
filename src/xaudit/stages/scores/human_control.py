"""Scores of the readers themselves on the explained cases: each reader's mark against the others'."""

from collections.abc import Mapping, Sequence

import numpy as np

from xaudit.cases.marks.readers import Policy
from xaudit.catalog import metric_row
from xaudit.chunks import Subject
from xaudit.config import ExplainerSpec, MetricSpec
from xaudit.geometry import map_to_original
from xaudit.metrics.absent import Absent
from xaudit.metrics.human import OVERLAPS, leave_one_out
from xaudit.records import BoolArray, Score, ScoreKey, ScoreResult, Unscored


def score_people(
    subject: Subject,
    masks: Mapping[str, BoolArray],
    control: ExplainerSpec,
    *,
    model_id: str,
    policy: Policy,
    metrics: Sequence[MetricSpec],
    votes: int | None = None,
) -> list[ScoreResult]:
    """Leave one reader out, as :func:`xaudit.metrics.human.leave_one_out` does, for the table of controls.

    Only metrics of :data:`xaudit.metrics.human.OVERLAPS` stand there: a mark has no highest pixel.

    Args:
        masks: (H, W) by reader, what each marked on this case.
        votes: readers that must agree under ``majority``.
    """
    _, valid = map_to_original(np.zeros(subject.geometry.model_hw, dtype=np.float32), subject.geometry)
    results: list[ScoreResult] = []
    for metric in metrics if masks else ():
        if metric.name not in OVERLAPS:
            continue
        for reader, value in leave_one_out(metric, masks, valid, policy=policy, votes=votes).items():
            key = _key(subject, control, metric, model_id=model_id, reader=reader)
            match value:
                case Absent(reason):
                    results.append(Unscored(key, reason))
                case _:
                    results.append(Score(key, value))
    return results


def _key(
    subject: Subject, control: ExplainerSpec, metric: MetricSpec, *, model_id: str, reader: str
) -> ScoreKey:
    return ScoreKey(
        case_id=subject.case.case_id,
        patient_id=subject.case.patient_id,
        reader=reader,
        model_id=model_id,
        explainer_id=control.id,
        explainer_hash=control.fingerprint,
        target=subject.prediction.target,
        correct=subject.prediction.correct,
        metric_id=metric.id,
        metric_hash=metric.fingerprint,
        family=metric_row(metric.name).family,
    )
