"""Worked cases, Quantus beside ours, properties, and controls that a good map must beat."""

import numpy as np
import pytest
import quantus
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xaudit.config import MetricSpec
from xaudit.geometry import fit_geometry, map_to_original
from xaudit.metrics import score_localization
from xaudit.metrics.localization.mass import relevance_mass_accuracy
from xaudit.metrics.localization.overlap import iou
from xaudit.metrics.localization.pointing import pointing_game
from xaudit.metrics.localization.ranking import pixel_auroc, relevance_rank_accuracy

METRICS = ("pointing-game", "iou", "relevance-mass-accuracy", "relevance-rank-accuracy", "pixel-auroc")


def quantus_says(metric, saliency, region):
    """Quantus asked in its ordinary way, with one image."""
    shape = (1, 1, *saliency.shape)
    asked = getattr(quantus, metric)(abs=False, normalise=False, disable_warnings=True)
    scores = asked(
        model=None,
        x_batch=np.zeros(shape),
        y_batch=np.array([0]),
        a_batch=saliency.reshape(shape),
        s_batch=region.reshape(shape).astype(int),
        channel_first=True,
        softmax=False,
    )
    return float(scores[0])


def score(metric, saliency, region):
    return score_localization(MetricSpec(name=metric), saliency, region, np.ones(region.shape, dtype=bool))


# Four columns, the mark is the two in the middle of the upper row.
MARK = np.array([[0, 1, 1, 0], [0, 0, 0, 0]], dtype=bool)
PLAIN = np.array([[1.0, 8.0, 4.0, 2.0], [5.0, -3.0, 0.0, -1.0]])


@pytest.mark.parametrize(
    ("metric", "truth"),
    [
        ("pointing-game", 1.0),  # the maximum, 8, is marked
        ("relevance-mass-accuracy", 12 / 20),  # 8 + 4 of 1 + 8 + 4 + 2 + 5; negatives do not count
        ("relevance-rank-accuracy", 1 / 2),  # the two highest are 8 and 5, and 8 is marked
        ("pixel-auroc", 11 / 12),  # of 2 × 6 pairs only 4 against 5 is lost
        ("iou", 2 / 3),  # Otsu keeps 8, 5, 4 from 2, 1, 0, 0, 0; two of the three are marked
    ],
)
def test_a_case_worked_by_hand(metric, truth):
    assert score(metric, PLAIN, MARK) == pytest.approx(truth, abs=1e-12)


@pytest.mark.parametrize(
    ("metric", "theirs", "on_them", "ours", "truth"),
    [
        # One maximum, no ties, no negatives: Quantus is right.
        ("pointing-game", "PointingGame", 1.0, 1.0, 1.0),
        ("relevance-mass-accuracy", "RelevanceMassAccuracy", 12 / 20, 12 / 20, 12 / 20),
        ("relevance-rank-accuracy", "RelevanceRankAccuracy", 1 / 2, 1 / 2, 1 / 2),
        ("pixel-auroc", "AUC", 11 / 12, 11 / 12, 11 / 12),
    ],
)
def test_quantus_is_right_where_nothing_is_tied_or_negative(metric, theirs, on_them, ours, truth):
    saliency = np.clip(PLAIN, 0, None)
    assert quantus_says(theirs, saliency, MARK) == pytest.approx(on_them)
    assert score(metric, saliency, MARK) == pytest.approx(ours)
    assert ours == truth


def test_several_maxima_count_in_part_where_quantus_counts_any_as_a_hit():
    # Three pixels share the maximum and one of them is marked: a blind choice among them hits one time in three.
    saliency = np.array([[7.0, 7.0, 1.0, 7.0], [0.0, 0.0, 0.0, 0.0]])
    assert quantus_says("PointingGame", saliency, MARK) == 1.0
    assert score("pointing-game", saliency, MARK) == pytest.approx(1 / 3)


def test_negative_values_do_not_count_where_quantus_sums_them():
    # Quantus: 12 of 20 − 4; the definition is on the positive part: 12 of 20.
    assert quantus_says("RelevanceMassAccuracy", PLAIN, MARK) == pytest.approx(12 / 16)
    assert score("relevance-mass-accuracy", PLAIN, MARK) == pytest.approx(12 / 20)


