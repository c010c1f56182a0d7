"""Sign-flip permutation test of a paired difference, with the patient as the unit."""

from collections.abc import Sequence

import numpy as np

from xaudit.records import FloatArray
from xaudit.statistics.bootstrap import MIN_CLUSTERS

EXACT_UP_TO = 16
"""Largest number of patients for which every pattern of signs is tried: 2^16 of them."""

_TIED = 1e-9
"""Sums that differ by less than this share of the largest possible one count as equal."""

_CHUNK = 2**20


def sign_flip_p(
    differences: FloatArray, clusters: Sequence[str], *, seed: int, draws: int = 10_000
) -> float | None:
    """Return the two-sided p of the mean difference over cases when each patient's differences may change sign together.

    Under the null hypothesis, the two that are compared are exchangeable within each patient. All slices of a patient
    are flipped at once, so they need not be independent; a patient with more slices weighs more, as in the mean that
    is tested. Up to :data:`EXACT_UP_TO` patients with a difference, every pattern is tried; beyond that ``draws``
    random ones, with the observed pattern counted among them, so that p is never 0.

    Returns:
        1 if no patient has a difference, None below 5 patients.

    Source: Fisher 1935; the added one of the random case: Phipson and Smyth 2010.

    Example:
        All of five patients on one side: of 2^5 patterns, two are as extreme.

        >>> sign_flip_p(np.array([0.1, 0.3, 0.2, 0.5, 0.4]), ["a", "b", "c", "d", "e"], seed=0)
        0.0625
    """
    names, codes = np.unique(np.asarray(clusters, dtype=np.str_), return_inverse=True)
    if len(names) < MIN_CLUSTERS:
        return None
    flat = np.asarray(differences, dtype=np.float64)
    order = np.lexsort((flat, codes))
    sums = np.bincount(codes[order], weights=flat[order])
    most = float(np.abs(sums).sum())
    moved = sums[np.abs(sums) > 1e-12 * len(flat)]
    if not len(moved):
        return 1.0
    observed = abs(float(moved.sum())) - _TIED * most
    if len(moved) <= EXACT_UP_TO:
        # A pattern and its opposite are equally extreme, so the first sign may stay.
        patterns = np.arange(2 ** (len(moved) - 1))
        signs = 1.0 - 2.0 * ((patterns[:, None] >> np.arange(len(moved))) & 1)
        return float((np.abs(signs @ moved) >= observed).mean())
    generator = np.random.default_rng(seed)
    rows = max(1, _CHUNK // len(moved))
    n_extreme = 0
    for start in range(0, draws, rows):
        flips = generator.integers(2, size=(min(rows, draws - start), len(moved)), dtype=np.int8)
        n_extreme += int((np.abs((1.0 - 2.0 * flips) @ moved) >= observed).sum())
    return (n_extreme + 1) / (draws + 1)
