"""The size that a compressed frame claims, from markers written by hand."""

import pytest

from xaudit.cases.images.dicom_pixels import codestream_size

START, FILL = b"\xff\xd8", b"\xff"
FRAME = b"\xff\xc0\x00\x0b\x08\x00\x28\x00\x3c\x01\x01\x11\x00"  # 40 rows of 60
SEGMENT = b"\xff\xe0\x00\x06abcd"  # two bytes of length, four of content


@pytest.mark.parametrize(
    "before",
    [
        b"",
        SEGMENT,
        SEGMENT * 2,
        FILL,
        FILL * 2,
        SEGMENT + FILL,
        b"\xff\xe0\x00\x05abc",
        b"\xff\xc4\x00\x04\x00\x00",
    ],
    ids=["nothing", "a segment", "two", "a fill byte", "two fill bytes", "both", "an odd length", "a table"],
)
def test_the_size_is_found_behind_whatever_stands_before(before):
    whole = START + before + FRAME
    assert codestream_size(whole) == (40, 60)
    # The width ends nine bytes into the frame's segment; without it there is no size.
    needed = len(START + before) + 9
    assert codestream_size(whole[:needed]) == (40, 60)
    assert [codestream_size(whole[:cut]) for cut in range(needed)] == [None] * needed


@pytest.mark.parametrize("marker", range(0xC0, 0xD0))
def test_every_marker_of_a_frame_is_known_and_tables_are_none(marker):
    claimed = codestream_size(START + bytes([0xFF, marker]) + FRAME[2:])
    assert claimed == (None if marker in (0xC4, 0xC8, 0xCC) else (40, 60))


def test_the_frame_of_jpeg_ls_is_one_too_and_pixels_are_not_searched():
    assert codestream_size(START + b"\xff\xf7" + FRAME[2:]) == (40, 60)
    assert codestream_size(START + b"\xff\xda\x00\x02" + FRAME) is None


def test_the_size_of_jpeg_2000_is_the_far_corner_less_the_offset():
    numbers = b"".join(number.to_bytes(4, "big") for number in (63, 44, 3, 4))
    assert codestream_size(b"\xff\x4f\xff\x51\x00\x2f\x00\x00" + numbers) == (40, 60)
    assert codestream_size(b"a box" + b"\xff\x4f\xff\x51\x00\x2f\x00\x00" + numbers) == (40, 60)
