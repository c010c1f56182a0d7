"""Results that are kept: the same as computed anew, dropped by age, never beyond the limit."""

import numpy as np

from xaudit.perturb.recent_results import RecentResults


def n_bytes(array):
    return array.nbytes


class Doubles:
    def __init__(self):
        self.n = 0

    def __call__(self, values, *_more):
        self.n += 1
        return values.astype(np.float64) * 2


def test_other_contents_shapes_and_types_are_other_results():
    recent, doubles = RecentResults(n_bytes, most_bytes=10_000), Doubles()
    ones = np.ones((2, 3), np.float32)
    for given in (ones, ones.reshape(3, 2), ones.astype(np.float64), np.zeros((2, 3), np.float32)):
        assert np.array_equal(recent.result(doubles, given), given * 2.0)
        assert recent.result(doubles, given).shape == given.shape
    assert doubles.n == 4


def test_a_second_argument_counts():
    recent, doubles = RecentResults(n_bytes, most_bytes=10_000), Doubles()
    one, mask = np.ones(4), np.array([True, False, False, False])
    recent.result(doubles, one, mask)
    recent.result(doubles, one, ~mask)
    recent.result(doubles, one, mask.copy())
    assert doubles.n == 2


def test_the_longest_unused_result_is_dropped_and_the_limit_holds():
    recent, doubles = RecentResults(n_bytes, most_bytes=3 * 80), Doubles()
    arrays = [np.full(10, float(number)) for number in range(4)]
    for array in arrays[:3]:
        recent.result(doubles, array)
    recent.result(doubles, arrays[0])  # used again: the second is now the oldest
    recent.result(doubles, arrays[3])
    assert doubles.n == 4
    recent.result(doubles, arrays[0])
    assert doubles.n == 4
    recent.result(doubles, arrays[1])
    assert doubles.n == 5


def test_a_result_beyond_the_limit_is_given_and_not_kept():
    recent, doubles = RecentResults(n_bytes, most_bytes=8), Doubles()
    for _ in range(2):
        assert recent.result(doubles, np.ones(100)).sum() == 200
    assert doubles.n == 2


def test_a_large_result_drops_no_small_ones():
    recent, doubles = RecentResults(n_bytes, most_bytes=1000, largest=100), Doubles()
    recent.result(doubles, np.ones(10))
    recent.result(doubles, np.ones(120))
    recent.result(doubles, np.ones(10))
    assert doubles.n == 2
