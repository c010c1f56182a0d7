"""Three lesions of 2 × 2 pixels in a frame of 8 × 12: at the left, in the middle and at the right."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xaudit.config import MetricSpec
from xaudit.metrics import score_localization
from xaudit.metrics.localization.lesions import _mean_product

MARK = np.zeros((8, 12), dtype=bool)
for left in (1, 5, 9):
    MARK[3:5, left : left + 2] = True
SEEN = np.ones(MARK.shape, dtype=bool)


def recall(saliency, mark=MARK, valid=SEEN, **options):
    spec = MetricSpec.model_validate({"name": "lesion-recall", **options})
    return score_localization(spec, saliency, mark, valid)


def points(*places):
    saliency = np.zeros(MARK.shape)
    for row, col, value in places:
        saliency[row, col] = value
    return saliency


def test_one_kept_pixel_reaches_a_lesion_unless_more_is_asked():
    # The left lesion in full, one of the four pixels of the middle one, nothing of the right one.
    saliency = points((3, 1, 1.0), (3, 2, 1.0), (4, 1, 1.0), (4, 2, 1.0), (3, 5, 1.0))
    assert recall(saliency) == pytest.approx(2 / 3)
    assert recall(saliency, least_coverage=0.2) == pytest.approx(2 / 3)
    assert recall(saliency, least_coverage=0.25) == pytest.approx(1 / 3)


def test_a_score_over_the_union_would_hide_the_missed_lesions():
    saliency = np.where(MARK, 0.0, 0.0)
    saliency[3:5, 1:3] = 1.0
    everything_but = score_localization(MetricSpec(name="precision"), saliency, MARK, SEEN)
    assert everything_but == 1.0
    assert recall(saliency) == pytest.approx(1 / 3)


def test_the_cut_is_an_option():
    saliency = points((3, 1, 1.0), (3, 5, 0.4))
    assert recall(saliency, binarisation="fixed", threshold=0.5) == pytest.approx(1 / 3)
    assert recall(saliency, binarisation="fixed", threshold=0.3) == pytest.approx(2 / 3)


def test_as_many_peaks_as_lesions_are_looked_at():
    # Peaks of 5, 4, 3 and 2; the three highest are in the left, nowhere, and in the middle.
    saliency = points((3, 1, 5.0), (0, 6, 4.0), (3, 5, 3.0), (3, 9, 2.0))
    assert recall(saliency, by="maxima") == pytest.approx(2 / 3)


def test_a_map_with_one_peak_reaches_one_lesion():
    assert recall(points((3, 9, 1.0)), by="maxima") == pytest.approx(1 / 3)


def test_a_level_patch_reaches_a_lesion_by_the_share_of_it_that_lies_there():
    # One patch of 4 × 4 pixels around the middle lesion of 4: a pixel drawn from it is marked once in four.
    saliency = np.zeros(MARK.shape)
    saliency[2:6, 4:8] = 1.0
    assert recall(saliency, by="maxima") == pytest.approx(1 / 4 / 3)


def test_peaks_that_compete_for_the_last_places_are_as_likely_as_each_other():
    # Three places: 5 is sure (left lesion); of the tied four two are taken, and one of the four lies in the middle.
    saliency = points((3, 1, 5.0), (3, 5, 2.0), (0, 0, 2.0), (7, 0, 2.0), (7, 11, 2.0))
    assert recall(saliency, by="maxima") == pytest.approx((1 + 2 / 4) / 3)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from((0.0, 0.25, 1.0)), min_size=1, max_size=6), st.data())
def test_the_mean_product_over_every_choice(factors, data):
    n_chosen = data.draw(st.integers(0, len(factors)))
    products = [np.prod(choice) for choice in combinations(factors, n_chosen)]
    assert _mean_product(np.array(factors), n_chosen) == pytest.approx(np.mean(products))


def test_by_hand_over_every_draw_of_a_pixel_from_every_peak():
    # Two lesions, two peaks taken. A patch of two pixels, one in the left lesion, and a peak in the middle one.
    mark = MARK.copy()
    mark[:, 9:] = False
    saliency = points((3, 2, 5.0), (3, 3, 5.0), (4, 6, 4.0))
    draws = list(product([True, False], [True]))  # left lesion hit or not, middle lesion hit
    expected = np.mean([(left + middle) / 2 for left, middle in draws])
    assert recall(saliency, mark=mark, by="maxima") == pytest.approx(expected)


def test_corners_that_touch_make_one_lesion():
    mark = np.zeros((4, 4), dtype=bool)
    mark[0, 0] = mark[1, 1] = True
    saliency = np.zeros((4, 4))
    saliency[1, 1] = 1.0
    assert recall(saliency, mark=mark, valid=np.ones((4, 4), dtype=bool)) == 1.0


def test_a_lesion_that_the_model_did_not_see_is_not_asked_for():
    valid = SEEN.copy()
    valid[:, 8:] = False
    assert recall(points((3, 1, 1.0)), valid=valid) == pytest.approx(1 / 2)


def test_a_good_map_reaches_more_lesions_than_noise_does_with_its_peaks():
    good = MARK + np.random.default_rng(0).random(MARK.shape) / 10
    noise = [recall(np.random.default_rng(seed).random(MARK.shape), by="maxima") for seed in range(40)]
    assert recall(good, by="maxima") == 1.0
    # Each of three peaks lands on one of 4 of 96 pixels: about 3 × 4 / 96 of each lesion.
    assert np.mean(noise) < 0.3
