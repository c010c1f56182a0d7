import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xaudit.perturb.ordering import removal_steps


def test_the_highest_go_first_in_equal_portions():
    # Six pixels in three steps: two at a time, −5 last.
    saliency = np.array([[9.0, 1.0, 4.0], [2.0, -5.0, 8.0]])
    assert removal_steps(saliency, 3).tolist() == [[1, 3, 2], [2, 3, 1]]


@given(arrays(np.float32, (5, 7), elements=st.floats(-9, 9, width=32)), st.integers(1, 50))
def test_every_pixel_goes_once_and_portions_are_as_equal_as_can_be(saliency, steps):
    at = removal_steps(saliency, steps)
    counts = np.bincount(at.reshape(-1), minlength=steps + 1)
    assert counts[0] == 0
    assert counts.sum() == 35
    assert np.ptp(counts[1:]) <= 1
    for step in range(1, steps):
        earlier, later = saliency[at <= step], saliency[at > step]
        assert earlier.size == 0 or later.size == 0 or earlier.min() >= later.max()


def test_a_plateau_is_thinned_out_rather_than_taken_from_its_top():
    # Of an even map, the first half to go takes about half of the upper rows: 512 ± 4 · 16 of 1024.
    at = removal_steps(np.zeros((32, 64)), 2)
    assert abs(int((at[:16] == 1).sum()) - 512) < 64


def test_a_map_always_gives_the_same_order():
    saliency = np.random.default_rng(0).integers(0, 3, (20, 20)).astype(float)
    np.testing.assert_array_equal(removal_steps(saliency, 8), removal_steps(saliency.copy(), 8))
    np.testing.assert_array_equal(removal_steps(saliency, 8), removal_steps(saliency * 1000, 8))
