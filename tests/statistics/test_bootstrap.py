from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import ndtr

from references import bootstrap as slow
from xaudit.records import Interval
from xaudit.statistics.bootstrap import (
    ClusterBootstrap,
    Sample,
    cluster_bootstrap,
    paired_bootstrap,
    wilson,
)
from xaudit.statistics.resamples import Resamples
from xaudit.statistics.small_samples import small_sample_quantile


def bootstrap(replicates=500, confidence=0.95, seed=0):
    return ClusterBootstrap(replicates=replicates, confidence=confidence, seed=seed)


def draws_of(engine, n_clusters):
    return np.concatenate(list(engine._draws(n_clusters).chunks()))


def study(n_patients, seed=0, skew=True):
    generator = np.random.default_rng(seed)
    patients = np.repeat(np.arange(n_patients), generator.integers(1, 6, n_patients))
    values = generator.normal(size=n_patients)[patients] + generator.normal(size=len(patients))
    return np.exp(values) if skew else values, [f"p{patient}" for patient in patients]


def test_the_mean_is_over_cases_and_not_over_patients():
    # a: 0, 1, 1; b: 1; c, d, e: 0.  3 of 7 cases; the mean of patient means would be (2/3 + 1) / 5 = 1/3.
    values = np.array([0.0, 1, 1, 1, 0, 0, 0])
    interval = bootstrap().mean(values, ["a", "a", "a", "b", "c", "d", "e"])
    assert interval.estimate == pytest.approx(3 / 7, abs=1e-15)


def test_every_resample_draws_as_many_clusters_as_there_are():
    counts = np.concatenate(list(Resamples(7, replicates=1000, seed=3).chunks()))
    assert counts.shape == (1000, 7)
    assert (counts.sum(axis=1) == 7).all()
    # Each cluster is drawn once on average; the standard error is sqrt(6/7 / 1000) = 0.029.
    assert np.abs(counts.mean(axis=0) - 1).max() < 0.12


def test_resamples_are_the_same_on_every_pass_kept_in_memory_or_drawn_again(monkeypatch):
    kept = list(Resamples(9, replicates=50, seed=1).chunks())
    monkeypatch.setattr("xaudit.statistics.resamples._KEPT", 0)
    again = Resamples(9, replicates=50, seed=1)
    assert again._kept is None
    for _ in range(2):
        np.testing.assert_array_equal(np.concatenate(list(again.chunks())), np.concatenate(kept))


def test_draws_come_in_chunks_of_bounded_size(monkeypatch):
    monkeypatch.setattr("xaudit.statistics.resamples._CHUNK", 100)
    chunks = list(Resamples(9, replicates=50, seed=1).chunks())
    # 100 // 9 = 11 rows at a time: 11 + 11 + 11 + 11 + 6.
    assert [len(chunk) for chunk in chunks] == [11, 11, 11, 11, 6]


@pytest.mark.parametrize("seed", range(4))
def test_limits_agree_with_the_slow_reference_on_the_same_draws(seed):
    values, clusters = study(12, seed)
    engine = bootstrap(replicates=300, seed=seed)
    estimate, low, high = slow.cluster_bca(values, clusters, draws_of(engine, 12), 0.95)
    interval = engine.mean(values, clusters)
    assert interval.method == "bca"
    assert (interval.estimate, interval.low, interval.high) == pytest.approx((estimate, low, high), rel=1e-9)


def test_limits_agree_with_the_slow_reference_where_replicates_tie_with_the_estimate():
    # 6 hits of 15: many resamples have exactly the mean 0.4, and count half.
    values = np.array([1.0] * 6 + [0.0] * 9)
    clusters = [f"p{i:02d}" for i in range(15)]
    engine = bootstrap(replicates=400)
    estimate, low, high = slow.cluster_bca(values.tolist(), clusters, draws_of(engine, 15), 0.9)
    interval = bootstrap(replicates=400, confidence=0.9).mean(values, clusters)
    assert (interval.estimate, interval.low, interval.high) == pytest.approx((estimate, low, high), rel=1e-9)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_with_one_case_per_patient_it_is_scipys_bca_on_the_same_draws(confidence):
    values = np.random.default_rng(5).exponential(size=30)
    clusters = [f"p{i:02d}" for i in range(30)]
    engine = bootstrap(replicates=2000, confidence=confidence)
    distribution = draws_of(engine, 30) @ values / 30
    theirs = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=0,
        confidence_level=1 - 2 * ndtr(-small_sample_quantile(confidence, np.ones(30))),
        method="BCa",
        bootstrap_result=SimpleNamespace(bootstrap_distribution=distribution),
    ).confidence_interval
    interval = engine.mean(values, clusters)
    assert (interval.low, interval.high) == pytest.approx((theirs.low, theirs.high), rel=1e-9)


