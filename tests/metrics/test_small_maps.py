"""Maps as small maps by hand: cells, distances, and the strongest window."""

import numpy as np
import pytest

from xaudit.metrics.reliance_map.small_maps import (
    RESOLUTION,
    SIDE,
    place_coordinates,
    small_map,
    strongest_window,
    window_region,
)
from xaudit.metrics.reliance_map.windows import window_grid
from xaudit.records import WindowEffects

FRAME = (64, 64)


def effects(scale: float, place: tuple[str, ...] | str, mark: np.ndarray | None = None) -> WindowEffects:
    grid = window_grid(FRAME, scale, 0.5)
    n = grid.n_windows
    nothing = np.zeros(grid.shape, dtype=np.float32)
    return WindowEffects(
        "a", "a", "net", "cancer", "cancer", "cancer", "hide", "blur", scale, 0.5, FRAME, 0.9, 2.2,
        nothing, nothing, nothing if mark is None else mark, (place,) * n if isinstance(place, str) else place,
    )  # fmt: skip


def test_a_cell_holds_the_share_of_the_positive_part_that_lies_in_it() -> None:
    values = np.zeros(FRAME)
    values[0:4, 0:4] = 3.0  # the first of 16 × 16 cells of 4 px
    values[60:64, 62:66] = 1.0  # half a cell wide: 4 × 2 px
    values[30, 30] = -100.0
    small = small_map(values)
    assert small is not None
    assert small[0, 0] == pytest.approx(48 / 56)
    assert small[-1, -1] == pytest.approx(8 / 56)
    assert small.sum() == pytest.approx(1)


@pytest.mark.parametrize("values", [np.zeros(FRAME), -np.ones(FRAME), np.full(FRAME, 2.0)])
def test_a_map_without_a_place_has_no_small_map(values: np.ndarray) -> None:
    assert small_map(values) is None


def test_a_moved_map_is_as_far_as_it_was_moved() -> None:
    """Moved by 4 of 16 cells along x: quantiles move by .25, 0, and twice by .25 / sqrt 2; the mean square is .25² / 2, a distance of 4 cells."""
    maps = np.zeros((2, SIDE, SIDE))
    maps[0, 5, 3] = maps[1, 5, 7] = 1.0
    a, b = place_coordinates(maps)
    assert np.linalg.norm(a - b) == pytest.approx(4 * RESOLUTION, abs=1e-3)


def test_the_strongest_window_and_its_region() -> None:
    values = np.zeros((16, 16))  # a coarse map over the same frame
    values[0, 15] = 2.0
    values[8, 8] = 1.0
    found = effects(0.25, "thorax")
    window = strongest_window(values, found)
    assert list(window_grid(FRAME, 0.25, 0.5).boxes())[window] == (0, 48, 16, 64)
    # The border is 6.4 px wide: (9.6 / 16)² = .36 of a corner window lies within it, 9.6 / 16 of one beside the edge.
    assert window_region(found, window) == "border"
    assert window_region(found, 7) == "thorax"
    small = effects(0.125, "thorax")
    assert window_region(small, strongest_window(values, small)) == "border"
    marked = np.zeros(window_grid(FRAME, 0.125, 0.5).shape, dtype=np.float32)
    marked.ravel()[strongest_window(values, small)] = 0.1
    assert window_region(effects(0.125, "thorax", marked), strongest_window(values, small)) == "mark"
