import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from references import paired as slow
from xaudit.statistics.mcnemar import McNemar, mcnemar, of_discordant
from xaudit.statistics.rank_biserial import rank_biserial
from xaudit.statistics.sign_flip import sign_flip_p

grid = st.integers(-8, 8).map(lambda number: number / 8)
pairs = st.lists(st.tuples(st.integers(0, 8), grid), min_size=12, max_size=30).filter(
    lambda rows: len({patient for patient, _ in rows}) >= 5
)


def apart(rows):
    return np.array([value for _, value in rows]), [f"p{patient}" for patient, _ in rows]


def test_all_slices_of_a_patient_are_flipped_at_once():
    # Sums: a .3 + .3 = .6, b .1, c .1, d .1, e -.1; observed .8. |sum| >= .8 where b to e agree with a but for one
    # (4 patterns, .8) or all (1 pattern, 1.0): 5, and their opposites: 10 of 32.
    differences = np.array([0.3, 0.3, 0.1, 0.1, 0.1, -0.1])
    assert sign_flip_p(differences, list("aabcde"), seed=0) == pytest.approx(10 / 32)


@given(pairs)
def test_the_exact_sign_flip_agrees_with_every_pattern_written_out(rows):
    differences, clusters = apart(rows)
    assert sign_flip_p(differences, clusters, seed=0) == pytest.approx(slow.sign_flip(differences, clusters))


@given(pairs, st.randoms(use_true_random=False))
def test_neither_order_nor_direction_moves_the_sign_flip(rows, random):
    differences, clusters = apart(rows)
    shuffled = list(rows)
    random.shuffle(shuffled)
    p = sign_flip_p(differences, clusters, seed=0)
    assert sign_flip_p(*apart(shuffled), seed=0) == p
    assert sign_flip_p(-differences, clusters, seed=0) == p
    assert sign_flip_p(differences * 4, clusters, seed=0) == p


def test_with_one_case_each_it_is_scipys_permutation_test():
    values = np.random.default_rng(2).normal(0.3, 1, size=10)
    theirs = stats.permutation_test(
        (values, np.zeros(10)), lambda x, y: np.mean(x - y), permutation_type="samples", n_resamples=np.inf
    )
    assert sign_flip_p(values, list("abcdefghij"), seed=0) == pytest.approx(theirs.pvalue, abs=1e-12)


def test_beyond_16_patients_random_patterns_come_near_the_normal_limit():
    # 400 patients: z = sum / root of the sum of squares; 10 000 draws leave a standard error of .0021 at p = .05.
    values = np.random.default_rng(7).normal(0.1, 1, size=400)
    z = abs(values.sum()) / np.sqrt((values**2).sum())
    p = sign_flip_p(values, [f"p{i}" for i in range(400)], seed=1)
    assert p == pytest.approx(2 * stats.norm.sf(z), abs=0.01)
    assert p == sign_flip_p(values, [f"p{i}" for i in range(400)], seed=1)
    assert p != sign_flip_p(values, [f"p{i}" for i in range(400)], seed=2)


def test_random_patterns_never_give_a_p_of_zero():
    assert sign_flip_p(np.ones(60), [f"p{i}" for i in range(60)], seed=0, draws=999) == 1 / 1000


def test_nobody_differs_or_too_few_patients():
    assert sign_flip_p(np.zeros(6), list("abcdef"), seed=0) == 1.0
    assert sign_flip_p(np.ones(4), list("abcd"), seed=0) is None
    assert mcnemar(np.ones(6), np.ones(6), list("abcdef")) == McNemar(1.0, 1.0)
    assert mcnemar(np.ones(4), np.zeros(4), list("abcd")) is None


def test_mcnemar_counts_discordant_patients_by_hand():
    # Seven patients prefer the first, one the second: 2 (1 + 8) / 2^8, of which 8 to each side are exactly as uneven
    # and count half for mid-p: 2 (1 + 4) / 2^8. The two who hit alike do not count.
    first = np.array([1, 1, 1, 1, 1, 1, 1, 0, 1, 0.0])
    second = np.array([0, 0, 0, 0, 0, 0, 0, 1, 1, 0.0])
    assert mcnemar(first, second, list("abcdefghij")) == McNemar(mid=10 / 256, exact=18 / 256)


def test_seven_slices_of_one_patient_are_one_vote_for_mcnemar():
    # Counted by slice, 7 to 4 would be p = .55 and 28 to 4 p < .001; by patient it is one to four either way.
    first = np.array([1.0] * 7 + [0.0] * 4)
    second = 1 - first
    clusters = ["a"] * 7 + list("bcde")
    assert mcnemar(first, second, clusters) == McNemar(mid=2 * 3.5 / 32, exact=2 * 6 / 32)


def test_mcnemar_is_asked_of_hits_only():
    assert mcnemar(np.full(6, 0.5), np.zeros(6), list("abcdef")) is None


@given(st.lists(st.tuples(st.integers(0, 8), st.booleans(), st.booleans()), min_size=8, max_size=30))
def test_mcnemar_agrees_with_its_definition(rows):
    first, second = (np.array([float(row[at]) for row in rows]) for at in (1, 2))
    clusters = [f"p{row[0]}" for row in rows]
    if len(set(clusters)) >= 5:
        found = mcnemar(first, second, clusters)
        assert (found.mid, found.exact) == pytest.approx(slow.mcnemar(first, second, clusters))


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_exact_mcnemar_is_the_binomial_test_and_mid_p_never_above_it(n_first, n_second):
    found = of_discordant(n_first, n_second)
    if n_first + n_second:
        assert found.exact == pytest.approx(stats.binomtest(n_first, n_first + n_second).pvalue, rel=1e-12)
    assert of_discordant(n_second, n_first) == found
    assert 0 < found.mid <= found.exact <= 1


def test_published_examples_of_mid_p():
    # Fagerland et al. 2013, tables 1 and 2: 1 and 7 discordant pairs, 0.0703 and 0.0391; 2 and 10, 0.0386 and 0.0225.
    small, large = of_discordant(1, 7), of_discordant(2, 10)
    assert (round(small.exact, 4), round(small.mid, 4)) == (0.0703, 0.0391)
    assert (round(large.exact, 4), round(large.mid, 4)) == (0.0386, 0.0225)


def test_thousands_of_discordant_patients_keep_their_p():
    assert of_discordant(5200, 4800).exact == pytest.approx(stats.binomtest(5200, 10_000).pvalue, rel=1e-9)


@given(st.lists(grid, min_size=1, max_size=12).filter(any))
def test_the_rank_biserial_is_the_balance_of_walsh_averages(values):
    assert rank_biserial(np.array(values)) == pytest.approx(slow.rank_biserial(values))


def test_the_rank_biserial_has_its_ends_and_its_middle():
    assert rank_biserial(np.array([0.1, 0.2, 0.0])) == 1.0
    assert rank_biserial(np.array([-0.1, -0.2])) == -1.0
    assert rank_biserial(np.array([-0.1, 0.1])) == 0.0
    assert rank_biserial(np.zeros(3)) == 0.0
    assert rank_biserial(np.zeros(0)) is None
