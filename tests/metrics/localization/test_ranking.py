"""Metrics of rank beyond those of tests/metrics/test_localization.py, beside Quantus and scikit-learn."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
import quantus
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import auc, average_precision_score, precision_recall_curve

from xaudit.config import MetricSpec
from xaudit.metrics import score_localization
from xaudit.metrics.localization.mass import (
    attribution_localisation,
    relevance_mass_accuracy,
    relevance_mass_lift,
)
from xaudit.metrics.localization.ranking import (
    average_precision,
    relevance_rank_accuracy,
    top_k_intersection,
    trapezoid_auprc,
)

maps = arrays(np.float64, 12, elements=st.integers(0, 4).map(float))
marks = arrays(np.bool_, 12)


def usable(saliency, mark):
    return np.ptp(saliency) > 0 and mark.any() and not mark.all()


def quantus_says(metric, saliency, region, **options):
    shape = (1, 1, *saliency.shape)
    asked = getattr(quantus, metric)(abs=False, normalise=False, disable_warnings=True, **options)
    given_image = {"x_batch": np.zeros(shape)} if metric == "AttributionLocalisation" else {}
    # It divides the mark's size by that of the third image on, and there is one image: infinite, and unused here.
    with np.errstate(divide="ignore"):
        found = asked.evaluate_batch(
            a_batch=saliency.reshape(shape), s_batch=region.reshape(shape), **given_image
        )
    return float(found[0])


PLAIN = np.array([[1.0, 8.0, 4.0, 2.0], [5.0, 3.0, 0.5, 0.0]])
MARK = np.array([[0, 1, 1, 0], [0, 0, 0, 0]], dtype=bool)


def test_the_top_k_worked_by_hand_and_by_quantus():
    # The three highest are 8, 5 and 4; two of them are marked.
    assert top_k_intersection(PLAIN, MARK, k=3) == pytest.approx(2 / 3)
    assert quantus_says("TopKIntersection", PLAIN, MARK, k=3) == pytest.approx(2 / 3)


def test_quantus_gives_a_small_mark_no_chance_and_the_marks_own_size_does():
    # Quantus's k is 1000: of 40 × 40 pixels 100 are marked, and the perfect map gets 100 / 1000.
    mark = np.zeros((40, 40), dtype=bool)
    mark[:10, :10] = True
    perfect = mark + np.arange(1600).reshape(40, 40) / 1e5
    assert quantus_says("TopKIntersection", perfect, mark) == pytest.approx(0.1)
    assert top_k_intersection(perfect, mark) == 1.0


def test_more_pixels_than_there_are_take_them_all():
    assert top_k_intersection(PLAIN, MARK, k=1000) == 2 / 8


@given(maps, marks)
def test_as_many_as_are_marked_is_the_rank_accuracy(saliency, mark):
    if usable(saliency, mark):
        assert top_k_intersection(saliency, mark) == pytest.approx(relevance_rank_accuracy(saliency, mark))


@settings(max_examples=40, deadline=None)
@given(arrays(np.float64, 6, elements=st.integers(0, 2).map(float)), arrays(np.bool_, 6), st.integers(1, 6))
def test_ties_are_the_mean_over_every_order(saliency, mark, k):
    values = sorted(saliency, reverse=True)
    hits = [
        sum(bool(mark[i]) for i in order[:k])
        for order in permutations(range(6))
        if [saliency[i] for i in order] == values
    ]
    slow = Fraction(sum(hits), len(hits) * k)
    assert top_k_intersection(saliency, mark, k=k) == pytest.approx(float(slow))


@settings(deadline=None)
@given(maps, marks)
def test_average_precision_is_that_of_scikit_learn(saliency, mark):
    if usable(saliency, mark):
        assert average_precision(saliency, mark) == pytest.approx(
            average_precision_score(mark, saliency), abs=1e-12
        )


@settings(deadline=None)
@given(maps, marks)
def test_the_trapezoid_is_that_of_scikit_learns_curve(saliency, mark):
    if usable(saliency, mark):
        curve = precision_recall_curve(mark, saliency)
        assert trapezoid_auprc(saliency, mark) == pytest.approx(auc(curve[1], curve[0]), abs=1e-12)


def test_straight_lines_flatter_a_map_of_few_levels():
    # One level keeps all: precision 1/6 after recall 1. The step gives 1/6, the line from (0, 1) the mean of both.
    saliency, mark = np.array([1.0, 1, 1, 1, 1, 1]), np.array([True, False, False, False, False, False])
    assert average_precision(saliency, mark) == pytest.approx(1 / 6)
    assert trapezoid_auprc(saliency, mark) == pytest.approx((1 + 1 / 6) / 2)


def test_noise_has_the_average_precision_that_the_docstring_names():
    rng = np.random.default_rng(0)
    mark = np.arange(5000) < 500
    scores = [average_precision(rng.random(5000), mark) for _ in range(50)]
    assert np.mean(scores) == pytest.approx(0.1, abs=0.01)


def test_the_rule_is_an_option():
    all_seen = np.ones(MARK.shape, dtype=bool)
    step, line = (
        score_localization(
            MetricSpec.model_validate({"name": "pixel-auprc", "rule": rule}), PLAIN, MARK, all_seen
        )
        for rule in ("step", "trapezoid")
    )
    # 8 is found at precision 1, 4 as the third at 2/3.
    assert step == pytest.approx(1 / 2 + 1 / 2 * 2 / 3)
    assert line == pytest.approx(1 / 2 + (1 / 2 + 2 / 3) / 2 / 2)


def test_the_inside_total_ratio_is_quantuss_but_for_faint_maps():
    # 8 + 4 of 23.5
    assert attribution_localisation(PLAIN, MARK) == pytest.approx(12 / 23.5)
    assert quantus_says("AttributionLocalisation", PLAIN, MARK, max_size=np.inf) == pytest.approx(12 / 23.5)
    faint = PLAIN * 1e-12
    assert attribution_localisation(faint, MARK) == pytest.approx(12 / 23.5)
    assert quantus_says("AttributionLocalisation", faint, MARK, max_size=np.inf) < 0.02


@given(maps, marks)
def test_the_lift_is_the_share_of_mass_over_the_share_of_area(saliency, mark):
    if usable(saliency, mark):
        share = relevance_mass_accuracy(saliency, mark)
        assert relevance_mass_lift(saliency, mark) == pytest.approx(share / mark.mean())
        assert attribution_localisation(saliency, mark) == pytest.approx(share)
