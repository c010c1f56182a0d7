"""COCO's run lengths are written in 64 characters, from '0' to 'o'."""

import pytest

from xaudit.cases.marks.encodings.run_lengths import decode_runs


@pytest.mark.parametrize("character", [chr(47), chr(48 + 64), chr(48 + 65), "é"])
def test_a_character_beside_the_sixty_four_is_refused(character):
    with pytest.raises(ValueError, match=f"the character '{character}' cannot stand in run lengths"):
        decode_runs(f"5{character}3")


def test_the_first_and_the_last_of_them_are_read():
    # '0' is 0; 'o' is 63: five bits of 31, and more follow: 31 + 0 · 32.
    assert decode_runs("05o0") == (0, 5, 31)