def test_with_own_draws_it_is_scipys_bca_within_the_noise_of_resampling():
    values = np.random.default_rng(5).exponential(size=60)
    theirs = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=20_000,
        confidence_level=1 - 2 * ndtr(-small_sample_quantile(0.95, np.ones(60))),
        method="BCa",
        rng=1,
    ).confidence_interval
    interval = bootstrap(replicates=20_000).mean(values, [str(i) for i in range(60)])
    # The noise of a 2.5 % quantile of 20 000 draws is about 2 % of the standard error (0.13 here).
    assert (interval.low, interval.high) == pytest.approx((theirs.low, theirs.high), abs=0.012)


def test_photographing_every_image_thrice_tells_nothing_new():
    values, clusters = study(15)
    once = bootstrap().mean(values, clusters)
    thrice = bootstrap().mean(np.tile(values, 3), clusters * 3)
    assert (thrice.low, thrice.high) == pytest.approx((once.low, once.high), rel=1e-12)
    images = [f"i{i}" for i in range(3 * len(values))]
    as_if_independent = bootstrap().mean(np.tile(values, 3), images)
    assert as_if_independent.high - as_if_independent.low < 0.7 * (once.high - once.low)


cases = st.lists(
    st.tuples(st.integers(0, 9), st.floats(-100, 100, allow_nan=False, width=32)), min_size=12, max_size=40
)


@settings(max_examples=40, deadline=None)
@given(cases, st.randoms(use_true_random=False))
def test_the_order_of_the_cases_does_not_move_a_single_bit(pairs, random):
    shuffled = list(pairs)
    random.shuffle(shuffled)

    def interval(of):
        return bootstrap(200).mean(np.array([value for _, value in of]), [f"p{patient}" for patient, _ in of])

    assert interval(shuffled) == interval(pairs)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(-50, 50), st.integers(6, 20))
def test_adding_a_constant_shifts_the_interval_and_nothing_else(seed, constant, n_patients):
    values, clusters = study(n_patients, seed)
    plain, shifted = bootstrap(200).mean(values, clusters), bootstrap(200).mean(values + constant, clusters)
    assert shifted.method == plain.method
    expected = [plain.estimate + constant, plain.low + constant, plain.high + constant]
    assert [shifted.estimate, shifted.low, shifted.high] == pytest.approx(expected, rel=1e-7, abs=1e-7)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(6, 20))
def test_negated_values_mirror_the_interval(seed, n_patients):
    values, clusters = study(n_patients, seed)
    plain, mirrored = bootstrap(200).mean(values, clusters), bootstrap(200).mean(-values, clusters)
    assert [mirrored.estimate, mirrored.low, mirrored.high] == pytest.approx(
        [-plain.estimate, -plain.high, -plain.low], rel=1e-7, abs=1e-9
    )


def test_the_same_seed_gives_the_same_interval_and_another_seed_another_one():
    values, clusters = study(20)

    def interval(seed):
        return cluster_bootstrap(
            values, clusters, replicates=300, confidence=0.95, generator=np.random.default_rng(seed)
        )

    assert interval(1) == interval(1)
    assert interval(1).estimate == interval(2).estimate
    assert interval(1).low != interval(2).low


def test_an_engine_that_forgot_its_draws_makes_the_same_ones_again():
    values, clusters = study(20)
    engine = bootstrap()
    first = engine.mean(values, clusters)
    for n_patients in range(30, 36):
        engine.mean(*study(n_patients))
    assert len(engine._resamples) == 4
    assert engine.mean(values, clusters) == first


def test_a_paired_difference_is_the_mean_of_differences_and_tighter_than_its_parts():
    values, clusters = study(20, skew=False)
    noise = np.random.default_rng(9).normal(scale=0.01, size=len(values))
    interval = paired_bootstrap(
        values + 0.3 + noise,
        values,
        clusters,
        replicates=500,
        confidence=0.95,
        generator=np.random.default_rng(0),
    )
    assert interval.estimate == pytest.approx(0.3 + noise.mean(), abs=1e-12)
    assert 0.28 < interval.low < interval.estimate < interval.high < 0.32
    alone = bootstrap().mean(values, clusters)
    assert alone.high - alone.low > 0.5


def test_values_that_cannot_be_paired_are_refused():
    with pytest.raises(ValueError, match=r"^3 and 2 values cannot be paired$"):
        bootstrap().difference(np.zeros(3), np.zeros(2), ["a", "b", "c"])


