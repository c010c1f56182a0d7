"""Distances to real images in a model's features, worked by hand."""

import numpy as np
import pytest

from xaudit.metrics.oddness import FEWEST_IMAGES, N_NEAREST, RealFeatures


def on_a_line(places, clusters=None):
    features = np.array(places, dtype=float)[:, None]
    return RealFeatures(features, tuple(clusters or (f"p{i}" for i in range(len(places)))))


def test_an_images_own_distance_is_the_mean_over_its_five_nearest():
    real = on_a_line([0, 1, 2, 3, 4, 5, 100])
    # From 0: 1, 2, 3, 4 and 5; from 3: 1, 1, 2, 2 and 3; from 100: 95 to 99.
    assert N_NEAREST == 5
    assert real.distances[[0, 3, 6]].tolist() == [3, 1.8, 97]


def test_images_of_the_own_patient_do_not_count_as_near():
    real = on_a_line([0, 0, 1, 2, 3, 4, 5], ["a", "a", "b", "c", "d", "e", "f"])
    assert real.distances[:2].tolist() == [3, 3]
    # The patient's own image, with a region replaced, is where it was: as far from the others as before.
    assert real.percentile(np.array([0.0]), "a") == pytest.approx(100 * np.mean(real.distances < 3))


def test_the_percentile_is_the_share_of_real_images_that_lie_nearer():
    real = on_a_line(range(20))
    # In the middle of the row the five nearest are 1, 1, 2, 2 and 3 away, at its ends 1 to 5.
    assert real.percentile(np.array([100.0]), "new") == 100
    assert real.percentile(np.array([10.0]), "p10") == 0
    assert real.percentile(np.array([-0.5]), "new") == pytest.approx(
        100 * np.mean(real.distances < np.mean([0.5, 1.5, 2.5, 3.5, 4.5]))
    )


def test_the_percentiles_of_several_images_are_those_of_each():
    real = on_a_line(range(20))
    several = np.array([[100.0], [10.0], [-0.5]])
    assert real.percentiles(several, "p10").tolist() == [real.percentile(one, "p10") for one in several]


def test_the_distance_takes_all_features():
    features = np.zeros((7, 2))
    features[6] = (3, 4)
    assert RealFeatures(features, tuple("abcdefg")).distances[6] == 5


@pytest.mark.parametrize(
    ("n", "clusters", "enough"),
    [
        (FEWEST_IMAGES - 1, None, False),
        (FEWEST_IMAGES, None, True),
        (FEWEST_IMAGES, ["a"] * 16 + ["b"] * 4, False),
        (FEWEST_IMAGES, ["a"] * 15 + ["b"] * 5, True),
        (0, None, False),
    ],
)
def test_fewer_images_than_a_percentile_needs_are_too_few(n, clusters, enough):
    assert on_a_line(range(n), clusters).are_enough is enough
