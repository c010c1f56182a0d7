"""Calibration of probabilities: bins, ECE, Brier score, chance, and the interval."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from references import calibration as slow
from xaudit.records import Interval
from xaudit.statistics.bootstrap import ClusterBootstrap
from xaudit.statistics.calibration import (
    brier_terms,
    chance_errors,
    ece,
    ece_interval,
    equal_mass_bins,
    widened,
)

BOOTSTRAP = ClusterBootstrap(replicates=500, confidence=0.95, seed=0)


def answers(n=60, seed=0):
    random = np.random.default_rng(seed)
    probability = random.random(n)
    outcome = (random.random(n) < probability).astype(float)
    return probability, outcome


def test_bins_hold_as_many_cases_each_and_equal_probabilities_share_one():
    assert np.bincount(equal_mass_bins(np.linspace(0, 1, 100))).tolist() == [10] * 10
    assert np.bincount(equal_mass_bins(np.linspace(0, 1, 35))).tolist() == [12, 11, 12]
    assert equal_mass_bins(np.array([0.7, 0.2, 0.4])).tolist() == [0, 0, 0]
    assert equal_mass_bins(np.full(50, 0.62)).tolist() == [0] * 50
    tied = np.array([0.5] * 25 + [0.9] * 5)
    assert equal_mass_bins(tied).tolist() == [0] * 25 + [1] * 5


def test_the_error_of_two_bins_by_hand():
    # Bin 0: given .2, true 1 of 2; bin 1: given .8, true 2 of 2. |.2 - .5| * 2/4 + |.8 - 1| * 2/4 = .25
    probability, outcome = np.array([0.1, 0.3, 0.7, 0.9]), np.array([0.0, 1.0, 1.0, 1.0])
    bins = np.array([0, 0, 1, 1])
    assert ece(probability, outcome, bins) == pytest.approx(0.25)
    terms = brier_terms(probability, outcome, bins)
    # (.01 + .49 + .09 + .01) / 4; reliability (.3² + .2²) / 2; resolution (.25² + .25²) / 2; uncertainty .75 * .25
    assert terms.brier == pytest.approx(0.15)
    assert terms.reliability == pytest.approx(0.065)
    assert terms.resolution == pytest.approx(0.0625)
    assert terms.uncertainty == pytest.approx(0.1875)
    assert terms.within_bins == pytest.approx(0.15 - 0.065 + 0.0625 - 0.1875)


def test_error_and_score_are_as_their_definitions_read():
    probability, outcome = answers()
    bins = equal_mass_bins(probability)
    assert ece(probability, outcome, bins) == pytest.approx(slow.ece(probability, outcome, bins))
    terms = brier_terms(probability, outcome, bins)
    assert terms.brier == pytest.approx(slow.brier(probability, outcome))
    assert terms.brier == pytest.approx(brier_score_loss(outcome, probability))
    assert terms.brier == pytest.approx(
        terms.reliability - terms.resolution + terms.uncertainty + terms.within_bins
    )


def test_no_term_is_within_bins_of_equal_probabilities():
    probability, outcome = np.array([0.2] * 10 + [0.9] * 10), np.array([0.0] * 9 + [1.0] * 11)
    assert brier_terms(probability, outcome, np.repeat([0, 1], 10)).within_bins == pytest.approx(0)


def test_exact_answers_show_an_error_by_chance_and_images_of_a_patient_err_together():
    # One bin of ten cases at .5: the mean error is E|X - 5| / 10 with X ~ Bin(10, .5), which is .123.
    probability, bins = np.full(10, 0.5), np.zeros(10, dtype=int)
    alone, gaps = chance_errors(probability, bins, np.arange(10), np.random.default_rng(0))
    assert alone.mean() == pytest.approx(0.123, abs=0.01)
    assert gaps.mean() == pytest.approx(0, abs=0.01)
    # All of one patient: ten right or ten wrong, so the error is always .5.
    together, _ = chance_errors(probability, bins, np.zeros(10, dtype=int), np.random.default_rng(0))
    assert set(together.tolist()) == {0.5}


def test_five_patients_that_are_all_right_do_not_prove_calibration():
    probability, outcome = np.full(5, 0.999), np.ones(5)
    bins, codes = np.zeros(5, dtype=int), np.arange(5)
    chance, _ = chance_errors(probability, bins, codes, np.random.default_rng(0))
    interval = ece_interval((probability, outcome, bins, codes), chance, 0.0, BOOTSTRAP)
    # Wilson's upper limit of 0 wrong answers in 5 is z² / (5 + z²) = 3.84 / 8.84.
    assert interval.high == pytest.approx(0.001 + 0.4345, abs=1e-3)
    assert interval.low == 0
    few = ece_interval((probability[:4], outcome[:4], bins[:4], codes[:4]), chance, 0.0, BOOTSTRAP)
    assert (few.low, few.high) == (None, None)
    assert widened(Interval(0.001, 0.001, 0.001, "bca"), 0.0, 5, confidence=0.95).high == pytest.approx(
        0.4355, abs=1e-3
    )
    assert widened(Interval(0.1, 0.05, 0.2, "bca"), 0.1, 5, confidence=0.95).high == 0.2


@pytest.mark.slow
@pytest.mark.parametrize(("sharpness", "n_patients"), [(1.0, 40), (2.0, 40), (0.5, 40), (1.0, 120)])
def test_the_interval_covers_the_truth(sharpness, n_patients):
    random = np.random.default_rng(7)
    covered = 0
    for seed in range(200):
        odds = random.normal(0, 2.5, n_patients)
        true, given = 1 / (1 + np.exp(-odds)), 1 / (1 + np.exp(-sharpness * odds))
        outcome = (random.random(n_patients) < true).astype(float)
        bins, codes = equal_mass_bins(given), np.arange(n_patients)
        chance, _ = chance_errors(given, bins, codes, random)
        wrong = float(((given > 0.5) != (outcome > 0.5)).mean())
        bootstrap = ClusterBootstrap(replicates=300, confidence=0.95, seed=seed)
        interval = ece_interval((given, outcome, bins, codes), chance, wrong, bootstrap)
        covered += interval.low <= ece(given, true, bins) <= interval.high
    assert covered >= 186  # 95 % of 200 and two standard errors less
