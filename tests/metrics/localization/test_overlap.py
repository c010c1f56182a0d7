"""Cuts of a map and their overlap with the mark, on a row of five pixels of which the last two are marked."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import f1_score, jaccard_score, precision_score, recall_score

from xaudit.config import MetricSpec
from xaudit.metrics import score_localization
from xaudit.metrics.localization.binarisation import above, above_otsu, highest
from xaudit.metrics.localization.overlap import (
    best_iou,
    chance_corrected_coverage,
    coverage,
    dice,
    iou,
    mean_iou,
    overlap_iou,
    precision,
)

MARK = np.array([[False, False, False, True, True]])
# Scaled to 0 to 1: 0, 0, .5, 1, .25. Otsu keeps .5 and 1 from 0, 0, .25.
MAP = np.array([[0.0, -3.0, 2.0, 4.0, 1.0]])


def score(metric, saliency=MAP, mark=MARK, **options):
    spec = MetricSpec.model_validate({"name": metric, **options})
    return score_localization(spec, saliency, mark, np.ones(mark.shape, dtype=bool))


@pytest.mark.parametrize(
    ("metric", "options", "truth"),
    [
        # kept: the third and the fourth pixel; shared: the fourth
        ("iou", {}, 1 / 3),
        ("dice", {}, 2 * 1 / (2 + 2)),
        ("coverage", {}, 1 / 2),
        ("precision", {}, 1 / 2),
        ("chance-corrected-coverage", {}, (1 / 2 - 2 / 5) / (1 - 2 / 5)),
        # above .5 of the range is the fourth alone, above .2 all but the first two
        ("iou", {"binarisation": "fixed", "threshold": 0.5}, 1 / 2),
        ("precision", {"binarisation": "fixed", "threshold": 0.5}, 1.0),
        ("iou", {"binarisation": "fixed", "threshold": 0.2}, 2 / 3),
        ("coverage", {"binarisation": "fixed", "threshold": 0.2}, 1.0),
        # two pixels are marked, so the two highest are kept: the third and the fourth
        ("iou", {"binarisation": "area"}, 1 / 3),
        # thresholds .05 to .20 keep three pixels (2/3 each), .25 to .45 two (1/3), .50 to .95 one (1/2)
        ("iou-mean", {}, (4 * 2 / 3 + 5 * 1 / 3 + 10 * 1 / 2) / 19),
        ("iou-best", {}, 2 / 3),
    ],
)
def test_a_row_worked_by_hand(metric, options, truth):
    assert score(metric, **options) == pytest.approx(truth, abs=1e-12)


def test_pixels_tied_at_a_cut_by_area_are_kept_in_equal_part():
    # Two places; the highest takes one, three pixels share the other: a third each. Two of them are marked.
    kept = highest(np.array([9.0, 5.0, 5.0, 5.0, 0.0]), 2)
    assert kept.tolist() == [1, 1 / 3, 1 / 3, 1 / 3, 0]
    region = np.array([False, True, True, False, False])
    assert coverage(kept, region) == pytest.approx(2 / 3 / 2)
    # shared 2/3; either: 2 kept and 2 marked, less the shared
    assert overlap_iou(kept, region) == pytest.approx((2 / 3) / (2 + 2 - 2 / 3))


def test_a_cut_by_area_keeps_all_where_all_are_asked_for():
    assert highest(np.array([1.0, 2.0]), 5).tolist() == [1.0, 1.0]


def test_a_map_that_keeps_everything_covers_the_mark_by_no_more_than_chance():
    assert coverage(np.ones(4), np.array([True, False, False, False])) == 1.0
    assert chance_corrected_coverage(np.ones(4), np.array([True, False, False, False])) == 0.0


def test_uniform_noise_has_a_chance_corrected_coverage_of_nothing():
    # Otsu keeps half of uniform noise, so half of any mark: c = a.
    mark = np.zeros((200, 200), dtype=bool)
    mark[20:60, 30:90] = True
    noise = np.random.default_rng(5).random((200, 200))
    assert score("coverage", noise, mark) == pytest.approx(0.5, abs=0.02)
    assert score("chance-corrected-coverage", noise, mark) == pytest.approx(0, abs=0.04)


def test_a_map_beside_the_mark_is_below_chance():
    mark = np.zeros((10, 10), dtype=bool)
    mark[:2] = True
    # Keeps half of the image and nothing of the mark: (0 - 1/2) / (1 - 1/2).
    assert score("chance-corrected-coverage", np.arange(100.0).reshape(10, 10) >= 50, mark) == -1.0


maps = arrays(np.float64, 24, elements=st.integers(0, 6).map(float))
marks = arrays(np.bool_, 24)


def usable(saliency, mark):
    return np.ptp(saliency) > 0 and mark.any() and not mark.all()


@settings(deadline=None)
@given(maps, marks)
def test_whole_pixels_score_what_scikit_learn_says(saliency, mark):
    if usable(saliency, mark):
        kept = above_otsu(saliency)
        for ours, theirs in (
            (overlap_iou, jaccard_score),
            (dice, f1_score),
            (coverage, recall_score),
            (precision, precision_score),
        ):
            assert ours(kept, mark) == pytest.approx(theirs(mark, kept > 0), abs=1e-12)


@given(maps, marks, st.floats(0, 0.99))
def test_no_threshold_does_better_than_the_best_one(saliency, mark, threshold):
    if usable(saliency, mark):
        best = best_iou(saliency, mark)
        assert overlap_iou(above(saliency, threshold), mark) <= best + 1e-12
        assert iou(saliency, mark) <= best + 1e-12
        assert mean_iou(saliency, mark) <= best + 1e-12
        # all pixels may be kept too, which scores the mark's share
        assert best >= mark.mean() - 1e-12


@given(maps, marks)
def test_dice_is_iou_by_another_name(saliency, mark):
    if usable(saliency, mark):
        kept = highest(saliency, int(mark.sum()))
        overlap = overlap_iou(kept, mark)
        assert dice(kept, mark) == pytest.approx(2 * overlap / (1 + overlap))


@given(maps, marks, st.permutations(range(24)))
def test_the_order_of_pixels_does_not_matter(saliency, mark, order):
    if usable(saliency, mark):
        for binarisation in ("otsu", "fixed", "area"):
            one = score("iou", saliency[None], mark[None], binarisation=binarisation)
            other = score("iou", saliency[order][None], mark[order][None], binarisation=binarisation)
            assert one == pytest.approx(other, abs=1e-12)


def test_every_cut_metric_tells_a_good_map_from_noise():
    rows, cols = np.mgrid[:64, :64]
    mark = (rows - 20) ** 2 + (cols - 40) ** 2 < 8**2
    noise = np.random.default_rng(0).random((64, 64))
    good = np.exp(-((rows - 20) ** 2 + (cols - 40) ** 2) / 50)
    for metric in (
        "iou",
        "dice",
        "coverage",
        "precision",
        "chance-corrected-coverage",
        "iou-mean",
        "iou-best",
    ):
        assert score(metric, good, mark) > score(metric, noise, mark) + 0.2, metric


def test_a_binarisation_that_does_not_exist_is_refused_by_the_audit_file_by_name():
    with pytest.raises(
        ValueError, match="binarisation: expected one of otsu, fixed, area, tuned, got 'otus'"
    ):
        MetricSpec.model_validate({"name": "iou", "binarisation": "otus"})
