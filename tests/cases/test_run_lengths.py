"""COCO's compressed run lengths."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xaudit.cases.marks.encodings.run_lengths import decode_runs


def encode_runs(counts):
    """The other direction, written down from the format's description."""
    text = ""
    for index, count in enumerate(counts):
        value = count - counts[index - 2] if index > 2 else count
        while True:
            group, value = value & 31, value >> 5
            done = value == (-1 if group & 16 else 0)
            text += chr(48 + group + (0 if done else 32))
            if done:
                break
    return text


def test_small_lengths_are_one_character_each():
    # '2' is character 50, 50 - 48 = 2, without the sixth bit (more follow) and the fifth (minus).
    assert decode_runs("22") == (2, 2)


def test_an_example_by_hand():
    # 5 -> '5' (53), 3 -> '3' (51).
    # 20 = 10100 in bits: the highest of five bits would read as a minus, so a second group of 0 follows:
    #   20 + 32 + 48 = 100 = 'd', then 0 + 48 = '0'.
    # The fourth is stored as the difference to the second: 2 - 3 = -1 = 11111 in five bits: 31 + 48 = 79 = 'O'.
    assert decode_runs("53d0O") == (5, 3, 20, 2)


def test_a_length_of_three_groups():
    # 1000 = 31 · 32 + 8: groups 8 and 31; 31 has its highest bit set, so a third group of 0 follows.
    # 8 + 32 + 48 = 88 = 'X'; 31 + 32 + 48 = 111 = 'o'; '0'.
    assert decode_runs("Xo0") == (1000,)


@given(st.lists(st.integers(0, 300_000), max_size=30))
def test_any_lengths_come_back(counts):
    assert decode_runs(encode_runs(counts)) == tuple(counts)


def test_no_text_is_no_runs():
    assert decode_runs("") == ()


def test_a_text_cut_short_is_refused():
    with pytest.raises(ValueError, match="the run lengths are cut short"):
        decode_runs("5d")


def test_a_character_from_elsewhere_is_refused():
    with pytest.raises(ValueError, match="the character ' ' cannot stand in run lengths"):
        decode_runs("5 3")


def test_a_number_without_end_is_refused():
    with pytest.raises(ValueError, match="a run length does not end"):
        decode_runs("o" * 40)


def test_a_mask_of_one_row_reads_column_by_column():
    # Counts 1, 2, 1 over 2 × 2: column 0 is (0, 1), column 1 is (1, 0).
    from xaudit.geometry import rasterise
    from xaudit.records import MaskRegion

    mask = rasterise(MaskRegion(2, 2, decode_runs("121")), (2, 2))
    assert np.array_equal(mask, [[False, True], [True, False]])
