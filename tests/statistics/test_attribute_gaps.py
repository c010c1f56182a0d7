"""Association, gaps between groups of patients, and the permutation test over many groups."""

import math

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from xaudit.statistics.association import clustered_auroc, cramers_v
from xaudit.statistics.level_gaps import group_mean, mean_gap, share_gap, share_limits
from xaudit.statistics.permuted_groups import Answers, group_test, permuted_cases, permuted_statistics
from xaudit.statistics.small_samples import wilson


def test_cramers_v_is_that_of_the_table_of_patients():
    # 10 and 2 of one level, 4 and 8 of the other; V² = chi²/n, less 1/(n - 1), over 1 - 1/(n - 1).
    first = np.repeat([0, 0, 1, 1], [10, 2, 4, 8])
    second = np.repeat([0, 1, 0, 1], [10, 2, 4, 8])
    chi2 = chi2_contingency([[10, 2], [4, 8]], correction=False).statistic
    expected = math.sqrt((chi2 / 24 - 1 / 23) / (1 - 1 / 23))
    found = cramers_v(first, second, np.arange(24))
    assert found.estimate == pytest.approx(expected)
    assert found.low < expected < found.high


def test_more_images_of_the_same_patients_tell_nothing_more():
    first, second = np.repeat([0, 0, 1, 1], [10, 2, 4, 8]), np.repeat([0, 1, 0, 1], [10, 2, 4, 8])
    once = cramers_v(first, second, np.arange(24))
    often = cramers_v(np.repeat(first, 7), np.repeat(second, 7), np.repeat(np.arange(24), 7))
    assert (often.estimate, often.low, often.high) == pytest.approx((once.estimate, once.low, once.high))


def test_an_association_without_two_values_or_patients_has_no_limits():
    assert cramers_v(np.zeros(9, dtype=int), np.arange(9) % 2, np.arange(9)).low is None
    few = cramers_v(np.array([0, 1, 1]), np.array([0, 1, 1]), np.arange(3))
    assert (few.low, few.high) == (None, None)


def test_auroc_of_one_image_per_patient_has_delongs_error():
    rng = np.random.default_rng(5)
    levels = np.repeat([1, 0], [12, 15])
    scores = rng.normal(size=27) + levels
    found = clustered_auroc(scores[:, None], levels, np.arange(27))
    above = (scores[:12, None] > scores[None, 12:]).astype(float)
    assert found.area == pytest.approx(above.mean())
    expected = above.mean(axis=1).var(ddof=1) / 12 + above.mean(axis=0).var(ddof=1) / 15
    assert found.error == pytest.approx(math.sqrt(expected))
    assert found.interval(widening=2).low < found.interval().low < found.area


def test_auroc_of_copied_images_has_the_error_of_the_patients():
    rng = np.random.default_rng(6)
    levels, patients = np.repeat([1, 0], [12, 15]), np.arange(27)
    scores = (rng.normal(size=27) + levels)[:, None]
    once = clustered_auroc(scores, levels, patients)
    often = clustered_auroc(np.repeat(scores, 5, axis=0), np.repeat(levels, 5), np.repeat(patients, 5))
    assert (often.area, often.error) == pytest.approx((once.area, once.error))


def test_auroc_of_several_levels_is_the_mean_of_each_against_the_rest():
    levels = np.repeat([0, 1, 2], 6)
    scores = np.eye(3)[levels]
    scores[0] = (0, 1, 0)
    found = clustered_auroc(scores, levels, np.arange(18))
    # Level 0: 5 of 6 are above all, one ties with all: 5/6 + 1/6 · 1/2. Level 1: of 12 others one ties with each. Level 2: all.
    assert found.area == pytest.approx(((5 / 6 + 1 / 12) + (1 - 1 / 24) + 1) / 3)


