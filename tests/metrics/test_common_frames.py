"""Common frames of the reliance map: windows of several images at the same place, worked by hand."""

import numpy as np
import pytest
from scipy.special import logit

from xaudit.metrics.reliance_map.frames import (
    case_windows,
    cell_means,
    cells_of,
    common_frame,
    position_in_words,
    windows_of,
)
from xaudit.metrics.reliance_map.windows import window_grid
from xaudit.records import WindowEffects

FRAME = (64, 64)


def effects(scale=0.25, stride=1.0, *, mark=None, place=None, drops=None, infill="blur", frame_hw=FRAME):
    grid = window_grid(frame_hw, scale, stride)
    empty = np.zeros(grid.shape, dtype=np.float32)
    part = np.zeros(frame_hw, dtype=bool)
    if mark is not None:
        x0, y0, x1, y1 = mark
        part[y0:y1, x0:x1] = True
    return WindowEffects(
        "a", "p", "net", "cancer", "cancer", "cancer", "hide", infill, scale, stride, frame_hw,
        0.9, float(logit(0.9)), empty if drops is None else drops, empty, grid.shares(part),
        place or ("outside",) * empty.size,
    )  # fmt: skip


def test_windows_of_two_scales_stand_one_after_the_other():
    windows = windows_of([effects(0.5), effects(0.25), effects(0.25, infill="noise")])
    assert windows.scales == (0.25, 0.5)
    assert windows.groups.tolist() == [0] * 16 + [1] * 4
    assert windows.boxes[1].tolist() == [0.25, 0, 0.5, 0.25]
    assert windows.boxes[19].tolist() == [0.5, 0.5, 1, 1]


def test_effects_times_weights_cover_the_frame_once():
    # Without overlap each window counts once; with windows half a side apart the frame still holds 16 of them.
    assert windows_of([effects()]).weights.tolist() == [1.0] * 16
    assert windows_of([effects(stride=0.5)]).weights.sum() == pytest.approx(16)


def test_the_border_is_where_most_of_the_window_is_border():
    """The border is a tenth of each side.

    Of a window of an eighth at the edge .1 / .125 is border, of its neighbour half a window on .0375 / .125, in the corner 1 - .7^2. Of a window
    of a quarter in the corner 1 - (.15 / .25)^2 = .64 is border, at the edge .1 / .25.
    """
    windows = windows_of([effects(0.125, 0.5), effects(0.25, 0.5)])
    fine, coarse = windows.in_border[:225].reshape(15, 15), windows.in_border[225:].reshape(7, 7)
    assert fine[0].all()
    assert not fine[1, 2:-2].any()
    assert (coarse[0, 0], coarse[0, 1], coarse[1, 1]) == (True, False, False)


def test_a_lung_that_reaches_the_border_stays_a_lung():
    place = ("same-lung", "thorax", *["outside"] * 62)
    windows = windows_of([effects(0.125)])
    case = case_windows(windows, [effects(0.125, place=place)], ["blur"])
    assert case.place[:3] == ("same-lung", "border", "border")
    assert case.place[9] == "outside"


def test_a_region_that_the_audit_file_names_keeps_its_windows_at_the_border():
    place = ("ruler", "body", "empty", *["outside"] * 61)
    case = case_windows(windows_of([effects(0.125)]), [effects(0.125, place=place)], ["blur"])
    assert case.place[:4] == ("ruler", "border", "border", "border")


def test_an_in_fill_that_was_not_measured_has_no_values():
    drops = np.arange(16, dtype=np.float32).reshape(4, 4)
    windows = windows_of([effects()])
    case = case_windows(windows, [effects(drops=drops, infill="noise")], ["blur", "noise"])
    assert np.isnan(case.drops[0]).all()
    assert case.drops[1, 0].tolist() == list(range(16))