@pytest.mark.parametrize("n_patients", [1, 4])
def test_fewer_than_five_patients_have_no_limits_however_many_images(n_patients):
    values = np.linspace(0, 1, 8 * n_patients)
    interval = bootstrap().mean(values, [f"p{i % n_patients}" for i in range(len(values))])
    assert interval == Interval(pytest.approx(0.5), None, None, "none")


def test_five_patients_have_limits():
    interval = bootstrap().mean(np.array([0.1, 0.2, 0.4, 0.7, 0.9]), list("abcde"))
    assert interval.method == "bca"
    assert 0.1 < interval.low < 0.46 < interval.high < 0.9


def test_equal_values_give_limits_equal_to_the_estimate():
    interval = bootstrap().mean(np.full(12, 0.1), [f"p{i // 2}" for i in range(12)])
    assert interval.low == interval.high == interval.estimate == pytest.approx(0.1)
    assert interval.method == "percentile"


def test_patients_with_equal_means_give_limits_equal_to_the_estimate_though_their_images_differ():
    # Each patient has 0 and 1, so every resample's mean is 1/2.
    interval = bootstrap().mean(np.tile([0.0, 1.0], 6), [f"p{i // 2}" for i in range(12)])
    assert (interval.low, interval.estimate, interval.high) == (0.5, 0.5, 0.5)


def test_percentiles_stand_in_where_bca_has_no_answer():
    # Every replicate lies below the estimate, so its bias has no normal quantile; that all 20 clusters are
    # drawn once each has odds of 20! / 20^20 = 2e-8. For 20 clusters the tail is read at Φ(-2.093 √(20/19)) = .0159.
    def statistic(weights):
        return np.where((weights == 1).all(axis=1), 10.0, weights[:, 0])

    engine = bootstrap(replicates=400)
    interval = engine.interval(statistic, np.ones(20))
    first = draws_of(engine, 20)[:, 0]
    assert interval.method == "percentile"
    assert interval.estimate == 10.0
    # The percentiles of the replicates, 0 and about 3, leave the estimate out: the interval is drawn out to it.
    assert interval.low == pytest.approx(np.quantile(first, 0.0159))
    assert np.quantile(first, 0.9841) < 10.0 == interval.high


def test_a_bca_interval_that_leaves_the_estimate_out_is_none_of_its_own():
    # One cluster of 30 holds a value; a ratio of means whose denominator it rules is far out for most replicates.
    rng = np.random.default_rng(3)
    for skew in (2.0, 4.0, 8.0):
        values = np.zeros(30)
        values[0] = 1.0
        weights = np.exp(skew * rng.normal(size=30))

        def statistic(draws, values=values, weights=weights):
            return (draws @ (values * weights)) / np.maximum(draws @ weights, 1e-12)

        interval = bootstrap(replicates=400).interval(statistic, np.ones(30))
        assert interval.low <= interval.estimate <= interval.high


def test_replicates_without_a_value_are_dropped_and_counted():
    # No value where the first of 8 clusters was not drawn: (7/8)^8 = 34 % of replicates.
    def statistic(weights):
        values = weights @ np.arange(8.0)
        return np.where(weights[:, 0] > 0, values, np.nan)

    engine = bootstrap(replicates=1000)
    interval = engine.interval(statistic, np.ones(8))
    assert interval.n_replicates_dropped == int((draws_of(engine, 8)[:, 0] == 0).sum())
    assert 290 < interval.n_replicates_dropped < 400
    assert interval.low < 28 < interval.high


def test_where_most_replicates_have_no_value_there_are_no_limits():
    def statistic(weights):
        return np.where(weights[:, :3].min(axis=1) > 0, weights[:, 3], np.nan)

    engine = bootstrap(replicates=1000)
    interval = engine.interval(statistic, np.ones(8))
    dropped = int((draws_of(engine, 8)[:, :3].min(axis=1) == 0).sum())
    assert dropped > 500
    assert interval == Interval(1.0, None, None, "none", dropped)