def test_a_share_of_one_image_per_patient_has_wilsons_limits():
    right = np.repeat([1.0, 0.0], [14, 6])
    found = share_limits(group_mean(right, np.arange(20), np.ones(20, dtype=bool)))
    expected = wilson(0.7, 20, confidence=0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_a_share_of_copied_images_has_limits_over_patients():
    right, patients = np.repeat([1.0, 0.0], [14, 6]), np.arange(20)
    everyone = np.ones(200, dtype=bool)
    found = share_limits(group_mean(np.repeat(right, 10), np.repeat(patients, 10), everyone))
    one = wilson(0.7, 20, confidence=0.95)
    # Ten copies say nothing more; the limits are wider, since their spread is estimated (Student's quantile of 19).
    assert found.low < one.low < one.high < found.high
    assert found.high - found.low < 1.15 * (one.high - one.low)


def test_a_share_of_which_all_images_agree_counts_patients():
    found = share_limits(group_mean(np.ones(60), np.repeat(np.arange(20), 3), np.ones(60, dtype=bool)))
    assert (found.estimate, found.high) == (1.0, 1.0)
    assert 0.75 < found.low < wilson(1.0, 20, confidence=0.95).low


def test_few_patients_have_no_limits():
    values, inside = np.array([1.0, 0, 1, 1, 0, 1]), np.arange(6) < 4
    groups = [group_mean(values, np.arange(6), inside), group_mean(values, np.arange(6), ~inside)]
    assert (share_gap(*groups).low, mean_gap(*groups).low) == (None, None)
    assert share_gap(*groups).estimate == 0.25


def test_a_gap_within_patients_is_narrower_than_one_between_them():
    rng = np.random.default_rng(0)
    right = np.repeat((rng.random(20) < 0.7).astype(float), 2)
    first = np.tile([True, False], 20)
    within, between = np.repeat(np.arange(20), 2), np.arange(40)
    gaps = [
        share_gap(group_mean(right, who, first), group_mean(right, who, ~first)) for who in (within, between)
    ]
    assert gaps[0].estimate == gaps[1].estimate == 0
    assert gaps[0].high < 0.1 < gaps[1].high


def test_a_gap_of_means_has_welchs_limits():
    from scipy.stats import ttest_ind

    rng = np.random.default_rng(1)
    values, inside = np.r_[rng.normal(1, 1, 9), rng.normal(0, 3, 14)], np.arange(23) < 9
    groups = [group_mean(values, np.arange(23), mask) for mask in (inside, ~inside)]
    expected = ttest_ind(values[inside], values[~inside], equal_var=False).confidence_interval()
    found = mean_gap(*groups)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_patients_give_all_their_answers_to_one_patient():
    patients = np.array([2, 0, 0, 1, 2, 2])
    drawn = np.concatenate(list(permuted_cases(patients, draws=200, generator=np.random.default_rng(0))))
    givers = patients[drawn]
    for patient in range(3):
        own = givers[:, patients == patient]
        assert (own == own[:, :1]).all()
    # Every patient gives to exactly one, and all three images of patient 2 are given where there is room.
    assert (np.sort(givers[:, [1, 3, 0]], axis=1) == [0, 1, 2]).all()
    to_itself = drawn[(givers == patients).all(axis=1)]
    assert (np.sort(to_itself, axis=1) == np.arange(6)).all()


def test_statistics_are_differences_in_standard_errors_over_patients():
    # Patient 0 has two images. The common mean of all six is .5.
    values = np.array([[1.0], [0], [1], [1], [0], [0]])
    patients = np.array([0, 0, 1, 2, 3, 4])
    inside = np.array([[1, 1, 1, 0, 0, 0], [1, 0, 0, 0, 0, 1]], dtype=bool).T
    outside = ~inside
    outside[5, 0] = False
    found = permuted_statistics(
        Answers(values, patients, inside, outside), draws=3, generator=np.random.default_rng(0)
    )
    assert found.shape == (4, 2)
    # Group 0: patients 0 to 3 add 0, .5/3, -.5/2 and .5/2. Group 1: .5/2 + .5/4, -.5/4, -.5/4, .5/4 and -.5/2.
    first, second = np.array([0, 1 / 6, -1 / 4, 1 / 4]), np.array([3 / 8, -1 / 8, -1 / 8, 1 / 8, -1 / 4])
    expected = [one.sum() / np.sqrt((one**2).sum()) for one in (first, second)]
    assert found[0].tolist() == pytest.approx(expected)


def test_answers_that_are_all_alike_tell_nothing():
    inside = np.arange(12)[:, None] < 6
    answers = Answers(np.ones((12, 1)), np.arange(12), inside, ~inside)
    found = permuted_statistics(answers, draws=20, generator=np.random.default_rng(0))
    assert (found == 0).all()
    assert group_test([found]).p.tolist() == [1.0]


def test_family_wise_p_is_that_of_the_largest_statistic():
    # Two tests on one scale. Largest of each draw: 3, 4, 4, 2.
    statistics = np.array([[3.0, 2.0], [1.0, 4.0], [4.0, 1.0], [2.0, 3.0]])
    statistics[3, 1] = 3.0
    found = group_test([statistics])
    assert found.p.tolist() == [0.5, 0.75]
    assert found.adjusted.tolist() == [1.0, 1.0]
    alone = group_test([statistics[:, :1]])
    assert alone.adjusted.tolist() == alone.p.tolist() == [0.5]


def test_a_test_on_another_scale_does_not_rule_the_largest():
    rng = np.random.default_rng(0)
    usual, wide = rng.normal(size=(2001, 1)), 1000 * rng.normal(size=(2001, 1))
    usual[0] = 4.0
    assert group_test([usual, wide]).adjusted[0] < 0.01


def test_ties_count_against_the_finding():
    assert group_test([np.array([[1.0], [1.0], [1.0], [0.0]])]).adjusted.tolist() == [0.75]
