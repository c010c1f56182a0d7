"""What people reach on the very cases that are explained: each reader's mark against the others'."""

from collections.abc import Mapping, Sequence

import numpy as np

from xaudit.audit import Subject
from xaudit.cases.readers import Policy, under_policy
from xaudit.catalog import metric_row
from xaudit.config import ExplainerSpec, MetricSpec
from xaudit.geometry import map_to_original
from xaudit.metrics.absent import Absent
from xaudit.metrics.human import OVERLAPS, overlap_of_marks
from xaudit.records import BoolArray, Score, ScoreKey, ScoreResult, Unscored


def score_people(
    subject: Subject,
    masks: Mapping[str, BoolArray],
    control: ExplainerSpec,
    *,
    model_id: str,
    policy: Policy,
    metrics: Sequence[MetricSpec],
) -> list[ScoreResult]:
    """Leave one reader out: the mean over the readers of each one's overlap with the consensus of the others.

    Under the policy ``each``, a reader's marks are held against by the others, one by one. Only metrics of
    :data:`xaudit.metrics.human.OVERLAPS` can be asked of a mark, which has no highest pixel.

    Args:
        masks: (H, W) by reader, what each marked on this case.
    """
    _, valid = map_to_original(np.zeros(subject.geometry.model_hw, dtype=np.float32), subject.geometry)
    seen = {reader: mask[valid] for reader, mask in masks.items()}
    results: list[ScoreResult] = []
    for metric in metrics if masks else ():
        if metric.name not in OVERLAPS:
            continue
        for reader, pairs in _pairs(seen, policy).items():
            key = _key(subject, control, metric, model_id=model_id, reader=reader)
            values = [overlap_of_marks(metric.name, mark, truth) for mark, truth in pairs]
            known = [value for value in values if not isinstance(value, Absent)]
            if known:
                results.append(Score(key, float(np.mean(known))))
            elif len(masks) < 2:
                results.append(Unscored(key, "fewer than two readers looked at this case"))
            else:
                results.append(Unscored(key, "no reader marked anything on this case"))
    return results


def _pairs(
    masks: Mapping[str, BoolArray], policy: Policy
) -> Mapping[str, Sequence[tuple[BoolArray, BoolArray]]]:
    """Marks with what they are held against, by the reader column under which they are counted."""
    others = {reader: {other: mask for other, mask in masks.items() if other != reader} for reader in masks}
    if policy == "each":
        return {reader: [(mask, masks[reader]) for mask in others[reader].values()] for reader in masks}
    return {
        policy: [
            (masks[reader], under_policy(others[reader], policy)[policy])
            for reader in masks
            if others[reader]
        ]
    }


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