@pytest.mark.parametrize(
    ("values", "clusters", "message"),
    [
        ([], [], "no values: there is nothing to estimate"),
        ([0.1, float("nan"), float("inf")], ["a", "b", "c"], "2 of 3 values are not finite"),
        ([0.1, 0.2], ["a"], "2 values and 1 clusters: expected one cluster per value"),
    ],
)
def test_values_that_mean_nothing_are_refused(values, clusters, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        bootstrap().mean(np.array(values), clusters)


def test_a_statistic_without_a_value_on_the_sample_is_refused():
    with pytest.raises(ValueError, match=r"^the statistic has no value on these clusters$"):
        bootstrap().interval(lambda weights: np.full(len(weights), np.nan), np.ones(8))


def test_a_share_of_one_keeps_a_width_that_counts_patients_and_not_images():
    # 10 patients, 30 images, all hits: 10 / (10 + 1.96²) = 10 / 13.8415 = 0.7225.
    interval = bootstrap().share(np.ones(30), [f"p{i % 10}" for i in range(30)])
    assert interval.method == "wilson"
    assert interval.low == pytest.approx(0.7225, abs=5e-5)
    assert (interval.estimate, interval.high) == (1.0, 1.0)


def test_a_share_of_zero_mirrors_a_share_of_one():
    clusters = [f"p{i}" for i in range(10)]
    none, all_ = bootstrap().share(np.zeros(10), clusters), bootstrap().share(np.ones(10), clusters)
    assert (none.low, none.estimate, none.high) == (0.0, 0.0, pytest.approx(1 - all_.low))


def test_a_share_between_is_bootstrapped_as_any_mean():
    values, clusters = np.array([0.0, 1, 1, 0, 1, 1, 1]), list("abcdefg")
    assert bootstrap().share(values, clusters) == bootstrap().mean(values, clusters)


def test_equal_shares_that_are_neither_zero_nor_one_stay_without_width():
    interval = bootstrap().share(np.full(6, 0.25), list("abcdef"))
    assert (interval.low, interval.high, interval.method) == (0.25, 0.25, "percentile")


def test_a_share_of_one_among_four_patients_has_no_limits():
    assert bootstrap().share(np.ones(4), list("abcd")) == Interval(1.0, None, None, "none")


@pytest.mark.parametrize(("share", "n"), [(0.0, 7), (0.3, 10), (0.5, 41), (0.98, 50), (1.0, 5)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_wilsons_limits_are_the_shares_just_compatible_with_the_one_seen(share, n, confidence):
    interval = wilson(share, n, confidence=confidence)
    assert (interval.low, interval.high) == pytest.approx(slow.wilson(share, n, confidence), abs=1e-9)


def test_few_patients_of_equal_size_get_the_width_of_students_interval():
    # For normal means with known draws the interval is that of Student: ± t s / √n.
    values = np.random.default_rng(3).normal(size=12)
    found = bootstrap(replicates=100_000).mean(values, [str(i) for i in range(12)])
    half = stats.t.ppf(0.975, 11) * values.std(ddof=1) / 12**0.5
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.06)


def test_one_heavy_patient_reads_the_same_draws_further_out():
    # One of 12 patients with every slice thrice: in effect there are fewer.
    values, clusters = study(12, seed=1, skew=False)
    heavy = [index for index, name in enumerate(clusters) if name == "p0"] * 2
    values, clusters = np.append(values, values[heavy]), [*clusters, *["p0"] * len(heavy)]
    engine = bootstrap(replicates=300)
    estimate, low, high = slow.cluster_bca(values, clusters, draws_of(engine, 12), 0.95)
    interval = engine.mean(values, clusters)
    assert interval.method == "bca"
    assert (interval.estimate, interval.low, interval.high) == pytest.approx((estimate, low, high), rel=1e-9)


def test_where_one_patient_is_nearly_all_of_it_the_limits_are_the_outermost_replicates():
    values = np.append(np.linspace(0, 1, 400), [0.1, 0.9, 0.4, 0.6])
    clusters = ["a"] * 400 + list("bcde")
    engine = bootstrap(replicates=300)
    replicates = [
        slow.mean_of(values, clusters, dict(zip("abcde", row, strict=True)))
        for row in draws_of(engine, 5).astype(int)
    ]
    interval = engine.mean(values, clusters)
    assert (interval.low, interval.high) == pytest.approx((min(replicates), max(replicates)))


def test_many_means_at_once_are_each_the_same_to_the_bit_as_alone():
    generator = np.random.default_rng(0)
    samples = []
    for number in range(21):
        n_patients = 30 if number % 3 else 17
        clusters = [f"p{i % n_patients:02d}" for i in range(90)]
        samples.append(Sample(generator.random(90), clusters))
    samples.append(Sample(np.ones(90), clusters, is_share=True))
    together = bootstrap().means(samples)
    assert list(together) == [bootstrap().means([sample])[0] for sample in samples]
    assert together[-1].method == "wilson"


def test_a_sample_with_few_clusters_has_no_limits_in_any_company():
    few = Sample(np.arange(4.0), list("abcd"))
    many = Sample(np.arange(6.0), list("abcdef"))
    found = bootstrap().means([few, many])
    assert (found[0].low, found[1].method) == (None, "bca")


def test_no_samples_have_no_intervals():
    assert bootstrap().means([]) == ()
