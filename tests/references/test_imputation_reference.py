"""Noisy linear imputation derived again with a dense matrix, and beside the version that Quantus carries."""

import numpy as np
import pytest
from quantus.functions.perturb_func import noisy_linear_imputation

from xaudit.perturb import linear_imputation
from xaudit.perturb.linear_imputation import impute_linearly
from xaudit.perturb.recent_results import RecentResults


def slow_imputation(image, mask):
    """One row of a dense system for every masked pixel."""
    unknown = [tuple(place) for place in np.argwhere(mask)]
    system, right = np.zeros((len(unknown), len(unknown))), np.zeros((len(unknown), len(image)))
    for row, (y, x) in enumerate(unknown):
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                at = (y + dy, x + dx)
                if (dy, dx) == (0, 0) or not (0 <= at[0] < mask.shape[0] and 0 <= at[1] < mask.shape[1]):
                    continue
                weight = 1 / 12 if dy and dx else 1 / 6
                system[row, row] += weight
                if mask[at]:
                    system[row, unknown.index(at)] -= weight
                else:
                    right[row] += weight * image[:, at[0], at[1]]
    return np.linalg.solve(system, right).T


@pytest.mark.parametrize("share", [0.05, 0.4, 0.9])
def test_the_sparse_system_has_the_solution_of_the_dense_one(share):
    rng = np.random.default_rng(int(100 * share))
    image, mask = rng.random((3, 12, 15)), rng.random((12, 15)) < share
    np.testing.assert_allclose(impute_linearly(image, mask), slow_imputation(image, mask), atol=1e-10)


@pytest.mark.parametrize("share", [0.05, 0.4, 0.9])
def test_without_its_noise_quantus_imputes_the_same_pixels(share):
    rng = np.random.default_rng(int(100 * share))
    image, mask = rng.random((1, 12, 15)), rng.random((12, 15)) < share
    theirs = noisy_linear_imputation(image, np.flatnonzero(mask), noise=0.0)
    np.testing.assert_allclose(impute_linearly(image, mask)[0], theirs[0][mask], atol=1e-10)


def test_windows_of_one_shape_share_a_factorised_system_wherever_they_touch_the_same_edges(monkeypatch):
    made = []

    def counting(*given, factorise=linear_imputation._factors):
        made.append(given)
        return factorise(*given)

    kept = RecentResults(lambda factors: factors.nnz, most_bytes=10**9)
    monkeypatch.setattr(linear_imputation, "_FACTORS", kept)
    monkeypatch.setattr(linear_imputation, "_factors", counting)
    rng = np.random.default_rng(5)
    for image in rng.random((2, 3, 20, 16)):
        for y in range(0, 20, 4):
            for x in range(0, 16, 4):
                mask = np.zeros((20, 16), bool)
                mask[y : y + 4, x : x + 4] = True
                np.testing.assert_allclose(
                    impute_linearly(image, mask), slow_imputation(image, mask), atol=1e-10
                )
    assert len(made) == 9  # four corners, four edges and the inside


def test_a_kept_solution_cannot_be_changed_by_its_user():
    image, mask = np.ones((1, 4, 4)), np.eye(4, dtype=bool)
    assert not impute_linearly(image, mask).flags.writeable
