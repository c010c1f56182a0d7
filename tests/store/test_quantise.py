"""A stored map, and how far it may be from the one that was made."""

import struct

import numpy as np
import pytest
from hypothesis import given
from store_records import map_values

from xaudit.store.quantise import from_half, quantise, to_half


def slow_quantise(values):
    """The same, number by number, with the half-precision conversion of the struct module."""
    largest = max((abs(float(v)) for v in values.ravel()), default=0.0)
    scale = np.float32(largest if largest > 0 else 1.0)
    out = np.zeros(values.shape, np.float32)
    for index, value in np.ndenumerate(values):
        fraction = np.float32(value) / scale
        (half,) = struct.unpack("<e", struct.pack("<e", float(fraction)))
        out[index] = np.float32(half) * scale
    return out


def test_a_map_is_kept_as_fractions_of_its_largest_magnitude():
    # Largest magnitude 3: 0.75 / 3 = 0.25 is exact in half precision; 0.3 / 3 = 0.1 is not, and the nearest
    # half is 1638 / 2^14 = 0.0999755859375, which times 3 is 0.2999267578125.
    values = np.array([[0.0, -3.0], [0.75, 0.3]], np.float32)
    fractions, scale = to_half(values)
    assert scale == 3
    assert fractions.dtype == np.float16
    assert fractions.tolist() == [[0.0, -1.0], [0.25, 1638 / 2**14]]
    assert quantise(values).tolist() == [[0.0, -3.0], [0.75, 3 * 1638 / 2**14]]


def test_a_map_of_zeros_stays_zero_with_scale_one():
    fractions, scale = to_half(np.zeros((2, 3), np.float32))
    assert scale == 1
    assert from_half(fractions, scale).tolist() == [[0, 0, 0], [0, 0, 0]]


def test_what_is_not_finite_stays_so_and_does_not_set_the_scale():
    values = np.array([[np.nan, np.inf, -np.inf, 2.0]], np.float32)
    assert to_half(values)[1] == 2
    np.testing.assert_array_equal(quantise(values), values)


@pytest.mark.parametrize("largest", [1e-38, 1e-45, 3e38])
def test_very_small_and_very_large_maps_keep_their_largest_value(largest):
    values = np.array([[largest, 0.0]], np.float32)
    assert quantise(values).tolist() == values.tolist()


@given(map_values)
def test_it_agrees_with_the_slow_version_to_the_bit(values):
    assert quantise(values).tobytes() == slow_quantise(values).tobytes()


@given(map_values)
def test_what_was_stored_once_is_stored_again_unchanged(values):
    once = quantise(values)
    assert quantise(once).tobytes() == once.tobytes()


@given(map_values)
def test_the_error_is_below_the_bound_of_half_precision(values):
    bound = np.abs(values) * 2.0**-11 + np.abs(values).max() * 2.0**-25
    assert (np.abs(quantise(values).astype(np.float64) - values) <= bound * (1 + 1e-6)).all()


@given(map_values)
def test_the_order_of_pixels_is_never_turned_round(values):
    order = np.argsort(values, axis=None, kind="stable")
    assert (np.diff(quantise(values).ravel()[order]) >= 0).all()


def test_double_precision_maps_are_stored_as_single_ones():
    values = np.array([[1.0, 1 / 3]], np.float64)
    assert quantise(values).tobytes() == quantise(values.astype(np.float32)).tobytes()
