import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from references import bootstrap as slow
from xaudit.statistics.paired import cluster_means, holm, wilcoxon_p


def test_cluster_means_stand_in_the_order_of_the_names():
    # b: (1 + 2 + 6) / 3 = 3; a: 4.
    assert cluster_means(np.array([1.0, 4, 2, 6]), ["b", "a", "b", "b"]).tolist() == [4.0, 3.0]


def test_eight_differences_of_one_sign_have_the_smallest_p_that_eight_can_have():
    # Of 2^8 sign patterns one is as extreme on each side: 2 / 256.
    assert wilcoxon_p(np.arange(1.0, 9.0)) == pytest.approx(2 / 256)


def test_the_signed_ranks_are_counted_by_hand():
    # Ranks 1..6, only rank 1 is negative: W- = 1; patterns with W- <= 1 are {} and {1}: 2 * 2 / 64.
    assert wilcoxon_p(np.array([-1.0, 2, 3, 4, 5, 6])) == pytest.approx(4 / 64)


def test_zero_differences_are_left_out_of_the_ranks():
    # Rounding noise of 1e-16 is zero on paper.
    assert wilcoxon_p(np.array([0.0, 1e-16, 1, 2, 3, 4, 5, 6])) == pytest.approx(2 / 64)


def test_all_differences_zero_is_no_evidence():
    assert wilcoxon_p(np.zeros(9)) == 1.0


def test_fewer_than_five_patients_have_no_p():
    assert wilcoxon_p(np.array([1.0, 2, 3, 4])) is None


def test_holm_multiplies_the_smallest_by_all_and_never_steps_back():
    # 4 * .01 = .04; 3 * .02 = .06; 2 * .025 = .05, lifted to .06; 1 * .9.
    assert holm([0.9, 0.02, 0.01, 0.025]) == pytest.approx((0.9, 0.06, 0.04, 0.06))


def test_holm_of_nothing_is_nothing():
    assert holm([]) == ()


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_agrees_with_its_definition(p_values):
    assert holm(p_values) == pytest.approx(slow.holm(p_values))
