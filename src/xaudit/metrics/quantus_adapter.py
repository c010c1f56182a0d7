"""The metrics that Quantus 0.6 computes as they are defined, one image at a time; the only file that imports it.

Each is asked through its class's ``evaluate_batch``: the call operator gives the same number but spends a hundred
times longer on checks of its own (50 ms on 512 × 512). Maps arrive guarded and clipped, as float64; of any shape,
the mark alike. What Quantus gets wrong is computed in :mod:`xaudit.metrics.localization` instead:

- the pointing game counts a hit when *any* of several maxima lies inside;
- relevance rank accuracy leaves the order of equal values to an unstable sort;
- relevance mass accuracy does not set negative values to zero, so it is handed the positive part.
"""

import numpy as np
from quantus.metrics.localisation.pointing_game import PointingGame
from quantus.metrics.localisation.relevance_mass_accuracy import RelevanceMassAccuracy
from quantus.metrics.localisation.relevance_rank_accuracy import RelevanceRankAccuracy

from xaudit.records import BoolArray, FloatArray


def pointing_game(saliency: FloatArray, region: BoolArray) -> float:
    """1 where the map's only maximum lies inside the mark, else 0."""
    return _score(PointingGame, saliency, region)


def relevance_mass_accuracy(saliency: FloatArray, region: BoolArray) -> float:
    """The mark's share of the sum of a map without negative values."""
    return _score(RelevanceMassAccuracy, saliency, region)


def relevance_rank_accuracy(saliency: FloatArray, region: BoolArray) -> float:
    """The mark's share of as many highest pixels as it holds, for a map whose values settle which those are."""
    return _score(RelevanceRankAccuracy, saliency, region)


def _score(metric: type, saliency: FloatArray, region: BoolArray) -> float:
    asked = metric(abs=False, normalise=False, return_aggregate=False, disable_warnings=True)
    scores = asked.evaluate_batch(
        a_batch=np.ascontiguousarray(saliency, dtype=np.float64).reshape(1, -1),
        s_batch=np.ascontiguousarray(region).reshape(1, -1),
    )
    return float(scores[0])
