"""Maps that are alike and maps that are not, beside what Quantus says of them."""

import numpy as np
import pytest
from quantus.functions import complexity_func, similarity_func
from scipy.stats import entropy, spearmanr

from xaudit.metrics.absent import Absent
from xaudit.metrics.likeness import N_BINS, entropy_rise, layout, rank_likeness, structural_likeness

SHAPE = (40, 48)
EVERYWHERE = np.ones(SHAPE, dtype=bool)
NOTHING = np.zeros(SHAPE)


def noise(seed):
    return np.random.default_rng(seed).normal(size=SHAPE)


def blob(row, col, width=6.0):
    rows, cols = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return np.exp(-((rows - row) ** 2 + (cols - col) ** 2) / (2 * width**2))


def test_a_map_is_like_itself_at_any_scale_and_unlike_noise():
    a, b = blob(10, 10), noise(1)
    for like in (lambda x, y: rank_likeness(x, y, EVERYWHERE), structural_likeness):
        assert like(a, a) == pytest.approx(1)
        assert like(a, 7 * a) == pytest.approx(1)
        assert abs(like(a, b)) < 0.1
    assert entropy_rise(a, 7 * a) == pytest.approx(0)


def test_a_map_that_points_nowhere_is_like_no_other_and_cannot_be_asked():
    a = blob(10, 10)
    assert (
        rank_likeness(a, NOTHING, EVERYWHERE)
        == structural_likeness(a, NOTHING)
        == entropy_rise(a, NOTHING)
        == 0
    )
    nowhere = Absent("the map is zero everywhere: it points nowhere")
    assert rank_likeness(NOTHING, a, EVERYWHERE) == structural_likeness(NOTHING, a) == nowhere
    broken = np.where(a > 0.9, np.nan, a)
    assert structural_likeness(a, broken) == Absent(
        "the map it is compared with holds values that are not finite"
    )


def test_spearman_and_ssim_are_quantus_own_on_maps_of_one_scale():
    a, b = noise(0), noise(1) + noise(0)
    a, b = a / np.abs(a).max(), b / np.abs(b).max()
    assert rank_likeness(a, b, EVERYWHERE) == pytest.approx(
        similarity_func.correlation_spearman(a.ravel(), b.ravel()), abs=1e-5
    )
    assert rank_likeness(a, b, EVERYWHERE) == pytest.approx(
        spearmanr(a.ravel(), b.ravel()).statistic, abs=1e-5
    )
    assert structural_likeness(a, b) == pytest.approx(similarity_func.ssim(a, b), abs=1e-9)


def test_quantus_random_logit_sees_runs_of_a_row_where_ours_sees_squares():
    """Quantus flattens both maps before it compares their structure: its windows are seven pixels of one row."""
    a = np.sign(np.sin(np.arange(SHAPE[1]) * 1.1))[None] * np.ones((SHAPE[0], 1)) + 0.01 * noise(2)
    b = np.where(np.arange(SHAPE[0])[:, None] % 5 < 4, a, -a)
    a, b = a / np.abs(a).max(), b / np.abs(b).max()
    flattened = similarity_func.ssim(a.ravel()[None], b.ravel()[None], batched=True)[0]
    assert structural_likeness(a, b) == pytest.approx(similarity_func.ssim(a, b))
    # Every fifth row is turned over: that is in every square, and in one run of five.
    assert structural_likeness(a, b) < flattened - 0.1


def test_entropy_is_quantus_own_and_rises_with_noise():
    a, b = blob(10, 10), noise(1)
    before, after = (complexity_func.discrete_entropy(x, None, n_bins=N_BINS) for x in (a, b))
    assert before == pytest.approx(entropy(np.histogram(a, N_BINS)[0]))
    assert entropy_rise(a, b) == pytest.approx((after - before) / before)
    assert entropy_rise(a, b) > 0.5


def test_layouts_are_of_length_one_and_their_product_is_spearmans_on_cells():
    a, b = blob(8, 8), blob(10, 11)
    left, right = layout(a), layout(b)
    assert np.linalg.norm(left) == pytest.approx(1)
    assert left @ layout(3 * a) == pytest.approx(1)
    assert left @ right > 0.7
    assert left @ layout(blob(34, 40)) < 0.1
    small = np.arange(12.0).reshape(3, 4) + 1
    other = small[::-1]
    assert layout(small) @ layout(other) == pytest.approx(spearmanr(small.ravel(), other.ravel()).statistic)


def test_a_map_without_a_place_has_no_layout():
    assert layout(-blob(3, 3)) == Absent(
        "no pixel of the map speaks for the target: its positive part is zero everywhere"
    )
    board = (-1.0) ** np.indices((64, 64)).sum(0)
    assert layout(board) == Absent("the map is as dense in every part of the image, so it has no place")
