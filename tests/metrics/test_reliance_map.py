"""Windows, their effects and the map of a case, worked by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit

from xaudit.errors import ModelError
from xaudit.metrics.reliance_map.case_map import case_reliance
from xaudit.metrics.reliance_map.hiding import answers_of, hide_windows
from xaudit.metrics.reliance_map.windows import window_grid
from xaudit.perturb.asking import answer_one
from xaudit.records import WindowEffects


def grid_effects(drops, *, scale=0.5, stride=1.0, infill="mean", frame_hw=(4, 4)):
    drops = np.array(drops, dtype=np.float32)
    empty = np.zeros_like(drops)
    return WindowEffects(
        "a", "p", "net", "cancer", "cancer", "cancer", "hide", infill, scale, stride, frame_hw,
        0.9, float(logit(0.9)), drops, empty, empty, ("outside",) * drops.size,
    )  # fmt: skip


@given(
    st.tuples(st.integers(4, 90), st.integers(4, 90)),
    st.floats(0.02, 1),
    st.floats(0.1, 1),
)
def test_windows_cover_every_pixel_and_stay_in_the_frame(frame_hw, scale, stride):
    grid = window_grid(frame_hw, scale, stride)
    assert (grid.spread(np.ones(grid.shape)) == 1).all()
    boxes = list(grid.boxes())
    assert len(boxes) == len(set(boxes)) == grid.shape[0] * grid.shape[1]
    assert all(0 <= top < bottom <= frame_hw[0] for top, _, bottom, _ in boxes)
    assert all(0 <= left < right <= frame_hw[1] for _, left, _, right in boxes)


def test_the_default_windows_of_a_frame_of_128_pixels():
    fine, coarse = window_grid((128, 128), 0.125, 0.5), window_grid((128, 128), 0.25, 0.5)
    assert (fine.height, fine.width, fine.shape) == (16, 16, (15, 15))
    assert (coarse.height, coarse.width, coarse.shape) == (32, 32, (7, 7))
    assert fine.tops == tuple(range(0, 113, 8))


def test_a_window_of_the_whole_frame_is_the_only_one():
    assert list(window_grid((3, 5), 1.0, 0.5).boxes()) == [(0, 0, 3, 5)]


def test_the_share_of_a_part_in_each_window():
    # 4 × 4 pixels in four windows of 2 × 2; the part is the first row.
    part = np.zeros((4, 4), dtype=bool)
    part[0] = True
    assert window_grid((4, 4), 0.5, 1.0).shares(part).tolist() == [[0.5, 0.5], [0.0, 0.0]]


def test_a_pixel_takes_the_mean_of_the_windows_that_cover_it():
    # Windows of 2 × 2, one pixel apart: 3 × 3 of them. Only the one in the middle has a value, 4.
    values = np.zeros((3, 3))
    values[1, 1] = 4
    spread = window_grid((4, 4), 0.5, 0.5).spread(values)
    assert spread.tolist() == [[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    values[0, 0] = np.nan
    assert window_grid((4, 4), 0.5, 0.5).spread(values)[1, 1] == pytest.approx(4 / 3)


def hidden(answers, infills=("mean",), scales=(0.5,)):
    """The effects where the model gives the target these probabilities, in the order in which it is asked."""
    waiting = list(answers)

    def logits(images):
        taken = [waiting.pop(0) for _ in range(len(images))]
        return torch.tensor([[0.0, logit(one)] for one in taken], dtype=torch.float64)

    asking = hide_windows(
        torch.rand((3, 4, 4), generator=torch.Generator().manual_seed(0)),
        1,
        [window_grid((4, 4), scale, 1.0) for scale in scales],
        infills=infills,
        generator=np.random.default_rng(0),
    )
    effects = answer_one(asking, logits, batch_size=3)
    assert waiting == []
    return effects


def test_each_window_has_its_own_fall_and_a_rise_is_kept_as_it_is():
    [effects] = hidden([0.9, 0.5, 0.9, 0.95, 0.6])
    assert effects.probability == pytest.approx(0.9)
    np.testing.assert_allclose(effects.probability_drop, [[0.4, 0.0], [-0.05, 0.3]], atol=1e-6)
    assert effects.log_odds_drop[0, 0] == pytest.approx(logit(0.9) - logit(0.5), rel=1e-6)


def test_grids_come_in_the_order_of_scales_and_then_of_infills():
    effects = hidden(
        [0.9, *[0.8] * 4, *[0.7] * 4, *[0.6], *[0.5]], infills=("mean", "blur"), scales=(0.5, 1.0)
    )
    seen = [(one.grid.height, one.infill, float(one.probability_drop.max())) for one in effects]
    assert seen == [
        (2, "mean", pytest.approx(0.1)),
        (2, "blur", pytest.approx(0.2)),
        (4, "mean", pytest.approx(0.3)),
        (4, "blur", pytest.approx(0.4)),
    ]


def test_a_model_that_reads_one_quadrant_loses_its_answer_there_alone():
    image = torch.zeros(3, 8, 8)
    image[:, :4, 4:] = 1.0

    def logits(images):
        brightness = images[:, :, :4, 4:].mean((1, 2, 3))
        return torch.stack([torch.zeros_like(brightness), 10 * brightness - 5], dim=1)

    asking = hide_windows(
        image, 1, [window_grid((8, 8), 0.5, 1.0)], infills=("mean",), generator=np.random.default_rng(0)
    )
    [effects] = answer_one(asking, logits, batch_size=4)
    assert effects.probability_drop[0, 1] == pytest.approx(0.9866, abs=1e-3)
    assert np.abs(np.delete(effects.probability_drop.ravel(), 1)).max() == 0


def test_log_odds_still_move_where_the_probability_is_rounded_to_one():
    log_odds, probability = answers_of(np.array([[0.0, 60.0], [0.0, 50.0]]), 1)
    assert log_odds.tolist() == [60.0, 50.0]
    assert (probability == 1).all()


def test_the_log_odds_of_one_of_several_classes_are_those_of_its_probability():
    logits = np.array([[0.3, -1.0, 2.0]])
    exact = np.exp(logits) / np.exp(logits).sum()
    log_odds, probability = answers_of(logits, 0)
    assert probability[0] == pytest.approx(exact[0, 0])
    assert log_odds[0] == pytest.approx(logit(exact[0, 0]))


def test_an_answer_that_is_no_number_is_an_error():
    with pytest.raises(ModelError, match="with a window replaced is not a number"):
        answers_of(np.array([[0.0, np.nan]]), 1)


def test_windows_of_another_frame_are_refused():
    asking = hide_windows(
        torch.zeros(3, 4, 4), 0, [window_grid((8, 8), 0.5, 1.0)], infills=("mean",),
        generator=np.random.default_rng(0),
    )  # fmt: skip
    with pytest.raises(ValueError, match="frame"):
        next(asking)


def test_a_case_map_is_what_falls_beyond_the_median_window():
    # Falls .4, .1, 0 (a rise) and .1: the median is .1, and .3 of the first window are left.
    reliance = case_reliance([grid_effects([[0.4, 0.1], [-0.2, 0.1]])])
    expected = np.zeros((4, 4))
    expected[:2, :2] = 0.3
    np.testing.assert_allclose(reliance.values, expected, atol=1e-7)
    assert reliance.summed == pytest.approx(0.3)


def test_infills_are_averaged_and_then_scales():
    fine = [grid_effects([[0.4, 0], [0, 0]]), grid_effects([[0.2, 0], [0, 0]], infill="blur")]
    coarse = [grid_effects([[0.5]], scale=1.0)]  # its only window is its own median
    reliance = case_reliance([*fine, *coarse])
    assert reliance.values[0, 0] == pytest.approx((0.3 + 0) / 2)
    assert reliance.summed == pytest.approx(0.3)


def test_overlapping_windows_count_once_in_the_sum():
    # A model that loses .4 wherever any of the first row's windows is hidden; each pixel is in up to four windows.
    drops = np.zeros((3, 3))
    drops[0] = 0.4
    reliance = case_reliance([grid_effects(drops, stride=0.5)])
    values = np.array([[0.4] * 4, [0.2] * 4, [0] * 4, [0] * 4])
    np.testing.assert_allclose(reliance.values, values, atol=1e-7)
    assert reliance.summed == pytest.approx(values.sum() / 4)


def test_maps_of_two_frames_or_none_make_no_map():
    with pytest.raises(ValueError, match="0 grids"):
        case_reliance([])
    with pytest.raises(ValueError, match="2 grids"):
        case_reliance([grid_effects([[0.1]], scale=1.0), grid_effects([[0.1]], scale=1.0, frame_hw=(2, 2))])
