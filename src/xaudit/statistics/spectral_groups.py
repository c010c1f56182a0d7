"""Spectral clustering of points, with a test of each group against points that vary around one place only.

Conventions of this file: points are (n, features), at least two, of which distances are Euclidean; patients are codes from 0.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh, qr, svd

from xaudit.records import FloatArray, IntArray

MOST_GROUPS = 6
LEAST_PATIENTS = 5
LEAST_SILHOUETTE = 0.5
"""Below it a group has no clear border. Source: Kaufman and Rousseeuw 1990, a reasonable structure."""

DRAWS = 99
LEVEL = 0.01

_NEIGHBOUR = 7


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Groups of points.

    Attributes:
        labels: (n,), group of each point from 0; -1 for points of no group that the test shows.
        silhouettes: of the groups.
        p: of the groups, family-wise.
    """

    labels: IntArray
    silhouettes: tuple[float, ...]
    p: tuple[float, ...]


def groups_beyond_chance(
    points: FloatArray, patients: IntArray, *, resolution: float, seed: int, draws: int = DRAWS
) -> Groups:
    """Divide points by spectral clustering, and keep the groups that stand apart more than chance explains.

    The number of groups is that of the largest eigengap. A group needs 5 patients, a mean silhouette of 0.5, and a mean
    distance from the nearest other group of at least the resolution. Its p is the share of draws in which any group of as
    many patients has as large a silhouette. A draw has one box instead of groups: as many points, uniform in a box along the
    principal axes with the variances of the patients' means, and around each patient another one with those of the
    patient's points. Of all distributions with one peak that is the one that looks most like several groups.

    Args:
        resolution: distance below which points lie at the same place.
        draws: at most; fewer are made once p is above :data:`LEVEL`.

    Source: Zelnik-Manor and Perona 2004 for the affinity; Damle, Minden and Ying 2019 for the division; Tibshirani, Walther
    and Hastie 2001 for the uniform box.
    """
    labels = spectral_labels(points, resolution=resolution)
    observed = _silhouettes(points, labels, patients, resolution)
    eligible = [label for label, value in observed.items() if value >= LEAST_SILHOUETTE]
    exceeded = dict.fromkeys(eligible, 0)
    generator = np.random.default_rng(seed)
    made = 0
    for _ in range(draws if eligible else 0):
        made += 1
        drawn = _one_box(points, patients, generator)
        own = _silhouettes(drawn, spectral_labels(drawn, resolution=resolution), patients, resolution)
        largest = max(own.values(), default=-1.0)
        for label in eligible:
            exceeded[label] += largest >= observed[label]
        if min(1 + count for count in exceeded.values()) > LEVEL * (1 + draws):
            break
    shown = [label for label in eligible if 1 + exceeded[label] <= LEVEL * (1 + draws)]
    shown.sort(key=lambda label: (-int((labels == label).sum()), int(np.argmax(labels == label))))
    kept = np.full(len(points), -1)
    for number, label in enumerate(shown):
        kept[labels == label] = number
    return Groups(
        kept,
        tuple(observed[label] for label in shown),
        tuple((1 + exceeded[label]) / (1 + made) for label in shown),
    )


def spectral_labels(points: FloatArray, *, resolution: float) -> IntArray:
    """Return the group of each point, as many groups as the largest eigengap says, 2 at least.

    The affinity of two points falls with their squared distance over the product of their scales; a point's scale is the
    distance to its seventh neighbour, or to that of a quarter of the points, and the resolution at least.

    Example:
        >>> spectral_labels(np.array([[0.0], [0.0], [9.0], [9.0]]), resolution=1.0).tolist()
        [0, 0, 1, 1]
    """
    squared = _distances(points) ** 2
    # The seventh neighbour of eight points is the farthest of all: a scale must not be that of the whole.
    nearest = np.sort(squared, axis=1)[:, min(_NEIGHBOUR, max(1, len(points) // 4))]
    scales = np.maximum(np.sqrt(nearest), resolution)
    affinity = np.exp(-squared / (scales[:, None] * scales[None, :]))
    root = 1 / np.sqrt(affinity.sum(axis=1))
    n, most = len(points), min(MOST_GROUPS, len(points) - 1)
    values, vectors = eigh(
        root[:, None] * affinity * root[None, :], subset_by_index=[n - most - 1, n - 1], driver="evr"
    )
    falls = np.diff(values)[::-1]
    n_groups = 2 + int(np.argmax(falls[1:most])) if most > 1 else 2
    leading = vectors[:, ::-1][:, :n_groups]
    _, pivots = qr(leading.T, mode="r", pivoting=True)
    left, _, right = svd(leading[pivots[:n_groups]].T)
    labels: IntArray = np.abs(leading @ left @ right).argmax(axis=1)
    return np.unique(labels, return_inverse=True)[1]


def silhouettes(points: FloatArray, labels: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return each point's silhouette, and its mean distance from the nearest other group; 0 for a point alone.

    Source: Rousseeuw 1987.
    """
    member = np.eye(int(labels.max()) + 1)[labels]
    sizes, index = member.sum(axis=0), np.arange(len(labels))
    sums = _distances(points) @ member
    within = sums[index, labels] / np.maximum(sizes[labels] - 1, 1)
    means = sums / sizes
    means[index, labels] = np.inf
    beyond = means.min(axis=1)
    largest = np.maximum(within, beyond)
    values = np.divide(beyond - within, largest, out=np.zeros(len(labels)), where=largest > 0)
    return np.where(sizes[labels] > 1, values, 0.0), beyond


def _silhouettes(
    points: FloatArray, labels: IntArray, patients: IntArray, resolution: float
) -> dict[int, float]:
    """Return the mean silhouette of each group with enough patients, and far enough from the next."""
    if labels.max() < 1:
        return {}
    values, beyond = silhouettes(points, labels)
    return {
        label: float(values[own].mean())
        for label in range(int(labels.max()) + 1)
        for own in (labels == label,)
        if len(np.unique(patients[own])) >= LEAST_PATIENTS and beyond[own].mean() >= resolution
    }


def _distances(points: FloatArray) -> FloatArray:
    centred = points - points.mean(axis=0)
    squares = (centred**2).sum(axis=1)
    squared = squares[:, None] + squares[None, :] - 2 * centred @ centred.T
    np.fill_diagonal(squared, 0)
    distances: FloatArray = np.sqrt(np.maximum(squared, 0))
    return distances


def _one_box(points: FloatArray, patients: IntArray, generator: np.random.Generator) -> FloatArray:
    """Draw points of one place: a box of patients, and a box of points around each."""
    n_patients = int(patients.max()) + 1
    counts = np.bincount(patients, minlength=n_patients)
    means = np.zeros((n_patients, points.shape[1]))
    np.add.at(means, patients, points)
    means /= counts[:, None]
    drawn = _box(means, generator)[patients]
    if n_patients < len(points):
        drawn = drawn + _box(points - means[patients], generator)
    return drawn


def _box(points: FloatArray, generator: np.random.Generator) -> FloatArray:
    centred = points - points.mean(axis=0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    spread = sizes / np.sqrt(len(points))
    kept = spread > 1e-9 * max(float(spread.max()), 1e-300)
    uniform = generator.uniform(-1, 1, (len(points), int(kept.sum()))) * np.sqrt(3)
    box: FloatArray = (uniform * spread[kept]) @ axes[kept]
    return box
