"""Kinds of numbers in a TIFF, written tag by tag."""

import struct

import pytest

from xaudit.cases.images.header import UnreadableImageError
from xaudit.cases.images.image_file import read_pixels


def tiff(bits, *, sample_format=None):
    """A row of two pixels, 0 and the largest, little-endian."""
    pixels = (0).to_bytes(bits // 8, "little") + (2**bits - 1).to_bytes(bits // 8, "little")
    tags = {256: 2, 257: 1, 258: bits, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: len(pixels)}
    if sample_format is not None:
        tags[339] = sample_format
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    directory = struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0)
    return struct.pack("<2sHI", b"II", 42, 8 + len(pixels)) + pixels + directory


@pytest.mark.parametrize("sample_format", [None, 1])
@pytest.mark.parametrize("bits", [8, 16])
def test_numbers_without_sign_of_8_and_16_bits_are_shares_of_their_largest(bits, sample_format):
    assert read_pixels(tiff(bits, sample_format=sample_format), "tiff", "lung").tolist() == [[0, 1]]


@pytest.mark.parametrize("sample_format", [None, 1])
def test_of_more_bits_the_range_is_not_known_whether_the_file_says_its_kind_or_not(sample_format):
    with pytest.raises(
        UnreadableImageError, match=r"(?m)^is a TIFF of 32-bit numbers, whose range is not known"
    ):
        read_pixels(tiff(32, sample_format=sample_format), "tiff", "lung")


@pytest.mark.parametrize("bits", [16, 32])
def test_numbers_with_a_sign_are_refused(bits):
    with pytest.raises(
        UnreadableImageError, match=r"(?m)^is a TIFF of signed numbers, whose range is not known"
    ):
        read_pixels(tiff(bits, sample_format=2), "tiff", "lung")
