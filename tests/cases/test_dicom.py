"""DICOM images: rescale, window, inversion, padding, spacing, and what is refused."""

import sys

import numpy as np
import pytest
from dicom_files import SECRET, SECRET_ID, UID, dicom_bytes, slice_of
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, RLELossless

from xaudit.cases.images.dicom import dicom_header, dicom_pixels, instance_uid
from xaudit.cases.images.dicom_values import apply_window
from xaudit.cases.images.header import UnreadableImageError
from xaudit.cases.images.image_file import read_header
from xaudit.errors import DataError


def unreadable(reason):
    return pytest.raises(UnreadableImageError, match=f"(?m)^{reason}$")


def test_stored_values_are_rescaled_and_windowed():
    # Slope 2, intercept -1024: 212 -> -600 HU. Window (-600, 1500) by the standard's linear function:
    # (-600 + 600.5) / 1499 + 0.5 = 0.50033. 0 -> -1024: (-1024 + 600.5) / 1499 + 0.5 = 0.21748. 900 -> 776: white.
    data = dicom_bytes(slice_of(212, 0, 900), RescaleSlope="2")
    assert dicom_pixels(data, "lung") == pytest.approx(np.array([[0.500334, 0.217478, 1]]), abs=1e-6)


@pytest.mark.parametrize(
    ("window", "black", "white"),
    [("lung", -1350, 149), ("mediastinum", -160, 239), ("bone", -500, 1299), ((50.0, 101.0), -1, 100)],
)
def test_a_window_runs_from_black_to_white(window, black, white):
    # Centre c and width w: black up to c - 0.5 - (w - 1) / 2, white above c - 0.5 + (w - 1) / 2. For lung:
    # -600.5 - 749.5 = -1350 and -600.5 + 749.5 = 149.
    stored = np.array([[black, white, (black + white) // 2]], dtype=np.int16)
    levels = dicom_pixels(dicom_bytes(stored, RescaleIntercept="0"), window)[0]
    assert levels[:2].tolist() == [0, 1]
    assert levels[2] == pytest.approx(0.5, abs=0.006)


def test_signed_values_stay_signed():
    stored = np.array([[-1000, 1000]], dtype=np.int16)
    assert dicom_pixels(dicom_bytes(stored, RescaleIntercept="0"), (0.0, 2.0)).tolist() == [[0, 1]]


def test_the_files_own_window_is_its_first():
    data = dicom_bytes(slice_of(1024, 1074, 1174), WindowCenter=["50", "-600"], WindowWidth=["101", "1500"])
    # (50, 101): 0 HU -> (0 - 49.5) / 100 + 0.5 = 0.005; 50 HU -> 0.505; 150 HU -> white.
    assert dicom_pixels(data, "file") == pytest.approx(np.array([[0.005, 0.505, 1]]), abs=1e-6)


def test_the_files_own_function_is_used():
    options = {"WindowCenter": "0", "WindowWidth": "100"}
    exact = dicom_bytes(slice_of(1024, 1049), VOILUTFunction="LINEAR_EXACT", **options)
    # LINEAR_EXACT: x / 100 + 0.5.
    assert dicom_pixels(exact, "file") == pytest.approx(np.array([[0.5, 0.75]]), abs=1e-6)
    sigmoid = dicom_bytes(slice_of(1024, 1049), VOILUTFunction="SIGMOID", **options)
    # SIGMOID: 1 / (1 + e^(-4 x / 100)); at 25 HU 1 / (1 + 1 / e) = 0.731059.
    assert dicom_pixels(sigmoid, "file") == pytest.approx(np.array([[0.5, 0.731059]]), abs=1e-6)


def test_full_runs_from_the_smallest_to_the_largest_value_without_padding():
    data = dicom_bytes(slice_of(9, 100, 150, 300), PixelPaddingValue=9)
    assert dicom_pixels(data, "full") == pytest.approx(np.array([[0, 0, 0.25, 1]]))


def test_a_flat_image_is_black_under_full():
    assert dicom_pixels(dicom_bytes(slice_of(7, 7)), "full").tolist() == [[0, 0]]


def test_monochrome1_is_inverted_and_padding_stays_black():
    stored = slice_of(0, 1024, 2000)
    plain = dicom_pixels(dicom_bytes(stored), (0.0, 500.0))
    inverted = dicom_pixels(dicom_bytes(stored, PhotometricInterpretation="MONOCHROME1"), (0.0, 500.0))
    assert inverted == pytest.approx(1 - plain)
    padded = dicom_bytes(
        stored, PhotometricInterpretation="MONOCHROME1", PixelPaddingValue=0, PixelPaddingRangeLimit=10
    )
    assert dicom_pixels(padded, (0.0, 500.0))[0, 0] == 0


def test_a_window_of_width_one_is_a_threshold():
    # The standard: black up to c - 0.5, white above.
    assert apply_window(np.array([9.4, 9.5, 9.6]), 10, 1).tolist() == [0, 0, 1]


def test_colour_is_taken_as_it_is():
    stored = np.array([[[255, 0, 51], [0, 102, 255]]], dtype=np.uint8)
    data = dicom_bytes(stored, Modality="SC", without=("RescaleSlope", "RescaleIntercept"))
    assert dicom_pixels(data, "lung") == pytest.approx(stored / 255)


def test_the_header_holds_frame_spacing_and_what_finds_annotations():
    header = dicom_header(dicom_bytes(np.zeros((4, 6), np.uint16)), "lung")
    assert (header.height, header.width, header.source_format) == (4, 6, "dicom")
    assert header.spacing_mm == (0.7, 0.8)
    assert (header.uid, header.patient_key, header.turned) == (UID, SECRET_ID, False)


def test_spacing_that_is_missing_or_no_length_is_unknown():
    assert dicom_header(dicom_bytes(slice_of(1), without=("PixelSpacing",)), "lung").spacing_mm is None
    assert dicom_header(dicom_bytes(slice_of(1), PixelSpacing=["0", "0.5"]), "lung").spacing_mm is None


@pytest.mark.parametrize("orientation", [["-1", "0", "0", "0", "-1", "0"], ["1", "0", "0", "0", "0", "-1"]])
def test_a_slice_stored_turned_says_so_and_is_not_turned_back(orientation):
    stored = slice_of(0, 1000, 2000)
    data = dicom_bytes(stored, ImageOrientationPatient=orientation)
    assert dicom_header(data, "lung").turned
    assert np.array_equal(dicom_pixels(data, "lung"), dicom_pixels(dicom_bytes(stored), "lung"))


def test_a_file_of_several_frames_is_not_read_without_a_number():
    data = dicom_bytes(slice_of(1, 2), NumberOfFrames="12")
    with unreadable("holds 12 frames; name one of them, as in ct.dcm#1"):
        read_header(data, "lung")


def test_rle_is_decoded():
    # One row of 0, 1, 2, 3 as the 16-bit planes high and low: a literal run of 4 is 0x03 and the bytes.
    from pydicom.encaps import encapsulate

    segments = b"\x03\x00\x00\x00\x00\x00" + b"\x03\x00\x01\x02\x03\x00"
    head = np.array([2, 64, 70] + [0] * 13, dtype="<u4").tobytes()
    data = dicom_bytes(slice_of(0, 1, 2, 3), syntax=RLELossless, PixelData=encapsulate([head + segments]))
    assert dicom_pixels(data, "full") == pytest.approx(np.array([[0, 1 / 3, 2 / 3, 1]]))


@pytest.mark.parametrize(
    ("syntax", "name"), [(JPEGLSLossless, "JPEG-LS Lossless"), (JPEG2000Lossless, "JPEG 2000")]
)
def test_what_cannot_be_decompressed_is_refused_by_name(syntax, name):
    from pydicom.encaps import encapsulate

    data = dicom_bytes(slice_of(1, 2), syntax=syntax, PixelData=encapsulate([b"\xff\x4f nonsense"]))
    with unreadable(
        f"is compressed as {name}.*(,? )(which no installed decoder reads, or is damaged; .*|and truncated or damaged)"
    ):
        read_header(data, "lung")


def test_an_unknown_transfer_syntax_is_refused_without_naming_it():
    data = dicom_bytes(slice_of(1)).replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.99999.1.2.1\0")
    with unreadable("is a DICOM image in an unknown transfer syntax"):
        read_header(data, "lung")


@pytest.mark.parametrize("cut", [1, 40, 300])
def test_a_truncated_file_is_refused(cut):
    data = dicom_bytes(np.zeros((16, 16), np.uint16))
    with pytest.raises(UnreadableImageError, match=r"truncated|damaged|without an image"):
        read_header(data[:-cut] if cut < 300 else data[:cut], "lung")


def test_a_file_without_an_image_is_refused():
    with unreadable("is a DICOM file without an image, or cut off before it"):
        read_header(dicom_bytes(slice_of(1), without=("PixelData",)), "lung")


def test_a_window_in_hounsfield_units_is_refused_for_what_is_not_ct():
    data = dicom_bytes(slice_of(1, 5), Modality="DX")
    reason = (
        "is DX and not CT, so the window 'lung' means nothing for it; "
        r"set data.window to file, full or \[centre, width\]"
    )
    with unreadable(reason):
        read_header(data, "lung")
    assert dicom_pixels(data, "full").tolist() == [[0, 1]]


def test_a_file_without_a_window_of_its_own_is_refused_when_asked_for_it():
    with unreadable(r"names no window of its own; set data.window to full or \[centre, width\]"):
        read_header(dicom_bytes(slice_of(1)), "file")


def test_a_palette_that_is_not_there_is_refused():
    with unreadable("stores its DICOM pixels as palette, and the palette is missing or damaged"):
        read_header(dicom_bytes(slice_of(1), PhotometricInterpretation="PALETTE COLOR"), "lung")


@pytest.mark.parametrize(
    "elements",
    [
        {"NumberOfFrames": "3"},
        {"Modality": "ABCDEFGH"},
        {"PixelData": b"\0"},
        {"PhotometricInterpretation": "ABCDEFGH"},
    ],
)
def test_no_reason_holds_text_from_the_file(elements, capfd, caplog):
    data = dicom_bytes(slice_of(1, 2, 3, 4), **elements).replace(b"ABCDEFGH", SECRET.encode())
    with pytest.raises(UnreadableImageError) as caught:
        read_header(data, "lung")
    captured = capfd.readouterr()
    seen = str(caught.value) + caught.value.hint + captured.out + captured.err + caplog.text
    for secret in (SECRET, SECRET_ID, UID, "Saint", "Jane"):
        assert secret not in seen


def test_only_the_elements_that_are_needed_are_parsed():
    from xaudit.cases.images.dicom import _parsed

    parsed = _parsed(dicom_bytes(slice_of(1)))
    assert "PatientName" not in parsed
    assert "StudyDescription" not in parsed


def test_the_uid_is_found_where_the_pixels_are_not():
    assert instance_uid(dicom_bytes(slice_of(1), PixelData=b"\0")) == UID
    assert instance_uid(b"\0" * 128 + b"DICM") is None


def test_without_pydicom_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(
        DataError, match=r"(?m)^DICOM images need the package pydicom, which is not installed$"
    ) as caught:
        read_header(dicom_bytes_cached, "lung")
    assert caught.value.hint == "pip install 'xaudit[dicom]'"
    assert not isinstance(caught.value, UnreadableImageError)


dicom_bytes_cached = dicom_bytes(slice_of(1))


@pytest.mark.parametrize(
    ("orientation", "stated", "side"),
    [
        ((1, 0, 0, 0, 1, 0), None, "R"),
        ((-1, 0, 0, 0, 1, 0), None, "L"),
        ((0, 1, 0, 0, 0, -1), None, "A"),
        ((0, -1, 0, 0, 0, -1), None, "P"),
        ((0, 0, 1, 0, 1, 0), None, "F"),
        ((0.95, 0.3, 0, -0.3, 0.95, 0), None, "R"),
        ((0.7071, 0.7071, 0, -0.7071, 0.7071, 0), "L", None),
        (None, "L", "R"),
        (None, "R", "L"),
        (None, "P", "A"),
        (None, "X", None),
        (None, None, None),
    ],
)
def test_the_side_at_the_left_edge_is_read_from_the_orientation(orientation, stated, side):
    elements = {}
    if orientation is not None:
        elements["ImageOrientationPatient"] = list(orientation)
    if stated is not None:
        elements["PatientOrientation"] = [stated, "F"]
    without = () if orientation is not None else ("ImageOrientationPatient",)
    header = read_header(dicom_bytes(slice_of(1), without=without, **elements), "lung")
    assert header.left_edge == side
