"""A cross-validated linear model that tells levels apart by features, with no image of a patient on both sides."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xaudit.records import BoolArray, FloatArray, IntArray, Interval
from xaudit.statistics.association import clustered_auroc
from xaudit.statistics.permuted_groups import permuted_cases

FOLDS = 5
_PENALTY = 10.0
"""Inverse of the penalty, for features scaled so that a case has a length of about 1."""

_RIDGE = 4 / _PENALTY
"""The penalty of a ridge regression of about the same strength: a logistic curve is 4 times as flat."""

_DRAWS = 100
_FEW_DRAWS = 30
_MANY_CASES = 2000

Fold = tuple[IntArray, IntArray]
"""Numbers of the images that a model is fitted to, and of those held out."""


@dataclass(frozen=True, slots=True, eq=False)
class Probed:
    """Features of some images, scaled by :func:`scaled`, with the level of an attribute on each.

    Attributes:
        features: (n, d).
        levels: (n,), codes from 0, each with an image.
        patients: (n,), codes from 0.
    """

    features: FloatArray
    levels: IntArray
    patients: IntArray


def scaled(features: FloatArray) -> FloatArray:
    """Standardise features and turn them so that no more columns remain than rows; no linear fit depends on the turning."""
    values = features.astype(np.float64)
    spread = values.std(axis=0)
    moves = np.isfinite(spread) & (spread > 0)
    values = (values[:, moves] - values[:, moves].mean(axis=0)) / spread[moves]
    values /= np.sqrt(max(values.shape[1], 1))
    if values.shape[1] > values.shape[0]:
        left, lengths, _ = np.linalg.svd(values, full_matrices=False)
        values = left * lengths
    return np.asarray(values)


def probe_auroc(own: Probed, generator: np.random.Generator) -> Interval | None:
    """Return how well a logistic regression tells the levels of held-out patients apart: AUROC, the mean over levels.

    Scores of different folds are fitted to overlapping patients, so that AUROC varies more than its error says. The limits are
    widened by as much as it does when patients exchange their levels.

    Returns:
        None if some fold has not all levels to fit.
    """
    folds = _folds(own, int(generator.integers(2**31)))
    if folds is None:
        return None
    return clustered_auroc(_held_out_scores(own, folds), own.levels, own.patients).interval(
        widening=_widening(own, folds, generator)
    )


def _folds(own: Probed, seed: int) -> list[Fold] | None:
    """Divide the images by patient; None if that leaves no level to fit."""
    from sklearn.model_selection import StratifiedGroupKFold

    n_levels = int(own.levels.max()) + 1
    n_folds = min(FOLDS, *(len(np.unique(own.patients[own.levels == level])) for level in range(n_levels)))
    if n_folds < 2 or own.features.shape[1] == 0:
        return None
    divided = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    folds = [
        (np.asarray(train), np.asarray(test))
        for train, test in divided.split(own.features, own.levels, own.patients)
        if len(test)
    ]
    return folds if all(len(np.unique(own.levels[train])) == n_levels for train, _ in folds) else None


def _held_out_scores(own: Probed, folds: Sequence[Fold]) -> FloatArray:
    """Return the score of each level for each held-out image, (n, levels), or (n, 1) for two levels."""
    from sklearn.linear_model import LogisticRegression

    n_levels = int(own.levels.max()) + 1
    scores = np.zeros((len(own.levels), 1 if n_levels == 2 else n_levels))
    for train, test in folds:
        fit = LogisticRegression(C=_PENALTY, class_weight="balanced", max_iter=500)
        fit.fit(own.features[train], own.levels[train])
        scores[test] = _centred(fit.decision_function(own.features[test]).reshape(len(test), -1))
    return scores


def _centred(scores: FloatArray) -> FloatArray:
    """Subtract the mean: the intercepts of folds differ against the share of each level, which pushes AUROC below chance."""
    return np.asarray(scores - scores.mean(axis=0))


def _widening(own: Probed, folds: Sequence[Fold], generator: np.random.Generator) -> float:
    """Return the spread of (AUROC - .5) / error when patients exchange their levels, 1 at least."""
    n_levels = int(own.levels.max()) + 1
    draws = _DRAWS if len(own.levels) <= _MANY_CASES else _FEW_DRAWS
    drawn = np.concatenate(list(permuted_cases(own.patients, draws=draws, generator=generator)))
    levels = own.levels[drawn]
    wanted = np.arange(1, 2) if n_levels == 2 else np.arange(n_levels)
    targets = (levels[:, :, None] == wanted).astype(np.float64)  # (draws, n, levels)
    scores = np.zeros_like(targets)
    for train, test in folds:
        fitted = targets[:, train] - targets[:, train].mean(axis=1, keepdims=True)
        held_out = _ridge(own.features, train, test) @ fitted
        scores[:, test] = held_out - held_out.mean(axis=1, keepdims=True)
    deviations = []
    for some_scores, some_levels in zip(scores, levels, strict=True):
        if len(np.unique(some_levels)) == n_levels:
            separation = clustered_auroc(some_scores, some_levels, own.patients)
            deviations += [(separation.area - 0.5) / separation.error] if separation.error > 0 else []
    return max(1.0, float(np.sqrt(np.mean(np.square(deviations))))) if len(deviations) > 1 else 1.0


def _ridge(features: FloatArray, train: IntArray, test: IntArray) -> FloatArray:
    """Return the matrix that takes the training images' targets to the held-out images' scores, (test, train)."""
    fitted, held_out = features[train], features[test]
    middle = fitted.mean(axis=0)
    fitted, held_out = fitted - middle, held_out - middle
    inner = fitted.T @ fitted + _RIDGE * np.eye(fitted.shape[1])
    return np.asarray(held_out @ np.linalg.solve(inner, fitted.T))


def kept_levels(levels: np.ndarray, patients: IntArray, inside: BoolArray, least: int) -> BoolArray:
    """Return True for the images inside whose level has enough patients there."""
    enough = [
        level
        for level in np.unique(levels[inside])
        if len(np.unique(patients[inside & (levels == level)])) >= least
    ]
    return np.asarray(inside & np.isin(levels, enough))
