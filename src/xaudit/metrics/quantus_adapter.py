"""The metrics that Quantus 0.6 computes as they are defined, one image at a time; the only file that imports it.

Each is asked through its class's ``evaluate_batch``: the call operator gives the same number but spends a hundred
times longer on checks of its own (50 ms on 512 × 512). Maps arrive guarded and clipped, as float64; of any shape,
the mark alike. What Quantus gets wrong is computed in :mod:`xaudit.metrics.localization` instead:

- the pointing game counts a hit when *any* of several maxima lies inside;
- relevance rank accuracy leaves the order of equal values to an unstable sort;
- relevance mass accuracy does not set negative values to zero, so it is handed the positive part.

Quantus is imported by the first call: it brings torch and more along, which a report has no need of.

Metrics that ask the model are computed in :mod:`xaudit.metrics.faithfulness`, where they share batches and answers.
"""

import numpy as np

from xaudit.records import BoolArray, FloatArray


def pointing_game(saliency: FloatArray, region: BoolArray) -> float:
    """1 where the map's only maximum lies inside the mark, else 0."""
    from quantus.metrics.localisation.pointing_game import PointingGame

    return _score(PointingGame, saliency, region)


def relevance_mass_accuracy(saliency: FloatArray, region: BoolArray) -> float:
    """The mark's share of the sum of a map without negative values."""
    from quantus.metrics.localisation.relevance_mass_accuracy import RelevanceMassAccuracy

    return _score(RelevanceMassAccuracy, saliency, region)


def relevance_rank_accuracy(saliency: FloatArray, region: BoolArray) -> float:
    """The mark's share of as many highest pixels as it holds, for a map whose values settle which those are."""
    from quantus.metrics.localisation.relevance_rank_accuracy import RelevanceRankAccuracy

    return _score(RelevanceRankAccuracy, saliency, region)


def sparseness(magnitude: FloatArray) -> float:
    """Gini index of a map without negative values: 0 where all are alike, near 1 where one pixel has everything.

    Source: Chalasani et al. 2020; Hurley and Rickard 2009.
    """
    from quantus.metrics.complexity.sparseness import Sparseness

    return _of_map(Sparseness, magnitude)


def complexity(magnitude: FloatArray) -> float:
    """Entropy, in nats, of the shares of a map without negative values: 0 for one pixel, ln(pixels) for a flat map.

    Source: Bhatt et al. 2020.
    """
    from quantus.metrics.complexity.complexity import Complexity

    return _of_map(Complexity, magnitude)


def _of_map(metric: type, magnitude: FloatArray) -> float:
    asked = metric(abs=True, normalise=False, return_aggregate=False, disable_warnings=True)
    # A copy: both change the array that they are given.
    values = np.array(magnitude, dtype=np.float64).reshape(1, -1)
    return float(asked.evaluate_batch(x_batch=values, a_batch=values)[0])


def _score(metric: type, saliency: FloatArray, region: BoolArray) -> float:
    asked = metric(abs=False, normalise=False, return_aggregate=False, disable_warnings=True)
    scores = asked.evaluate_batch(
        a_batch=np.ascontiguousarray(saliency, dtype=np.float64).reshape(1, -1),
        s_batch=np.ascontiguousarray(region).reshape(1, -1),
    )
    return float(scores[0])
