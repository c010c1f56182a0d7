"""AUROC of cross-validated scores: only images of one fold are compared."""

import numpy as np
import pytest

from xaudit.statistics.bootstrap import ClusterBootstrap
from xaudit.statistics.folds import auroc_within_folds, fold_auroc

BOOTSTRAP = ClusterBootstrap(replicates=400, confidence=0.95, seed=0)


def two_columns(positive):
    positive = np.asarray(positive, dtype=float)
    return np.stack([1 - positive, positive], axis=1)


def test_pairs_of_two_folds_do_not_count():
    # Within fold 0: .9 > .8 right. Within fold 1: .2 > .1 right. Across folds .2 < .8 would be wrong.
    scores = two_columns([0.9, 0.8, 0.2, 0.1])
    classes, folds = np.array([1, 0, 1, 0]), np.array([0, 0, 1, 1])
    assert auroc_within_folds(scores, classes, folds) == 1.0
    assert auroc_within_folds(scores, classes, np.zeros(4, dtype=int)) == 0.75


def slow(scores, classes, folds):
    """All pairs, one by one."""
    values = []
    for k in sorted(set(classes.tolist())):
        wins = pairs = 0.0
        for i in range(len(classes)):
            for j in range(len(classes)):
                if folds[i] == folds[j] and classes[i] == k and classes[j] != k:
                    pairs += 1
                    wins += (scores[i, k] > scores[j, k]) + (scores[i, k] == scores[j, k]) / 2
        values.append(wins / pairs)
    return float(np.mean(values))


@pytest.mark.parametrize("n_classes", [2, 3, 4])
def test_it_equals_a_count_of_all_pairs(n_classes):
    generator = np.random.default_rng(n_classes)
    scores = generator.integers(0, 6, (60, n_classes)).astype(float)
    if n_classes == 2:
        scores[:, 0] = -scores[:, 1]
    classes, folds = generator.integers(0, n_classes, 60), generator.integers(0, 5, 60)
    assert auroc_within_folds(scores, classes, folds) == pytest.approx(slow(scores, classes, folds))


def test_the_interval_resamples_clusters_not_images():
    generator = np.random.default_rng(0)
    classes = np.repeat([0, 1] * 15, 4)
    scores = two_columns(np.repeat(generator.normal(size=30) + [0, 1] * 15, 4))
    folds = np.repeat(np.arange(30) % 5, 4)
    patients = [f"p{number // 4}" for number in range(120)]
    by_patient = fold_auroc(scores, classes, folds, patients, BOOTSTRAP)
    by_image = fold_auroc(scores, classes, folds, [f"i{n}" for n in range(120)], BOOTSTRAP)
    assert by_patient.estimate == by_image.estimate
    assert by_patient.low < by_patient.estimate < by_patient.high
    # Four like images of a patient tell as much as one: the interval by image is at most half as wide.
    assert by_patient.high - by_patient.low > 2 * (by_image.high - by_image.low)
    order = generator.permutation(120)
    again = fold_auroc(scores[order], classes[order], folds[order], [patients[i] for i in order], BOOTSTRAP)
    assert again == by_patient


def test_few_clusters_give_no_limits_and_a_perfect_score_keeps_a_width():
    classes, folds = np.array([0, 0, 0, 1, 1, 1, 1, 1]), np.zeros(8, dtype=int)
    names = list("abcdefgh")
    few = fold_auroc(two_columns(classes), classes, folds, names, BOOTSTRAP)
    assert (few.estimate, few.low, few.high) == (1.0, None, None)
    classes = np.array([0] * 6 + [1] * 6)
    perfect = fold_auroc(
        two_columns(classes), classes, np.zeros(12, dtype=int), list("abcdefghijkl"), BOOTSTRAP
    )
    # Wilson with 6 of 6: 1 / (1 + 1.96² / 6) = .6097.
    assert perfect.low == pytest.approx(0.6097, abs=1e-4)
    assert perfect.high == 1.0


def test_folds_without_a_second_class_are_refused():
    with pytest.raises(ValueError, match="no fold has images of two classes"):
        fold_auroc(two_columns([0.1, 0.9]), np.array([0, 1]), np.array([0, 1]), ["a", "b"], BOOTSTRAP)
