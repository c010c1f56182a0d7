"""A simple model that predicts the label from the features of one view, tested on units that it was not trained on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xaudit.records import FloatArray, IntArray, Interval, LabelProbe
from xaudit.screening.label.units import Division, deal_folds, large_classes
from xaudit.seeds import generator_for, seed_for
from xaudit.statistics.bootstrap import ClusterBootstrap
from xaudit.statistics.folds import auroc_within_folds, fold_auroc

N_TREES, N_TREES_OF_SHUFFLES = 100, 25

LEVEL = 0.05
"""Chance of a false alarm over all views of a family: parts of the image and properties, or attributes (Bonferroni)."""

_MOST_SHUFFLES = 199

_CERTAIN = 6.0
"""Standard deviations above chance from which labels are not shuffled."""

_LEAST_IN_LEAF = 2


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """The features that a simple model sees, and the images that have them.

    Attributes:
        rows: places of these images among all cases.
        features: (len(rows), n).
        n_family: views that are judged together, for the level of each.
    """

    view: str
    kind: str
    title: str
    judged: bool
    rows: IntArray
    features: FloatArray
    n_family: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """The images of the classes that are told apart: class, unit and features of each."""

    classes: tuple[str, ...]
    clusters: tuple[str, ...]
    codes: IntArray
    features: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Prober:
    """The labels that are predicted, and the settings of the model and of its intervals.

    Attributes:
        labels: of all cases.
        gives_away: AUROC above which the lower end of an interval calls for the test by shuffled labels.
    """

    labels: Sequence[str]
    n_folds: int
    gives_away: float
    seed: int
    bootstrap: ClusterBootstrap

    def probe(self, question: Question, division: Division) -> LabelProbe | None:
        """Train and test the model; None if fewer than two classes have enough patients, groups or images."""
        task = self._task(question, division)
        if task is None:
            return None
        folds, scores = self._tested(task.features, task.codes, task.clusters, n_trees=N_TREES)
        auroc = fold_auroc(scores, task.codes, folds, task.clusters, self.bootstrap)
        right = scores.argmax(axis=1) == task.codes
        accuracy = self.bootstrap.share(right.astype(np.float64), task.clusters)
        p = None
        n_shuffles = min(round(question.n_family / LEVEL) - 1, _MOST_SHUFFLES)
        likely = (
            question.judged and division.decides and auroc.low is not None and auroc.low > self.gives_away
        )
        if likely and not _is_certain(auroc.estimate, task):
            p = self._p(task, n_shuffles)
        beyond = likely and (p is None or p <= 1 / (1 + n_shuffles))
        return _row(question, division, task, auroc, accuracy, beyond=beyond, p=p)

    def _task(self, question: Question, division: Division) -> _Task | None:
        """Return the images of classes with enough units; None if fewer than two classes have them."""
        labels = [self.labels[row] for row in question.rows]
        clusters = [division.clusters[row] for row in question.rows]
        classes = large_classes(labels, clusters)
        if len(classes) < 2:
            return None
        kept = np.array([label in classes for label in labels])
        codes = np.searchsorted(np.array(classes), [label for label in labels if label in classes])
        names = tuple(cluster for cluster, keep in zip(clusters, kept, strict=True) if keep)
        return _Task(classes, names, codes, question.features[kept])

    def _p(self, task: _Task, n_shuffles: int) -> float:
        """Return the share of shuffled labels, the true ones included, that give so high an AUROC; stops at the first.

        A patient or group keeps its images together, and each of its images gets the label that it drew. Smaller forests
        answer here, for the true labels too.
        """
        generator = generator_for(self.seed, "labels shuffled")
        units, own = np.unique(np.asarray(task.clusters, dtype=np.str_), return_inverse=True)
        labels = np.array([np.bincount(task.codes[own == unit]).argmax() for unit in range(len(units))])
        auroc = auroc_within_folds(*self._small(task, task.codes))
        for n_drawn in range(1, n_shuffles + 1):
            if auroc_within_folds(*self._small(task, generator.permutation(labels)[own])) >= auroc:
                return 2 / (1 + n_drawn)
        return 1 / (1 + n_shuffles)

    def _small(self, task: _Task, codes: IntArray) -> tuple[FloatArray, IntArray, IntArray]:
        """Return scores, classes and folds of small forests that learn other labels."""
        folds, scores = self._tested(task.features, codes, task.clusters, n_trees=N_TREES_OF_SHUFFLES)
        return scores, codes, folds

    def _tested(
        self, features: FloatArray, codes: IntArray, clusters: Sequence[str], *, n_trees: int
    ) -> tuple[IntArray, FloatArray]:
        """Return the fold of each image, and its score for each class from the model that did not see the fold."""
        from sklearn.ensemble import ExtraTreesClassifier

        folds = deal_folds(codes.tolist(), clusters, n_folds=self.n_folds, seed=self.seed)
        scores = np.zeros((len(codes), int(codes.max()) + 1))
        for fold in np.unique(folds):
            tested = folds == fold
            # In one thread: the trees' votes are added in a fixed order, so that the last bit never differs.
            forest = ExtraTreesClassifier(
                n_trees,
                min_samples_leaf=_LEAST_IN_LEAF,
                random_state=seed_for(self.seed, "forest", str(fold)),
                n_jobs=1,
            )
            forest.fit(features[~tested], codes[~tested])
            scores[np.ix_(tested, forest.classes_)] = forest.predict_proba(features[tested])
        return folds, scores


def _is_certain(auroc: float, task: _Task) -> bool:
    """Return True if an AUROC lies so far above chance that no shuffled labels could reach it.

    Its standard deviation by chance is that of as many units as the rarest class and the others have, each with one
    image; folds that share training images can raise it to 1.3 times that, as measured.
    """
    units = np.unique(np.asarray(task.clusters, dtype=np.str_), return_inverse=True)[1]
    n_all = int(units.max()) + 1
    rarest = min(len(np.unique(units[task.codes == code])) for code in np.unique(task.codes))
    others = max(1, n_all - rarest)
    spread = np.sqrt((rarest + others + 1) / (12 * rarest * others))
    return bool(auroc - 0.5 > _CERTAIN * spread)


def _row(
    question: Question,
    division: Division,
    task: _Task,
    auroc: Interval,
    accuracy: Interval,
    *,
    beyond: bool,
    p: float | None,
) -> LabelProbe:
    return LabelProbe(
        view=question.view,
        kind=question.kind,
        title=question.title,
        unit=division.unit,
        decides=division.decides,
        judged=question.judged,
        n_images=len(task.codes),
        n_units=len(set(task.clusters)),
        n_features=question.features.shape[1],
        auroc=auroc.estimate,
        auroc_low=auroc.low,
        auroc_high=auroc.high,
        accuracy=accuracy.estimate,
        accuracy_low=accuracy.low,
        accuracy_high=accuracy.high,
        majority=float(np.bincount(task.codes).max() / len(task.codes)),
        p=p,
        gives_away=beyond,
        classes="|".join(task.classes),
    )
