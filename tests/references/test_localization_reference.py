"""Every localization metric derived again, slowly and from the definition."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import roc_auc_score

from xaudit.metrics.localization.binarisation import OTSU_LEVELS
from xaudit.metrics.localization.mass import relevance_mass_accuracy
from xaudit.metrics.localization.overlap import iou
from xaudit.metrics.localization.pointing import pointing_game
from xaudit.metrics.localization.ranking import pixel_auroc, relevance_rank_accuracy

few = st.integers(0, 3)


def slow_pointing_game(saliency, region):
    maxima = [i for i, value in enumerate(saliency) if value == max(saliency)]
    return Fraction(sum(bool(region[i]) for i in maxima), len(maxima))


def slow_mass_accuracy(saliency, region):
    inside = sum((Fraction(v) for v, r in zip(saliency, region, strict=True) if r), Fraction(0))
    return inside / sum(map(Fraction, saliency))


def slow_rank_accuracy(saliency, region):
    """The mean over every order of the pixels that sorts them downwards."""
    n_marked = int(sum(region))
    values = sorted(saliency, reverse=True)
    hits = [
        sum(bool(region[i]) for i in order[:n_marked])
        for order in permutations(range(len(saliency)))
        if [saliency[i] for i in order] == values
    ]
    return Fraction(sum(hits), len(hits) * n_marked)


def slow_auroc(saliency, region):
    inside = [v for v, r in zip(saliency, region, strict=True) if r]
    outside = [v for v, r in zip(saliency, region, strict=True) if not r]
    won = sum(
        Fraction(1) if a > b else Fraction(1, 2) if a == b else Fraction(0) for a in inside for b in outside
    )
    return won / (len(inside) * len(outside))


def slow_otsu(saliency):
    """The pixels above the cut between two levels that makes the variance between both classes largest."""
    step = Fraction(saliency.max() - saliency.min()) / OTSU_LEVELS
    levels = [min(int(Fraction(value - saliency.min()) / step), OTSU_LEVELS - 1) for value in saliency]
    best, kept = Fraction(-1), set()
    for cut in sorted(set(levels))[:-1]:
        low, high = [v for v in levels if v <= cut], [v for v in levels if v > cut]
        apart = Fraction(sum(low), len(low)) - Fraction(sum(high), len(high))
        if len(low) * len(high) * apart**2 > best:
            best = len(low) * len(high) * apart**2
            kept = {place for place, level in enumerate(levels) if level > cut}
    return kept


@settings(max_examples=60, deadline=None)
@given(arrays(np.float64, 6, elements=few.map(float)), arrays(np.bool_, 6))
def test_counted_by_hand_over_every_order(saliency, region):
    assume(saliency.any() and region.any() and not region.all() and np.ptp(saliency) > 0)
    assert pointing_game(saliency, region) == pytest.approx(float(slow_pointing_game(saliency, region)))
    assert relevance_mass_accuracy(saliency, region) == pytest.approx(
        float(slow_mass_accuracy(saliency, region))
    )
    assert relevance_rank_accuracy(saliency, region) == pytest.approx(
        float(slow_rank_accuracy(saliency, region))
    )
    assert pixel_auroc(saliency, region) == pytest.approx(float(slow_auroc(saliency, region)))


@settings(max_examples=40, deadline=None)
@given(
    arrays(np.float64, 60, elements=st.integers(0, 1023).map(float)),
    arrays(np.bool_, 60),
)
def test_iou_at_the_cut_that_otsu_defines(saliency, region):
    assume(np.ptp(saliency) > 0 and region.any())
    above = slow_otsu(saliency)
    marked = set(np.flatnonzero(region).tolist())
    assert iou(saliency, region) == pytest.approx(len(above & marked) / len(above | marked))


@pytest.mark.parametrize("levels", [3, 40, 10**9])
@pytest.mark.parametrize("size", [50, 128 * 128])
def test_the_auroc_is_that_of_scikit_learn(levels, size):
    rng = np.random.default_rng([levels, size])
    saliency, region = rng.integers(0, levels, size) / 7, rng.random(size) < 0.1
    region[0], region[1] = True, False
    assert pixel_auroc(saliency, region) == pytest.approx(roc_auc_score(region, saliency), abs=1e-9)
