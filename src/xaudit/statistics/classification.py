"""Classification performance of each model on each split: confusion matrix, accuracy, sensitivity, specificity, AUROC.

The positive class is compared with all others together. Intervals resample patients; a measure whose cases a split
does not have is left out.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from xaudit.config import StatisticsSection
from xaudit.records import BoolArray, Evaluation, FloatArray, Interval, Prediction
from xaudit.seeds import seed_for
from xaudit.statistics.bootstrap import MIN_CLUSTERS, ClusterBootstrap
from xaudit.statistics.small_samples import wilson

_SPLITS = ("train", "validation", "test")

_CHUNK = 2**21


def evaluate(
    predictions: Sequence[Prediction],
    *,
    positive: str,
    dataset_id: str,
    settings: StatisticsSection,
    seed: int,
    patients_known: bool,
) -> tuple[Evaluation, ...]:
    """Evaluate each model on each split, models in order of their names, splits train, validation, test.

    Accuracy, sensitivity and specificity use Wilson's interval over patients if every case agrees (all
    right, or all wrong), since resampling such cases would leave no width. Sensitivity resamples the patients with
    positive cases only, specificity those with negative ones. Without patient ids each case is its own unit.

    Raises:
        ValueError: if a case occurs twice, a label is none of the class names, or a logit is not finite.
    """
    bootstrap = ClusterBootstrap(
        replicates=settings.replicates, confidence=settings.confidence, seed=seed_for(seed, "evaluations")
    )
    groups: dict[tuple[str, str], list[Prediction]] = defaultdict(list)
    for prediction in predictions:
        groups[prediction.model_id, prediction.split].append(prediction)

    def in_order(key: tuple[str, str]) -> tuple[str, int, str]:
        model_id, split = key
        return model_id, _SPLITS.index(split) if split in _SPLITS else len(_SPLITS), split

    evaluations = []
    for model_id, split in sorted(groups, key=in_order):
        group = sorted(groups[model_id, split], key=lambda p: p.case_id)
        class_names = _checked_class_names(group)
        clusters = [prediction.patient_id or prediction.case_id for prediction in group]
        evaluations.append(
            Evaluation(
                model_id=model_id,
                dataset_id=dataset_id,
                split=split,
                class_names=class_names,
                positive=positive,
                matrix=_confusion_matrix(group, class_names),
                measures=_measures(group, clusters, positive, bootstrap),
                n_cases=len(group),
                n_patients=len(set(clusters)),
                patients_known=patients_known,
            )
        )
    return tuple(evaluations)


def auroc(scores: FloatArray, is_positive: BoolArray, weights: FloatArray | None = None) -> FloatArray:
    """Return the probability that a positive case scores above a negative one, ties counting half.

    Higher is better; 0 to 1, chance .5. NaN where a row of weights leaves a class without cases.

    Args:
        scores: (n,), higher means more positive.
        is_positive: (n,).
        weights: (rows, n), how often each case counts; by default one row in which each counts once.

    Returns:
        (rows,) values.

    Source: Hanley and McNeil 1982.
    """
    rows = np.ones((1, len(scores))) if weights is None else weights
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))
    sorted_rows = rows[:, order]
    positives = np.add.reduceat(sorted_rows * is_positive[order], starts, axis=1)
    negatives = np.add.reduceat(sorted_rows * ~is_positive[order], starts, axis=1)
    below = np.cumsum(negatives, axis=1) - negatives
    wins = (positives * (below + negatives / 2)).sum(axis=1)
    pairs = positives.sum(axis=1) * negatives.sum(axis=1)
    values: FloatArray = np.divide(wins, pairs, out=np.full(len(rows), np.nan), where=pairs > 0)
    return values


def _checked_class_names(group: Sequence[Prediction]) -> tuple[str, ...]:
    class_names = group[0].class_names
    seen: set[str] = set()
    for prediction in group:
        if prediction.case_id in seen:
            raise ValueError(f"{prediction.case_id}: predicted twice by {prediction.model_id}")
        seen.add(prediction.case_id)
        if prediction.class_names != class_names:
            raise ValueError(f"{prediction.case_id}: class names differ from those of the other cases")
        for name in (prediction.label, prediction.predicted):
            if name not in class_names:
                raise ValueError(f"{prediction.case_id}: '{name}' is none of {', '.join(class_names)}")
        if not np.isfinite(prediction.logits).all():
            raise ValueError(f"{prediction.case_id}: a logit of {prediction.model_id} is not finite")
    return class_names


def _confusion_matrix(
    group: Sequence[Prediction], class_names: tuple[str, ...]
) -> tuple[tuple[int, ...], ...]:
    matrix = [[0] * len(class_names) for _ in class_names]
    for prediction in group:
        matrix[class_names.index(prediction.label)][class_names.index(prediction.predicted)] += 1
    return tuple(tuple(row) for row in matrix)


def _measures(
    group: Sequence[Prediction], clusters: Sequence[str], positive: str, bootstrap: ClusterBootstrap
) -> dict[str, Interval]:
    is_positive = np.array([prediction.label == positive for prediction in group])
    called = np.array([prediction.predicted == positive for prediction in group])
    names = np.asarray(clusters, dtype=np.str_)

    def share(right: BoolArray, among: BoolArray) -> Interval:
        return bootstrap.share(right[among].astype(np.float64), names[among].tolist())

    everyone = np.ones(len(group), dtype=bool)
    measures = {"accuracy": share(np.array([prediction.correct for prediction in group]), everyone)}
    if is_positive.any():
        measures["sensitivity"] = share(called, is_positive)
    if not is_positive.all():
        measures["specificity"] = share(~called, ~is_positive)
    if positive in group[0].class_names and is_positive.any() and not is_positive.all():
        scores = np.array([_log_odds(prediction, positive) for prediction in group])
        measures["auroc"] = _auroc_interval(scores, is_positive, names, bootstrap)
    return measures


def _log_odds(prediction: Prediction, positive: str) -> float:
    """Return the log-odds of the positive class: the order of the probabilities, without ties at 1."""
    logits = np.asarray(prediction.logits, dtype=np.float64)
    index = prediction.class_names.index(positive)
    others = np.delete(logits, index)
    return float(logits[index] - np.logaddexp.reduce(others))


def _auroc_interval(
    scores: FloatArray, is_positive: BoolArray, clusters: np.ndarray, bootstrap: ClusterBootstrap
) -> Interval:
    """Return AUROC without limits if a class has too few patients; at 0 and 1 with Wilson's, over the smaller class's patients."""
    _, codes = np.unique(clusters, return_inverse=True)
    n_least = min(len(np.unique(codes[is_positive])), len(np.unique(codes[~is_positive])))

    def of_clusters(weights: FloatArray) -> FloatArray:
        rows = max(1, _CHUNK // len(scores))
        parts = [weights[start : start + rows][:, codes] for start in range(0, len(weights), rows)]
        return np.concatenate([auroc(scores, is_positive, part) for part in parts])

    estimate = float(auroc(scores, is_positive)[0])
    if n_least < MIN_CLUSTERS:
        return Interval(estimate, None, None, "none")
    if estimate in (0.0, 1.0):
        return wilson(estimate, n_least, confidence=bootstrap.confidence)
    return bootstrap.interval(of_clusters, np.bincount(codes).astype(np.float64))