def test_a_mark_moved_within_a_superpixel_keeps_its_rank_accuracy_where_quantus_changes():
    # One superpixel of 60 pixels is highest, the mark is 10 of them. Any order within it is as good as another, so
    # 10 of 60 places are the mark's and the truth is 10 / 60 wherever the mark lies. Quantus depends on its sort.
    saliency = np.zeros((10, 12))
    saliency[2:8, 1:11] = 1.0
    ours, theirs = set(), set()
    for row in range(2, 8):
        mark = np.zeros((10, 12), dtype=bool)
        mark[row, 1:11] = True
        ours.add(round(score("relevance-rank-accuracy", saliency, mark), 12))
        theirs.add(quantus_says("RelevanceRankAccuracy", saliency, mark))
    assert ours == {round(10 / 60, 12)}
    assert len(theirs) > 1


def test_ties_that_all_fit_leave_nothing_to_chance():
    # k = 2 and the two highest are tied with each other only: both count, one is marked.
    saliency = np.array([[9.0, 9.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    assert score("relevance-rank-accuracy", saliency, MARK) == 0.5


@pytest.mark.parametrize("low", [0.098, 0.099, 0.1, 0.101, 0.102])
def test_a_superpixel_among_the_low_ones_is_left_as_a_whole(low):
    # Two classes, 0 and `low` against 0.9 and 1: one of the two kept pixels is marked, whatever half of its bin `low`
    # falls into. Its middle as threshold on the values would keep it for two of these five.
    assert iou(np.array([0.0, low, 0.9, 1.0]), np.array([False, False, False, True])) == 0.5


def test_a_mark_larger_than_the_positive_part_shares_the_zeros():
    # k = 2, one positive pixel and it is marked; the other place goes to one of 7 zeros, of which one is marked.
    saliency = np.array([[0.0, 3.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    assert score("relevance-rank-accuracy", saliency, MARK) == pytest.approx((1 + 1 / 7) / 2)


def test_pixels_against_the_target_are_tied_for_the_auroc():
    # Positive part 8, 4 inside; 1, 2, 5, 0, 0, 0 outside. Quantus on the signed map keeps the order of the negatives,
    # which here does not matter; on a map that is negative inside it does.
    saliency = np.array([[1.0, -1.0, -2.0, 2.0], [0.0, -3.0, -4.0, 0.0]])
    # Signed: −1 beats −3 and −4, −2 too: 4 of 12 pairs. Clipped: both are 0 and tie with four zeros: 2 × 4 × ½ of 12.
    assert quantus_says("AUC", saliency, MARK) == pytest.approx(4 / 12)
    assert score("pixel-auroc", saliency, MARK) == pytest.approx(4 / 12)
    higher = np.where(MARK, -5.0, saliency)
    assert quantus_says("AUC", higher, MARK) == 0.0
    assert score("pixel-auroc", higher, MARK) == pytest.approx(4 / 12)


def test_a_superpixel_carried_to_another_grid_is_still_one_superpixel():
    # 128 → 237 is no whole ratio; rounding must not make an order among pixels of one superpixel.
    saliency = np.kron(np.arange(16, dtype=np.float32).reshape(4, 4) / 7, np.ones((32, 32), np.float32))
    carried, valid = map_to_original(saliency, fit_geometry((237, 237), (128, 128)))
    mark = np.zeros((237, 237), dtype=bool)
    mark[200:215, 200:215] = True
    # Level from the centre of model column 96 on: (x + ½) · 128 / 237 ≥ 96.5 from x = 179 on, and 237 − 179 = 58.
    n_level = int((carried == carried.max()).sum())
    assert n_level == 58 * 58
    found = score_localization(MetricSpec(name="pointing-game"), carried, mark, valid)
    assert found == pytest.approx(15 * 15 / n_level)


signed_maps = arrays(np.float64, (6, 7), elements=st.integers(-3, 6).map(float))
marks = arrays(np.bool_, (6, 7))


def usable(saliency, mark):
    return (saliency > 0).any() and np.ptp(saliency) > 0 and mark.any() and not mark.all()


@given(signed_maps, marks, st.sampled_from(METRICS), st.sampled_from((0.25, 4.0, 1024.0)))
def test_the_scale_of_a_map_does_not_matter(saliency, mark, metric, factor):
    if usable(saliency, mark):
        assert score(metric, saliency * factor, mark) == score(metric, saliency, mark)


@given(signed_maps, marks, st.sampled_from(METRICS))
def test_flips_and_turns_of_map_and_mark_together_change_nothing(saliency, mark, metric):
    if usable(saliency, mark):
        expected = score(metric, saliency, mark)
        assert score(metric, saliency[::-1].copy(), mark[::-1].copy()) == pytest.approx(expected, abs=1e-12)
        assert score(metric, saliency.T.copy(), mark.T.copy()) == pytest.approx(expected, abs=1e-12)


@given(signed_maps, marks, st.sampled_from(("pointing-game", "relevance-rank-accuracy", "pixel-auroc")))
def test_only_the_order_counts_for_the_metrics_of_rank(saliency, mark, metric):
    if usable(saliency, mark):
        stretched = np.where(saliency > 0, np.expm1(saliency), saliency)
        assert score(metric, stretched, mark) == score(metric, saliency, mark)


@given(signed_maps, marks, st.sampled_from(METRICS))
def test_negative_values_and_the_input_array_are_left_alone(saliency, mark, metric):
    if usable(saliency, mark):
        before = saliency.copy()
        value = score(metric, saliency, mark)
        np.testing.assert_array_equal(saliency, before)
        assert score(metric, np.clip(saliency, 0, None), mark) == value or (saliency > 0).all()


@given(signed_maps, marks)
def test_the_auroc_of_the_complement_is_the_complement(saliency, mark):
    if usable(saliency, mark):
        assert score("pixel-auroc", saliency, mark) + score("pixel-auroc", saliency, ~mark) == pytest.approx(
            1
        )


@given(signed_maps, marks)
def test_the_shares_of_mark_and_rest_sum_to_one(saliency, mark):
    if usable(saliency, mark):
        for metric in ("pointing-game", "relevance-mass-accuracy"):
            assert score(metric, saliency, mark) + score(metric, saliency, ~mark) == pytest.approx(1)


@pytest.mark.parametrize("metric", METRICS)
def test_a_map_on_the_mark_beats_noise_and_noise_beats_a_map_elsewhere(metric):
    rows, cols = np.mgrid[:64, :64]
    mark = (rows - 20) ** 2 + (cols - 40) ** 2 < 8**2
    noise = np.random.default_rng(0).random((64, 64))
    on_it = np.exp(-((rows - 20) ** 2 + (cols - 40) ** 2) / 50)
    elsewhere = np.exp(-((rows - 50) ** 2 + (cols - 10) ** 2) / 50)
    assert score(metric, on_it, mark) > 0.6
    assert score(metric, on_it, mark) > score(metric, noise, mark) >= score(metric, elsewhere, mark)


@pytest.mark.parametrize(
    "metric", [pointing_game, relevance_mass_accuracy, relevance_rank_accuracy, pixel_auroc]
)
def test_noise_scores_the_level_that_the_docstring_names(metric):
    mark = np.zeros(400, dtype=bool)
    mark[:80] = True
    rng = np.random.default_rng(3)
    scores = [metric(rng.random(400), mark) for _ in range(400)]
    level = 0.5 if metric is pixel_auroc else 0.2
    # Four standard errors of a mean over 400 maps.
    assert abs(np.mean(scores) - level) < 4 * np.std(scores) / 20


def test_noise_scores_the_iou_that_the_docstring_names():
    mark = np.zeros(4000, dtype=bool)
    mark[:800] = True
    # Otsu cuts uniform noise in the middle: a = ½, m = ⅕, so .1 / (.7 − .1).
    assert iou(np.random.default_rng(0).random(4000), mark) == pytest.approx(0.1 / 0.6, abs=0.02)
