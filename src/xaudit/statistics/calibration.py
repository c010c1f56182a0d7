"""Calibration of probabilities: equal-mass bins, ECE, Brier score, and what exact probabilities would show by chance.

Conventions of this file: ``probability`` is the probability that a model gave to a target, ``outcome`` is 1 where the
target is the true class, both (n,) float64; ``bins`` is the bin of each case, from 0, and ``codes`` its patient.
"""

from dataclasses import dataclass, replace

import numpy as np

from xaudit.records import FloatArray, IntArray, Interval
from xaudit.statistics.bootstrap import MIN_CLUSTERS, ClusterBootstrap
from xaudit.statistics.small_samples import wilson

MOST_BINS = 10
PER_BIN = 10
"""Images that a bin should hold at least, unless all of them are fewer than twice as many."""

SIMULATIONS = 2000

_CHUNK = 2**22


def equal_mass_bins(probability: FloatArray) -> IntArray:
    """Return the bin of each case; bins hold about as many cases each, and equal probabilities share a bin.

    There are as many bins as leave 10 cases to each, 10 at most.

    Example:
        >>> equal_mass_bins(np.array([0.9, 0.1, 0.1, 0.8] * 5)).tolist()[:4]
        [1, 0, 0, 1]
    """
    n = len(probability)
    n_bins = max(1, min(MOST_BINS, n // PER_BIN))
    order = np.argsort(probability, kind="stable")
    values = probability[order]
    starts = np.flatnonzero(np.diff(values, prepend=-np.inf))
    middles = (starts + np.append(starts[1:], n)) / 2
    of_value = np.minimum((middles * n_bins / n).astype(np.int64), n_bins - 1)
    sorted_bins = np.repeat(of_value, np.diff(np.append(starts, n)))
    bins = np.empty(n, dtype=np.int64)
    # Ties may leave a bin empty; the others are numbered anew.
    bins[order] = np.unique(sorted_bins, return_inverse=True)[1]
    return bins


def ece(probability: FloatArray, outcome: FloatArray, bins: IntArray) -> float:
    """Return the expected calibration error: the mean over cases of how far their bin's probability is off.

    Lower is better; 0 to 1. It is the plug-in estimator over equal-mass bins, which is biased upwards: also exact
    probabilities show more than 0, the more the fewer cases there are. Read it beside :func:`chance_errors`.

    Source: Naeini et al. 2015; equal-mass bins as in Nixon et al. 2019.
    """
    return float(np.abs(np.bincount(bins, weights=outcome - probability)).sum() / len(probability))


def ece_interval(
    answers: tuple[FloatArray, FloatArray, IntArray, IntArray],
    chance: FloatArray,
    wrong: float,
    bootstrap: ClusterBootstrap,
) -> Interval:
    """Return the expected calibration error with an interval over patients that never promises too much.

    The plug-in estimator is biased upwards, and so is each of its bootstrap replicates, which makes usual bootstrap limits
    wrong. Instead, the error differs from the truth by at most the summed deviation of the bins' shares from their own
    truth. The half-width is the largest of three 95 % bounds on that: its bootstrap over patients, its distribution if the
    probabilities are exact, and Wilson's bound on the share of wrong answers, since resampling data with few wrong
    answers shows too few of them. Wider than need be: in simulated populations of 12 to 200 patients it covered the truth in 96 to 100 %.

    Args:
        answers: probability, outcome, bins and codes.
        chance: ECE of simulated exact answers, see :func:`chance_errors`.
        wrong: share of cases on which the model named a wrong class.
    """
    probability, outcome, bins, codes = answers
    estimate = ece(probability, outcome, bins)
    n_clusters = int(codes.max()) + 1
    if n_clusters < MIN_CLUSTERS:
        return Interval(estimate, None, None, "none")
    sums = np.zeros((n_clusters, int(bins.max()) + 1))
    np.add.at(sums, (codes, bins), outcome - probability)
    sizes = np.bincount(codes).astype(np.float64)
    overall = sums.sum(axis=0) / len(probability)
    deviations = [
        np.abs(weights @ sums / (weights @ sizes)[:, None] - overall).sum(axis=1)
        for weights in bootstrap.draws(n_clusters)
    ]
    half = max(
        float(np.quantile(np.concatenate(deviations), bootstrap.confidence)),
        float(np.quantile(chance, bootstrap.confidence)),
        (wilson(wrong, n_clusters, confidence=bootstrap.confidence).high or 0.0) - wrong,
    )
    return Interval(estimate, max(0.0, estimate - half), min(1.0, estimate + half), "deviation")


def widened(interval: Interval, wrong: float, n_clusters: int, *, confidence: float) -> Interval:
    """Return an interval of a mean over cases with room for wrong answers that have not been seen.

    If no case was answered wrongly, a bootstrap sees none either, and its limits nearly meet. The upper limit then lies as
    far above the estimate as Wilson's interval of 0 wrong answers is wide.
    """
    if wrong > 0 or interval.high is None:
        return interval
    room = wilson(0.0, n_clusters, confidence=confidence).high or 0.0
    return replace(interval, high=max(interval.high, interval.estimate + room))


@dataclass(frozen=True, slots=True)
class BrierTerms:
    """The Brier score and its decomposition: ``brier = reliability - resolution + uncertainty + within_bins``.

    Attributes:
        reliability: mean squared distance of each bin's probability from its share; 0 is best.
        resolution: mean squared distance of each bin's share from the share overall; more is better.
        uncertainty: variance of the outcome, which no model changes.
        within_bins: what the differences between the probabilities of one bin add; small.

    Source: Murphy 1973; the last term as in Stephenson et al. 2008.
    """

    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    within_bins: float


def brier_terms(probability: FloatArray, outcome: FloatArray, bins: IntArray) -> BrierTerms:
    """Return the Brier score of one target, the mean of (probability - outcome)², with its decomposition."""
    sizes = np.bincount(bins)
    given = np.bincount(bins, weights=probability) / sizes
    observed = np.bincount(bins, weights=outcome) / sizes
    share, overall = sizes / len(bins), float(outcome.mean())
    brier = float(((probability - outcome) ** 2).mean())
    reliability = float((share * (given - observed) ** 2).sum())
    resolution = float((share * (observed - overall) ** 2).sum())
    uncertainty = overall * (1 - overall)
    return BrierTerms(
        brier, reliability, resolution, uncertainty, brier - (reliability - resolution + uncertainty)
    )


def chance_errors(
    probability: FloatArray, bins: IntArray, codes: IntArray, generator: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Simulate outcomes for which the probabilities are exactly right; return their ECE and mean gap, (n_simulations,) each.

    All images of a patient err together in a simulation, so images of one patient count no more than one image. This
    is the strongest dependence within patients that there can be, so chance is never taken for too small.

    The gap is the mean of probability minus outcome.
    """
    n, n_clusters = len(probability), int(codes.max()) + 1
    order = np.argsort(bins, kind="stable")
    starts = np.flatnonzero(np.diff(bins[order], prepend=-1))
    errors, gaps = [], []
    rows = max(1, _CHUNK // n)
    for start in range(0, SIMULATIONS, rows):
        drawn = generator.random((min(rows, SIMULATIONS - start), n_clusters))
        residuals = probability[order] - (drawn[:, codes[order]] < probability[order])
        sums = np.add.reduceat(residuals, starts, axis=1)
        errors.append(np.abs(sums).sum(axis=1) / n)
        gaps.append(sums.sum(axis=1) / n)
    return np.concatenate(errors), np.concatenate(gaps)
