"""PNG and JPEG files of every kind that scanners and screenshots leave behind."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from xaudit.cases.images.header import UnreadableImageError
from xaudit.cases.images.image_file import read_header, sniff
from xaudit.cases.images.raster import raster_header, raster_mask, raster_pixels


def encoded(image, kind="PNG", **options):
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png16(values):
    """A 16-bit grey PNG written by hand, chunk by chunk."""
    values = np.asarray(values, dtype=">u2")

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, 0, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in values)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def unreadable(reason):
    return pytest.raises(UnreadableImageError, match=f"(?m)^{reason}$")


def test_eight_bits_are_divided_by_255():
    data = encoded(Image.fromarray(np.array([[0, 51, 255]], dtype=np.uint8)))
    assert raster_pixels(data) == pytest.approx(np.array([[0, 0.2, 1]]))
    assert raster_pixels(data).dtype == np.float32


def test_sixteen_bits_are_divided_by_65535():
    assert raster_pixels(png16([[0, 13107, 65535]])) == pytest.approx(np.array([[0, 0.2, 1]]))


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (11, 1), (37, 23)])
def test_sixteen_bits_of_odd_sizes_keep_every_pixel(shape):
    values = np.arange(shape[0] * shape[1]).reshape(shape) * 71
    assert raster_pixels(png16(values)) == pytest.approx(values / 65535)
    assert raster_header(png16(values), "png").height == shape[0]


def test_one_bit_is_black_and_white():
    data = encoded(Image.fromarray(np.array([[True, False]])))
    assert raster_pixels(data).tolist() == [[1, 0]]


def test_colour_stays_colour():
    pixels = np.array([[[255, 0, 51], [0, 255, 102]]], dtype=np.uint8)
    assert raster_pixels(encoded(Image.fromarray(pixels))) == pytest.approx(pixels / 255)


def test_what_is_transparent_lies_on_black():
    # 200 at opacity 51/255 = 1/5 is 40 of 255.
    grey = Image.fromarray(np.array([[[200, 51], [200, 255]]], dtype=np.uint8), "LA")
    assert raster_pixels(encoded(grey)) == pytest.approx(np.array([[40, 200]]) / 255, abs=1e-6)
    colour = Image.fromarray(np.array([[[200, 100, 0, 51]]], dtype=np.uint8), "RGBA")
    assert raster_pixels(encoded(colour)) == pytest.approx(np.array([[[40, 20, 0]]]) / 255, abs=1e-6)


def test_a_palette_of_greys_is_a_grey_image():
    image = Image.fromarray(np.array([[0, 1, 2]], dtype=np.uint8), "P")
    image.putpalette([0, 0, 0, 102, 102, 102, 255, 255, 255])
    assert raster_pixels(encoded(image)) == pytest.approx(np.array([[0, 0.4, 1]]))
    assert raster_pixels(encoded(image, transparency=2)) == pytest.approx(np.array([[0, 0.4, 0]]))


def test_a_palette_of_colours_is_a_colour_image():
    image = Image.fromarray(np.array([[0, 1]], dtype=np.uint8), "P")
    image.putpalette([0, 0, 0, 255, 0, 0])
    assert raster_pixels(encoded(image)).tolist() == [[[0, 0, 0], [1, 0, 0]]]


def test_a_cmyk_jpeg_is_a_colour_image():
    image = Image.new("CMYK", (16, 8), (0, 255, 255, 0))
    values = raster_pixels(encoded(image, "JPEG", quality=95))
    assert values.shape == (8, 16, 3)
    assert values[4, 8] == pytest.approx([1, 0, 0], abs=0.05)


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, [[0, 1, 2], [3, 4, 5]]),
        (2, [[2, 1, 0], [5, 4, 3]]),
        (3, [[5, 4, 3], [2, 1, 0]]),
        (6, [[3, 0], [4, 1], [5, 2]]),
        (8, [[2, 5], [1, 4], [0, 3]]),
    ],
)
def test_an_exif_orientation_is_followed(orientation, expected):
    image = Image.fromarray((np.arange(6).reshape(2, 3) * 40).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(image, exif=exif)
    assert raster_pixels(data) * 255 == pytest.approx(np.array(expected) * 40)
    header = raster_header(data, "png")
    assert (header.height, header.width) == np.shape(expected)


def test_damaged_exif_tags_are_passed_over_in_silence(capfd):
    exif = Image.Exif()
    exif[0x010E] = "a description that is long enough to be stored elsewhere"
    data = encoded(Image.new("L", (8, 8), 51), "JPEG", exif=exif)
    place = data.index(b"\x01\x0e") if b"\x01\x0e" in data else data.index(b"\x0e\x01")
    broken = data[: place + 4] + b"\xff\xff\xff\x7f" + data[place + 8 :]
    assert raster_pixels(broken) == pytest.approx(np.full((8, 8), 0.2), abs=0.01)
    assert capfd.readouterr().err == ""


def test_the_kind_is_told_by_content():
    grey = Image.new("L", (4, 4))
    assert sniff(encoded(grey)[:132]) == "png"
    assert sniff(encoded(grey, "JPEG")[:132]) == "jpeg"
    assert sniff(b"\0" * 128 + b"DICM") == "dicom"
    assert sniff(encoded(grey, "GIF")[:132]) is None


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("kept", [0.3, 0.7])
def test_a_truncated_image_is_unreadable(kind, kept):
    data = encoded(Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)), kind)
    with unreadable("is (truncated|damaged and cannot be decoded)"):
        read_header(data[: int(len(data) * kept)], "lung")


def test_a_png_with_a_flipped_byte_is_unreadable():
    data = bytearray(encoded(Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8))))
    data[len(data) // 2] ^= 0xFF
    with unreadable("is (truncated|damaged and cannot be decoded)"):
        read_header(bytes(data), "lung")


def test_an_empty_file_and_another_format_are_unreadable():
    with unreadable("is an empty file"):
        read_header(b"", "lung")
    with unreadable("is neither PNG, JPEG, TIFF, DICOM nor NIfTI, whatever its name says"):
        read_header(encoded(Image.new("L", (4, 4)), "BMP"), "lung")


def test_an_animation_is_unreadable():
    frames = [Image.new("L", (4, 4), level) for level in (0, 90, 200)]
    data = encoded(frames[0], save_all=True, append_images=frames[1:])
    with unreadable("holds 3 frames; only single images are read"):
        read_header(data, "lung")


def test_an_image_beyond_belief_is_unreadable():
    # A proper small PNG whose header is made to claim 60,000 × 60,000 pixels.
    small = encoded(Image.new("L", (4, 4)))
    head = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    data = small[:12] + head + struct.pack(">I", zlib.crc32(head)) + small[33:]
    with unreadable("has more pixels than an image can be expected to have"):
        read_header(data, "lung")


@pytest.mark.parametrize(
    "image",
    [
        Image.fromarray(np.array([[0, 1, 255]], dtype=np.uint8)),
        Image.fromarray(np.array([[False, True, True]])),
        Image.fromarray(np.array([[[0, 255], [7, 0], [9, 255]]], dtype=np.uint8), "LA"),
        Image.fromarray(np.array([[[0, 0, 0], [0, 0, 1], [9, 9, 9]]], dtype=np.uint8)),
    ],
    ids=["grey", "one bit", "grey with alpha", "colour"],
)
def test_a_mask_is_what_is_not_zero(image):
    assert raster_mask(encoded(image)).tolist() == [[False, True, True]]


def test_a_mask_whose_shape_lies_in_its_alpha_channel_is_refused():
    # White everywhere and transparent but for one pixel: by its colours alone the whole image would be inside.
    shape = np.full((1, 3, 4), 255, dtype=np.uint8)
    assert raster_mask(encoded(Image.fromarray(shape))).tolist() == [[True, True, True]]
    shape[0, 1:, 3] = 0
    with unreadable(".* the mask is in the alpha channel.*"):
        raster_mask(encoded(Image.fromarray(shape)))


def test_a_sixteen_bit_mask_keeps_its_smallest_values():
    assert raster_mask(png16([[0, 1, 65535]])).tolist() == [[False, True, True]]
