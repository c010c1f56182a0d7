import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xaudit.perturb.control_area import control_areas


def rng(seed=0):
    return np.random.default_rng(seed)


@given(arrays(np.bool_, (9, 14)), st.integers(1, 4))
def test_every_area_is_the_region_moved(region, n_areas):
    areas = control_areas(region, n_areas, rng())
    shifts = [(down, right) for down in range(9) for right in range(14)]
    assert len(areas) == n_areas
    for area in areas:
        assert any((np.roll(region, shift, axis=(0, 1)) == area).all() for shift in shifts)


def test_a_small_region_is_left_alone():
    region = np.zeros((64, 64), dtype=bool)
    region[3:11, 50:60] = True
    for area in control_areas(region, 50, rng()):
        assert area.sum() == 80
        assert not (area & region).any()


def test_a_ring_overlaps_as_little_as_the_draws_allow():
    ring = np.ones((40, 40), dtype=bool)
    ring[4:36, 4:36] = False
    least = 40 * 40
    for down in range(40):
        for right in range(40):
            least = min(least, int((ring & np.roll(ring, (down, right), axis=(0, 1))).sum()))
    overlaps = [int((ring & area).sum()) for area in control_areas(ring, 20, rng())]
    # Moved by more than its width both ways, a ring of width 4 crosses itself in 4 squares of 8 × 8 at least.
    assert least == 2 * 8 * 8
    assert np.mean(overlaps) < 1.5 * least


def test_areas_are_seeded_and_differ():
    region = np.zeros((32, 32), dtype=bool)
    region[:4, :4] = True
    first, again = control_areas(region, 3, rng(1)), control_areas(region, 3, rng(1))
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert not (first[0] == first[1]).all()
    assert not (first[0] == control_areas(region, 1, rng(2))[0]).all()


def test_an_area_may_wrap_around_the_edge_and_keeps_its_size():
    region = np.zeros((8, 8), dtype=bool)
    region[2:7, 2:7] = True
    assert {int(area.sum()) for area in control_areas(region, 30, rng())} == {25}
