"""Linear regression whose standard errors allow for the likeness of one patient's slices."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from xaudit.counts import counted
from xaudit.records import Coefficient, FloatArray, Interval

MIN_PATIENTS = 10
"""With fewer patients the sandwich is far too thin, whatever the correction."""

_LEVEL = 1e-12
"""Slopes and residuals smaller than this share of the largest response count as zero."""


@dataclass(frozen=True, slots=True)
class NoFit:
    """The reason why a regression has no result."""

    reason: str


def clustered_regression(
    response: FloatArray,
    columns: dict[str, FloatArray],
    clusters: Sequence[str],
    *,
    confidence: float,
) -> tuple[Coefficient, ...] | NoFit:
    """Ordinary least squares with an intercept and cluster-robust (CR1) standard errors.

    The sandwich sums residuals within each patient before it squares them, times G / (G - 1) · (n - 1) / (n - k) for
    G patients, n cases and k coefficients; limits and p are Student's with G - 1 degrees of freedom. Both are what
    statsmodels does with ``cov_type="cluster"`` and ``use_t``; it is not installed with xaudit, so this is NumPy.

    Args:
        response: one per case.
        columns: by name, one value per case each.
        clusters: the patient of each case.

    Source: Liang and Zeger 1986; Cameron and Miller 2015, A practitioner's guide to cluster-robust inference.
    """
    names = ["intercept", *columns]
    design = np.stack([np.ones(len(response)), *columns.values()], axis=1)
    _, codes = np.unique(np.asarray(clusters, dtype=np.str_), return_inverse=True)
    n_cases, n_columns = design.shape
    n_clusters = int(codes.max(initial=-1)) + 1
    if n_clusters < MIN_PATIENTS:
        return NoFit(f"{counted(n_clusters, 'patient')}: a regression takes at least {MIN_PATIENTS}")
    for name, column in columns.items():
        if np.ptp(column) <= 1e-12 * max(1.0, float(np.abs(column).max())):
            return NoFit(f"{name} is the same on all cases")
    if n_cases <= n_columns or np.linalg.matrix_rank(design) < n_columns:
        return NoFit(f"{' and '.join(columns)} cannot be told apart on these cases")
    # Centred and scaled columns keep the normal equations well conditioned.
    centre, scale = design.mean(axis=0), design.std(axis=0)
    centre[0], scale[0] = 0.0, 1.0
    scaled = (design - centre) / scale
    bread = np.linalg.inv(scaled.T @ scaled)
    level = _LEVEL * max(1.0, float(np.abs(response).max()))
    slopes = _without_rounding(bread @ (scaled.T @ response), level)
    pulled = np.zeros((n_clusters, n_columns))
    np.add.at(pulled, codes, scaled * _without_rounding(response - scaled @ slopes, level)[:, None])
    correction = n_clusters / (n_clusters - 1) * (n_cases - 1) / (n_cases - n_columns)
    covariance = correction * bread @ (pulled.T @ pulled) @ bread
    back = np.diag(1 / scale)
    back[0] -= centre / scale * (np.arange(n_columns) > 0)
    estimates, errors = back @ slopes, np.sqrt(np.maximum(np.diag(back @ covariance @ back.T), 0.0))
    reach = -float(stdtrit(n_clusters - 1, (1 - confidence) / 2))
    return tuple(
        _coefficient(name, float(value), float(error), reach, n_clusters - 1)
        for name, value, error in zip(names, estimates, errors, strict=True)
    )


def _without_rounding(values: FloatArray, level: float) -> FloatArray:
    """Set values within ``level`` to zero: a score that is the same on all cases has slopes of exactly 0."""
    kept: FloatArray = np.where(np.abs(values) <= level, 0.0, values)
    return kept


def _coefficient(name: str, value: float, error: float, reach: float, freedom: int) -> Coefficient:
    p_value = 2 * float(stdtr(freedom, -abs(value) / error)) if error > 0 else float(value == 0)
    return Coefficient(
        name, Interval(value, value - reach * error, value + reach * error, "student"), p_value
    )
