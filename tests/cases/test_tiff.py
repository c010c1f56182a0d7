"""TIFF files, of which tifffile wrote those in ``files/frames`` and Pillow the others."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from xaudit.cases.images.header import UnreadableImageError
from xaudit.cases.images.image_file import frame_numbers, read_header, read_pixels, sniff

FRAMES = Path(__file__).parent / "files" / "frames"


def content(name):
    return (FRAMES / name).read_bytes()


def tiff(array, *more, **options):
    stream = BytesIO()
    image = array if isinstance(array, Image.Image) else Image.fromarray(np.asarray(array))
    others = [Image.fromarray(np.asarray(one)) for one in more]
    image.save(stream, "TIFF", **({"save_all": True, "append_images": others} if more else {}), **options)
    return stream.getvalue()


def pixels(data, frame=None):
    return read_pixels(data, "tiff", "lung", frame)


def unreadable(reason):
    return pytest.raises(UnreadableImageError, match=f"(?m)^{reason}$")


def test_pages_of_16_bits_are_divided_by_65535():
    data = content("pages-16.tif")
    assert sniff(data[:8]) == "tiff"
    assert list(frame_numbers(data)) == [1, 2, 3]
    assert pixels(data, 1).max() == 0
    assert pixels(data, 2)[0, 0] == pytest.approx(0.2)
    assert np.argwhere(pixels(data, 3) == 1).tolist() == [[5, 7]]
    header = read_header(data, "lung", 3)
    assert (header.height, header.width, header.source_format, header.spacing_mm) == (12, 20, "tiff", None)


def test_a_page_beyond_the_last_is_refused():
    with unreadable("has no #4; its 3 pages are counted from 1"):
        read_header(content("pages-16.tif"), "lung", 4)


def test_floats_are_taken_as_they_are():
    data = content("float.tif")
    assert frame_numbers(data) is None
    assert np.argwhere(pixels(data) == 1).tolist() == [[5, 7]]


@pytest.mark.parametrize(("low", "high"), [(-0.5, 1.0), (0.0, 1.5), (-1024.0, 3071.0)])
def test_floats_of_another_range_are_refused(low, high):
    with unreadable(f"is a TIFF of floats from {low:g} to {high:g}, and floats must lie between 0 and 1"):
        read_header(tiff(np.array([[low, high]], dtype=np.float32)), "lung")


def test_floats_that_are_no_numbers_are_refused():
    with pytest.raises(UnreadableImageError, match="floats from nan"):
        read_header(tiff(np.array([[0.5, np.nan]], dtype=np.float32)), "lung")


def test_dark_is_large_is_turned_round():
    # tifffile stores the numbers as they are under MinIsWhite: 65535 is black.
    assert np.argwhere(pixels(content("white-16.tif")) == 0).tolist() == [[5, 7]]
    inverted = tiff(np.array([[0, 255]], dtype=np.uint8), tiffinfo={262: 0})
    assert pixels(inverted).tolist() in ([[0, 1]], [[1, 0]])


def test_colour_stays_colour():
    values = pixels(content("colour.tif"))
    assert values.shape == (12, 20, 3)
    assert values[5, 7] == pytest.approx([1, 0.2, 0])


def test_a_palette_gives_its_colours():
    image = Image.fromarray(np.array([[0, 1]], dtype=np.uint8), mode=None).convert("P")
    image.putpalette([0, 0, 0, 255, 51, 0] + [0] * 762)
    assert pixels(tiff(image))[0, 1] == pytest.approx([1, 0.2, 0])


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (13, 1), (31, 17)])
def test_packed_files_and_odd_sizes_come_out_the_same(compression, shape):
    array = (np.arange(shape[0] * shape[1]).reshape(shape) * 7 % 65536).astype(np.uint16)
    assert pixels(tiff(array, compression=compression)) == pytest.approx(array / 65535)


def test_an_orientation_tag_is_followed_once():
    # 6: the first row is the right side, the first column the top.
    array = np.array([[10, 20, 30]], dtype=np.uint8)
    values = pixels(tiff(array, tiffinfo={274: 6}))
    assert values == pytest.approx(np.array([[10], [20], [30]]) / 255)


def test_a_reduced_copy_is_no_page():
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[254] = 1
    stream = BytesIO()
    large, small = (Image.new("L", size, 9) for size in ((20, 12), (10, 6)))
    small.encoderinfo = {"tiffinfo": info}
    large.save(stream, "TIFF", save_all=True, append_images=[small])
    assert frame_numbers(stream.getvalue()) is None
    assert pixels(stream.getvalue()).shape == (12, 20)


def test_signed_and_wide_integers_are_refused():
    with unreadable("is a TIFF of signed numbers, whose range is not known; save it as 16 bits .*"):
        read_header(tiff(np.array([[-5, 5]], dtype=np.int32)), "lung")


def test_an_unknown_photometric_kind_is_refused():
    data = bytearray(tiff(np.zeros((2, 2), np.uint8)))
    at = data.find((262).to_bytes(2, "little") + (3).to_bytes(2, "little"))
    data[at + 8 : at + 10] = (32803).to_bytes(2, "little")
    with unreadable(
        "is a TIFF of the photometric kind 32803, .*|is a truncated or damaged TIFF, or one of a kind that is not read"
    ):
        read_header(bytes(data), "lung")


def test_a_header_that_claims_a_huge_page_is_refused():
    data = bytearray(tiff(np.zeros((2, 2), np.uint8)))
    for tag in (256, 257):
        at = data.find(tag.to_bytes(2, "little") + (4).to_bytes(2, "little"))
        data[at + 8 : at + 12] = (60_000).to_bytes(4, "little")
    with pytest.raises(UnreadableImageError, match=r"60000 × 60000|more pixels than an image"):
        read_header(bytes(data), "lung")


@pytest.mark.parametrize("kept", [6, 40, 100, 400])
def test_a_truncated_file_is_refused(kept):
    data = content("white-16.tif")
    with unreadable("is a truncated or damaged TIFF, or one of a kind that is not read"):
        read_header(data[:kept], "lung")
