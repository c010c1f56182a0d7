"""Groups of points: divided as scikit-learn divides them, shown only beyond chance, and independent of the order."""

import numpy as np
import pytest
from sklearn.cluster import SpectralClustering
from sklearn.metrics import silhouette_samples

from xaudit.statistics.spectral_groups import groups_beyond_chance, silhouettes, spectral_labels

RESOLUTION = 1 / 32


def two_places(n_corner: int, n_spread: int, *, seed: int) -> np.ndarray:
    """Points within a thousandth of the corner, and points spread over a square far from it."""
    generator = np.random.default_rng(seed)
    corner = generator.normal(0, 0.001, (n_corner, 2))
    return np.concatenate([corner, generator.uniform(0.4, 0.8, (n_spread, 2))])


def grouped(points: np.ndarray, *, seed: int = 0) -> list[int]:
    return groups_beyond_chance(
        points, np.arange(len(points)), resolution=RESOLUTION, seed=seed
    ).labels.tolist()


def test_silhouettes_by_hand_and_as_scikit_learn_has_them() -> None:
    points = np.array([[0.0, 0], [1, 0], [4, 0], [4, 3]])
    labels = np.array([0, 0, 1, 1])
    values, beyond = silhouettes(points, labels)
    # First point: 1 from its own group, (4 + 5) / 2 = 4.5 from the other: (4.5 - 1) / 4.5.
    assert values[0] == pytest.approx(3.5 / 4.5)
    assert beyond[0] == pytest.approx(4.5)
    assert values == pytest.approx(silhouette_samples(points, labels))


@pytest.mark.parametrize("seed", range(5))
def test_the_division_is_that_of_scikit_learn(seed: int) -> None:
    generator = np.random.default_rng(seed)
    centres = np.array([[0.0, 0], [1, 0], [0, 1]])
    points = np.concatenate([centre + generator.normal(0, 0.1, (12, 2)) for centre in centres])
    own = spectral_labels(points, resolution=RESOLUTION)
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    scale = np.maximum(np.sort(distance, axis=1)[:, 7], RESOLUTION)
    affinity = np.exp(-(distance**2) / (scale[:, None] * scale[None]))
    theirs = SpectralClustering(
        3, affinity="precomputed", assign_labels="cluster_qr", random_state=0
    ).fit_predict(affinity)
    together = own[:, None] == own[None]
    assert (together == (theirs[:, None] == theirs[None])).all()


def test_a_tight_group_beside_scattered_points_is_shown_alone() -> None:
    labels = grouped(two_places(8, 24, seed=1))
    assert labels == [0] * 8 + [-1] * 24 or labels == [1] * 8 + [0] * 24


@pytest.mark.parametrize("kind", ["square", "normal", "long", "ball"])
def test_one_place_gives_no_groups_in_19_of_20_draws(kind: str) -> None:
    n_shown = 0
    for seed in range(20):
        generator = np.random.default_rng(seed)
        points = {
            "square": lambda g: g.uniform(0, 1, (30, 2)),
            "normal": lambda g: g.normal(0, 0.3, (30, 3)),
            "long": lambda g: g.uniform(0, 1, (30, 2)) * [1, 0.2],
            "ball": lambda g: g.normal(0, 0.3, (30, 20)),
        }[kind](generator)
        n_shown += max(grouped(points, seed=seed)) >= 0
    assert n_shown <= 1


def test_points_of_one_patient_do_not_make_a_group() -> None:
    points = two_places(8, 24, seed=2)
    patients = np.concatenate([np.zeros(8, dtype=int), np.arange(1, 25)])
    labels = groups_beyond_chance(points, patients, resolution=RESOLUTION, seed=0).labels
    assert (labels[:8] == -1).all()


def test_points_nearer_than_the_resolution_make_no_groups() -> None:
    points = two_places(15, 15, seed=3) * 0.01
    assert max(grouped(points)) == -1


def test_equal_points_are_one_group() -> None:
    assert max(grouped(np.zeros((20, 4)))) == -1


def test_order_changes_no_group() -> None:
    points = two_places(12, 18, seed=4)
    order = np.random.default_rng(0).permutation(30)
    plain, shuffled = grouped(points), grouped(points[order])
    assert max(plain) >= 0
    together = np.equal.outer(np.array(plain)[order], np.array(plain)[order])
    assert (together == np.equal.outer(shuffled, shuffled)).all()