def test_the_windows_around_the_mark_by_hand():
    """The mark fills window (1, 2) of 4 × 4: that is the centre, row 4 and column 4 of 9 × 9."""
    one = effects(mark=(32, 16, 48, 32))
    windows = windows_of([one])
    frame = common_frame("mark", windows)
    cells = cells_of(frame, windows, case_windows(windows, [one], ["blur"]))
    assert cells is not None
    assert cells[1 * 4 + 2] == 4 * 9 + 4
    assert cells[1 * 4 + 3] == 4 * 9 + 5
    assert cells[0] == 3 * 9 + 2
    assert frame.boxes[4 * 9 + 4] == pytest.approx([4 / 9, 4 / 9, 5 / 9, 5 / 9])


def test_marks_at_different_places_meet_in_the_mark_frame():
    drops = np.zeros((4, 4), dtype=np.float32)
    drops[1, 3] = 0.5
    moved = np.zeros((4, 4), dtype=np.float32)
    moved[3, 2] = 0.5
    right_of_it = [effects(mark=(32, 16, 48, 32), drops=drops), effects(mark=(16, 48, 32, 64), drops=moved)]
    windows = windows_of(right_of_it)
    frame = common_frame("mark", windows)
    for one in right_of_it:
        case = case_windows(windows, [one], ["blur"])
        cells = cells_of(frame, windows, case)
        assert cells is not None
        values = cell_means(case.drops[0, 0], cells, len(frame.groups))
        assert np.flatnonzero(values == 0.5).tolist() == [4 * 9 + 5]


def test_the_larger_of_two_marks_is_the_centre():
    both = effects(mark=(32, 16, 48, 32))
    both.mark_share[3, 0] = 0.2
    windows = windows_of([both])
    cells = cells_of(common_frame("mark", windows), windows, case_windows(windows, [both], ["blur"]))
    assert cells is not None
    assert cells[1 * 4 + 2] == 4 * 9 + 4


def test_lungs_of_different_sizes_meet_in_the_lungs_frame():
    """Lungs of two columns of windows each, one row lower and shorter in the second image: 8 × 8 windows."""
    names = np.full((8, 8), "thorax", dtype=object)
    names[1:7, 1:3], names[1:7, 5:7] = "opposite-lung", "same-lung"
    smaller = np.full((8, 8), "thorax", dtype=object)
    smaller[2:5, 1:3], smaller[2:5, 5:7] = "same-lung", "opposite-lung"
    tops = []
    for place in (names, smaller):
        one = effects(0.125, place=tuple(place.ravel()))
        windows = windows_of([one])
        frame = common_frame("lungs", windows)
        cells = cells_of(frame, windows, case_windows(windows, [one], ["blur"]))
        assert cells is not None
        grid = cells.reshape(8, 8)
        first, last = np.argwhere(grid >= 0).min(axis=0), np.argwhere(grid >= 0).max(axis=0)
        tops.append((grid[first[0], 1], grid[first[0], 5], grid[last[0], 6]))
        assert (grid[:, [0, 3, 4, 7]] == -1).all()
    # Centres lie at 1/4 and 3/4 of a lung's width, columns 1 and 3 of 4: row 0, columns 1 and 4 + 1; row 5, column 4 + 3.
    assert tops[0] == (1, 5, 47)
    # Three rows: centres at 1/6, 3/6 and 5/6 of the height, rows 1, 3 and 5.
    assert tops[1] == (8 + 1, 8 + 5, 47)


def test_images_without_mark_or_lungs_are_not_in_their_frames():
    one = effects()
    windows = windows_of([one])
    case = case_windows(windows, [one], ["blur"])
    assert cells_of(common_frame("mark", windows), windows, case) is None
    assert cells_of(common_frame("lungs", windows), windows, case) is None


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((0, 0, 0.125, 0.125), "upper left corner"),
        ((0.4, 0.9, 0.5, 1), "lower edge"),
        ((0, 0.5, 0.1, 0.6), "left edge"),
        ((0.5, 0.5, 0.75, 0.75), "lower right part"),
        ((0.25, 0.45, 0.3, 0.55), "left part"),
    ],
)
def test_positions_in_words(box, words):
    assert position_in_words(box) == words


def test_frames_that_differ_are_refused():
    with pytest.raises(ValueError, match="different frames or strides"):
        windows_of([effects(), effects(frame_hw=(32, 32))])
    with pytest.raises(ValueError, match="different frames or strides"):
        windows_of([effects(), effects(stride=0.5)])
