"""Confidence sequences of bounded means: intervals that hold after every patient at once, wherever an audit stops.

Conventions of this file: values stand one per case, ``clusters`` names the patient of each. A patient counts once, with
the mean of the cases; so the estimate is the mean of the patients' means. Patients come in an order that depends on the
seed and on their names alone. Results do not depend on the order of the cases.

The intervals hold for the population from which the patients are drawn. Patients that are not used yet give no further
certainty: an audit speaks of patients in general, not of the rest of a folder.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from xaudit.records import FloatArray, Interval
from xaudit.statistics.bootstrap import MIN_CLUSTERS
from xaudit.statistics.sequential.patients import in_seeded_order

METHOD: Final = "sequence"
"""Method of an interval that holds wherever an audit stops."""

_STAKES: Final = np.array([0.98, 0.8, 0.6, 0.4, 0.25, 0.15, 0.08, 0.03])
_SHARES: Final = np.array([0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.05, 0.05])
"""Shares of the capital at the start that are bet with each stake; large stakes win early if values hardly vary."""

_STEPS: Final = 50
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Bounds:
    """The lowest and highest value that a measure can have, known before anything is measured."""

    low: float
    high: float

    def __post_init__(self) -> None:
        """Raise ValueError unless both are finite and the first is below the second."""
        if not (np.isfinite([self.low, self.high]).all() and self.low < self.high):
            raise ValueError(f"expected two rising, finite bounds, got {self.low:g} and {self.high:g}")


def sequence_of_patients(
    values: FloatArray, clusters: Sequence[str], *, bounds: Bounds, confidence: float, seed: int
) -> Interval:
    """Return the mean over patients with the interval of its confidence sequence.

    Raises:
        ValueError: if there are no values, one lies outside the bounds, or there are not as many as clusters.
    """
    flat = np.asarray(values, dtype=np.float64)
    if flat.ndim != 1 or len(flat) != len(clusters):
        raise ValueError(f"{flat.size} values and {len(clusters)} clusters: expected one cluster per value")
    own: dict[str, list[float]] = {}
    for name, value in zip(clusters, flat.tolist(), strict=True):
        own.setdefault(name, []).append(value)
    # Sorted within the patient, a sum has the same last bit whatever order the cases came in.
    means = [sum(sorted(own[name])) / len(own[name]) for name in in_seeded_order(own, seed)]
    return sequence_interval(np.array(means), bounds=bounds, confidence=confidence)


def sequence_interval(values: FloatArray, *, bounds: Bounds, confidence: float) -> Interval:
    """Return the mean of independent values with the interval that its confidence sequence has reached.

    A mean is left out as soon as a gambler who bets against it has won: who bets fixed shares of the capital on values
    above a mean wins nothing on average unless the mean is larger, so the capital grows 2 / (1 - confidence) times with a
    probability of at most (1 - confidence) / 2, at any time (Ville's inequality). Half of the error is spent on each limit. What was
    left out once stays left out, so that the intervals of one sequence lie within each other. Only where the estimate
    would lie outside of its interval, the interval is widened to hold it.

    Below 5 values there are no limits.

    Args:
        values: one per patient, in the order in which the patients were taken.

    Raises:
        ValueError: if there are no values, or one is not finite or lies outside the bounds.

    Source: Waudby-Smith and Ramdas 2024, Estimating means of bounded random variables by betting, JRSS B 86: the hedged capital
    of constant bets (diversified Kelly). Own code, as `confseq` (last release in January 2023) needs a NumPy before 2.

    Example:
        A hundred patients without any effect, of a measure between -1 and 1: an effect of more than .05 is excluded.

        >>> interval = sequence_interval(np.zeros(100), bounds=Bounds(-1, 1), confidence=0.95)
        >>> round(interval.low, 3), round(interval.high, 3)
        (-0.045, 0.045)
    """
    scaled = _scaled(values, bounds)
    estimate = float(np.mean(values))
    if len(scaled) < MIN_CLUSTERS:
        return Interval(estimate, None, None, "none")
    threshold = float(np.log(2 / (1 - confidence)))
    width = bounds.high - bounds.low
    low = bounds.low + width * _lower_limit(scaled, threshold)
    high = bounds.high - width * _lower_limit(1 - scaled, threshold)
    return Interval(estimate, min(low, estimate), max(high, estimate), METHOD)


def _scaled(values: FloatArray, bounds: Bounds) -> FloatArray:
    """Return the values carried to 0 to 1; those outside by rounding alone are moved onto the bound."""
    flat = np.asarray(values, dtype=np.float64)
    if flat.ndim != 1 or not len(flat):
        raise ValueError("no values: there is nothing to estimate")
    width = bounds.high - bounds.low
    scaled = (flat - bounds.low) / width
    outside = ~((scaled >= -_ROUNDING) & (scaled <= 1 + _ROUNDING))
    if outside.any():
        raise ValueError(
            f"{int(outside.sum())} of {len(flat)} values are not between {bounds.low:g} and {bounds.high:g}, such as "
            f"{flat[outside][0]:g}"
        )
    return np.asarray(np.clip(scaled, 0.0, 1.0))


def _lower_limit(values: FloatArray, threshold: float) -> float:
    """Return the largest mean that is left out from below, 0 if none is; by bisection, as larger means are harder to leave out.

    Args:
        values: between 0 and 1.
        threshold: logarithm of the capital at which a mean is left out.
    """
    left_out, kept = 0.0, 1.0
    for _ in range(_STEPS):
        mean = (left_out + kept) / 2
        if highest_capital(values, mean) >= threshold:
            left_out = mean
        else:
            kept = mean
    return left_out


def highest_capital(values: FloatArray, mean: float) -> float:
    """Return the logarithm of the highest capital that bets on values above ``mean`` have reached, from 1 at the start."""
    gains = np.log1p(np.multiply.outer(_STAKES / mean, values - mean))
    capital = np.cumsum(gains, axis=1) + np.log(_SHARES)[:, np.newaxis]
    return float(np.logaddexp.reduce(capital, axis=0).max())
