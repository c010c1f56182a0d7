"""Arrays saved by NumPy, as images."""

from io import BytesIO

import numpy as np
import pytest
from case_files import write_image
from PIL import Image

from xaudit.cases.images.folder import list_folder
from xaudit.cases.images.header import UnreadableImageError
from xaudit.cases.images.image_file import read_header, read_pixels, sniff
from xaudit.cases.images.numpy_image import numpy_pixels


def saved(array, **options):
    stream = BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([[0, 51, 255]], np.uint8), [[0, 0.2, 1]]),
        (np.array([[0, 13107, 65535]], np.uint16), [[0, 0.2, 1]]),
        (np.array([[0, 13107, 65535]], ">u2"), [[0, 0.2, 1]]),
        (np.array([[0, 0.25, 1]]), [[0, 0.25, 1]]),
        (np.array([[0, 0.25]], np.float16), [[0, 0.25]]),
        (np.array([[True, False]]), [[1, 0]]),
        (np.array([[[0, 51, 255]]], np.uint8)[..., None, :].reshape(1, 1, 3), [[[0, 0.2, 1]]]),
        (np.asfortranarray(np.array([[0, 51], [255, 0]], np.uint8)), [[0, 0.2], [1, 0]]),
        (np.zeros((1, 2, 4, 1), np.uint8), [[0] * 4, [0] * 4]),
    ],
)
def test_values_are_shares_of_what_the_kind_of_number_can_hold(array, expected):
    data = saved(array)
    assert sniff(data) == "npy"
    values = read_pixels(data, "npy", "full")
    assert values.dtype == np.float32
    assert values == pytest.approx(np.array(expected))
    header = read_header(data, "full")
    assert (header.height, header.width, header.source_format) == (*values.shape[:2], "npy")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (saved(np.array([[-1000, 400]], np.int16)), "is an array of int16 from -1000 to 400, whose black and white"),
        (saved(np.array([[0, 255.0]])), "is an array of floats from 0 to 255, whose black and white"),
        (saved(np.array([[0, np.nan]])), "is an array of floats from nan to nan"),
        (saved(np.zeros((4, 5, 6), np.uint8)), "is an array of 4 × 5 × 6, and an image has rows and columns"),
        (saved(np.zeros(4, np.uint8)), "is an array of 4, and an image has rows"),
        (saved(np.array(["x"])), "is an array of 1, and"),
        (saved(np.array([["x"]])), "is an array of str"),
        (saved(np.array([[{}]]), allow_pickle=True), "is an array of Python objects, which could contain code"),
        (saved(np.zeros((40, 50), np.uint8))[:-1], "is truncated"),
        (saved(np.zeros((4, 5), np.uint8))[:30], "is a truncated or damaged array of NumPy"),
        (saved(np.zeros((0, 5), np.uint8)), "claims to have 5 × 0 pixels"),
        (b"\x93NUMPY\x01\x00v\x00{'descr': '<u1', 'fortran_order': False, 'shape': (100000, 100000), }", "is a truncated or"),
    ],
)  # fmt: skip
def test_what_is_no_image_is_refused_by_name(data, reason):
    with pytest.raises(UnreadableImageError) as caught:
        numpy_pixels(data)
    assert str(caught.value).startswith(reason)


def test_an_array_in_a_folder_of_images_is_an_image(tmp_path):
    for label in ("a", "b"):
        write_image(tmp_path / label / "x.png")
    np.save(tmp_path / "a" / "y.npy", np.ones((4, 5)))
    assert [entry.path for entry in list_folder(tmp_path)] == ["a/x.png", "a/y.npy", "b/x.png"]


@pytest.mark.parametrize(("highest", "dim"), [(4095, True), (4096, False), (65535, False), (0, False)])
@pytest.mark.parametrize("kind", ["png", "tiff", "npy"])
def test_an_image_of_16_bits_that_uses_12_is_told(highest, dim, kind):
    values = np.array([[0, highest]], np.uint16)
    stream = BytesIO()
    if kind == "npy":
        np.save(stream, values)
    else:
        Image.fromarray(values).save(stream, kind)
    assert read_header(stream.getvalue(), "full").dim is dim


@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_a_dark_image_of_8_bits_is_no_image_of_12(kind):
    stream = BytesIO()
    Image.fromarray(np.array([[0, 9]], np.uint8)).save(stream, kind)
    assert not read_header(stream.getvalue(), "full").dim
