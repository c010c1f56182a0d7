"""Intervals of scores that a cross-validated model gave to images that it was not trained on."""

from collections.abc import Sequence

import numpy as np

from xaudit.records import BoolArray, FloatArray, IntArray, Interval
from xaudit.seeds import generator_for
from xaudit.statistics.bootstrap import MIN_CLUSTERS, ClusterBootstrap
from xaudit.statistics.classification import auroc
from xaudit.statistics.small_samples import wilson

MOST_CLUSTERS = 2000
"""With more clusters, several are drawn together, so that the time grows with the number of images only."""

_CHUNK = 2**21


def fold_auroc(
    scores: FloatArray,
    classes: IntArray,
    folds: IntArray,
    clusters: Sequence[str],
    bootstrap: ClusterBootstrap,
) -> Interval:
    """Return AUROC with its interval: each class against the others, within folds, then the mean over the classes.

    Only images of one fold are compared, since models of two folds need not agree on a level. The interval resamples
    clusters and keeps the models as they are. It has no limits if a class has fewer than 5 clusters; at 0 and 1 it is
    Wilson's, over the smallest class's clusters.

    Args:
        scores: (n, number of classes), higher means more of that class.
        classes: (n,), column of each image's own class.
        folds: (n,), fold in which each image was tested.
        clusters: patient, group or image that each image belongs to.

    Raises:
        ValueError: if no fold has images of two classes.
    """
    names, codes = np.unique(np.asarray(clusters, dtype=np.str_), return_inverse=True)

    def of_clusters(weights: FloatArray) -> FloatArray:
        rows = max(1, _CHUNK // len(classes))
        parts = (weights[start : start + rows][:, codes] for start in range(0, len(weights), rows))
        return np.concatenate([_mean_over_classes(scores, classes, folds, part) for part in parts])

    estimate = auroc_within_folds(scores, classes, folds)
    if not np.isfinite(estimate):
        raise ValueError("no fold has images of two classes")
    n_least = min(len(np.unique(codes[classes == k])) for k in np.unique(classes))
    if n_least < MIN_CLUSTERS:
        return Interval(estimate, None, None, "none")
    if estimate in (0.0, 1.0):
        return wilson(estimate, n_least, confidence=bootstrap.confidence)
    if len(names) > MOST_CLUSTERS:
        shuffled = generator_for(len(names), "clusters drawn together").permutation(len(names))
        codes = (shuffled % MOST_CLUSTERS)[codes]
    return bootstrap.interval(of_clusters, np.bincount(codes).astype(np.float64))


def auroc_within_folds(scores: FloatArray, classes: IntArray, folds: IntArray) -> float:
    """Return the estimate of :func:`fold_auroc` alone; NaN if no fold has images of two classes.

    Example:
        >>> scores = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8]])
        >>> auroc_within_folds(scores, np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1]))
        1.0
    """
    return float(_mean_over_classes(scores, classes, folds, np.ones((1, len(classes))))[0])


def _mean_over_classes(
    scores: FloatArray, classes: IntArray, folds: IntArray, weights: FloatArray
) -> FloatArray:
    present = np.unique(classes).tolist()
    # With two classes, one class's scores are the other's turned round, and so is its AUROC.
    judged = present[1:] if len(present) == 2 else present
    by_class = [_within_folds(scores[:, k], classes == k, folds, weights) for k in judged]
    values: FloatArray = np.mean(by_class, axis=0)
    return values


def _within_folds(
    scores: FloatArray, is_positive: BoolArray, folds: IntArray, weights: FloatArray
) -> FloatArray:
    """Return the share of pairs of one fold that are ranked rightly, (rows,); ``weights`` is (rows, n)."""
    wins, pairs = np.zeros(len(weights)), np.zeros(len(weights))
    for fold in np.unique(folds):
        own = folds == fold
        inside = weights[:, own]
        n_pairs = inside[:, is_positive[own]].sum(axis=1) * inside[:, ~is_positive[own]].sum(axis=1)
        wins += np.nan_to_num(auroc(scores[own], is_positive[own], inside)) * n_pairs
        pairs += n_pairs
    values: FloatArray = np.divide(wins, pairs, out=np.full(len(wins), np.nan), where=pairs > 0)
    return values
