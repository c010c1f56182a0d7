"""DICOM files as scanners and archives pack them: the same picture out of every transfer syntax and colour form.

The files are those that pydicom brings along for its own tests, written by GDCM, DCMTK and scanners; nothing is downloaded.
"""

from io import BytesIO

import numpy as np
import pytest
from dicom_files import dicom_bytes, slice_of
from PIL import Image
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels import get_decoder
from pydicom.sequence import Sequence
from pydicom.uid import (
    MPEG2MPML,
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
)

from xaudit.cases.images.dicom import dicom_header, dicom_pixels
from xaudit.cases.images.dicom_pixels import codestream_size
from xaudit.cases.images.header import UnreadableImageError


def unreadable(reason):
    return pytest.raises(UnreadableImageError, match=f"(?m)^{reason}$")


def of_pydicom(name):
    path = get_testdata_file(name, download=False)
    if path is None:
        pytest.skip(f"this pydicom brings no {name}")
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read()


def needs_decoder(syntax):
    if not set(get_decoder(syntax).available_plugins) & {"pydicom", "pillow", "pylibjpeg"}:
        pytest.skip("needs xaudit[dicom-codecs]")


@pytest.mark.parametrize(
    "name",
    [
        "MR_small_implicit.dcm",
        "MR_small_expb.dcm",
        "MR_small_bigendian.dcm",
        "MR_small_RLE.dcm",
        "MR_small_jp2klossless.dcm",
        "MR_small_jpeg_ls_lossless.dcm",
    ],
)
def test_the_same_slice_comes_out_of_every_lossless_syntax(name):
    data = of_pydicom(name)
    if name.endswith("ls_lossless.dcm"):
        needs_decoder(JPEGLSLossless)
    if name.endswith("jp2klossless.dcm"):
        needs_decoder(JPEG2000Lossless)
    plain = of_pydicom("MR_small.dcm")
    assert np.array_equal(dicom_pixels(data, "full"), dicom_pixels(plain, "full"))
    assert dicom_header(data, "full").spacing_mm == dicom_header(plain, "full").spacing_mm


def test_a_deflated_file_is_unpacked():
    stored = slice_of(0, 250, 1000)
    data = dicom_bytes(stored, syntax=DeflatedExplicitVRLittleEndian)
    assert dicom_pixels(data, "full") == pytest.approx(np.array([[0, 0.25, 1]]))
    assert dicom_pixels(of_pydicom("image_dfl.dcm"), "full").shape == (512, 512)


def test_a_deflated_file_that_would_become_huge_is_refused(monkeypatch):
    monkeypatch.setattr("xaudit.cases.images.dicom_file._MOST_UNPACKED", 1 << 20)
    data = dicom_bytes(np.zeros((1000, 1000), np.uint16), syntax=DeflatedExplicitVRLittleEndian)
    assert len(data) < 20_000
    with unreadable("is a deflated DICOM file that unpacks to more than 256 MB"):
        dicom_header(data, "full")


# The picture of these files: bands of 10 rows, the first red, the third green, the fifth blue.
COLOUR_BARS = {5: (255, 0, 0), 25: (0, 255, 0), 45: (0, 0, 255)}


# pydicom's own tests have (0, 255, 5) for green in the lossy ones.
@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("SC_rgb_rle.dcm", 0),
        ("SC_rgb_rle_16bit.dcm", 0),
        ("SC_rgb_dcmtk_+eb+cr.dcm", 1),
        ("SC_rgb_dcmtk_+eb+cy+np.dcm", 5),
        ("SC_rgb_dcmtk_+eb+cy+n1.dcm", 5),
        ("SC_rgb_dcmtk_+eb+cy+s4.dcm", 5),
        ("SC_rgb_jpeg_dcmtk.dcm", 5),
        ("SC_rgb_jpeg_gdcm.dcm", 5),
        ("SC_ybr_full_422_uncompressed.dcm", 5),
    ],
)
def test_colour_comes_out_as_red_green_and_blue(name, near):
    data = of_pydicom(name)
    if "uncompressed" not in name:
        needs_decoder(dcmread(BytesIO(data), stop_before_pixels=True).file_meta.TransferSyntaxUID)
    values = dicom_pixels(data, "full")
    for row, colour in COLOUR_BARS.items():
        assert values[row, 50] == pytest.approx(np.array(colour) / 255, abs=near / 255 + 1e-6), row


def test_planes_of_colour_one_after_the_other_are_read():
    stored = np.zeros((2, 3, 3), dtype=np.uint8)
    stored[1, 2] = (255, 51, 0)
    planes = np.moveaxis(stored, 2, 0).tobytes()
    data = dicom_bytes(stored, Modality="SC", PlanarConfiguration=1, PixelData=planes)
    assert dicom_pixels(data, "full") == pytest.approx(stored / 255)


def test_ybr_is_turned_into_rgb():
    # JFIF: red is Y 76, Cb 85, Cr 255.
    stored = np.array([[[76, 85, 255], [255, 128, 128]]], dtype=np.uint8)
    data = dicom_bytes(stored, Modality="SC", PhotometricInterpretation="YBR_FULL")
    assert dicom_pixels(data, "full") == pytest.approx(np.array([[[1, 0, 0], [1, 1, 1]]]), abs=2 / 255)


@pytest.mark.parametrize("kind", ["HSV", "CMYK", "YBR_PARTIAL_420", "ABCDEFGH"])
def test_other_colour_forms_are_refused_without_naming_them(kind):
    stored = np.zeros((2, 2, 3), dtype=np.uint8)
    with unreadable(
        "stores its DICOM pixels in a colour form that is not read; grey, RGB, YBR_FULL and palette are"
    ):
        dicom_pixels(dicom_bytes(stored, Modality="SC", PhotometricInterpretation=kind), "full")


def palette(bits=16, **more):
    scale = 2 ** (bits - 8)
    kind = np.uint16
    return dicom_bytes(
        np.array([[0, 1, 2, 9]], dtype=np.uint8),
        Modality="SC",
        PhotometricInterpretation="PALETTE COLOR",
        RedPaletteColorLookupTableDescriptor=[3, 0, bits],
        GreenPaletteColorLookupTableDescriptor=[3, 0, bits],
        BluePaletteColorLookupTableDescriptor=[3, 0, bits],
        RedPaletteColorLookupTableData=np.array([0, 255 * scale, 51 * scale], dtype=kind).tobytes(),
        GreenPaletteColorLookupTableData=np.array([0, 0, 102 * scale], dtype=kind).tobytes(),
        BluePaletteColorLookupTableData=np.array([0, 0, 255 * scale], dtype=kind).tobytes(),
        **more,
    )


def test_a_palette_gives_its_colours_and_its_last_one_beyond_its_end():
    # 51 · 256 / 65535 = .1992; the table's largest is 255 · 256 / 65535 = .9961.
    colours = np.array([[[0, 0, 0], [255, 0, 0], [51, 102, 255], [51, 102, 255]]]) * 256 / 65535
    assert dicom_pixels(palette(), "full") == pytest.approx(colours, abs=1e-6)
    assert dicom_pixels(of_pydicom("examples_palette.dcm"), "full").shape == (350, 800, 3)


def table(descriptor, entries):
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if min(descriptor) < 0 else "US", descriptor)
    item.add_new("LUTData", "OW", np.array(entries, dtype=np.uint16).tobytes())
    return Sequence([item])


def test_a_modality_table_is_followed_and_ends_at_its_ends():
    # Stored 5 .. 8 stand for 0, 100, 400, 1000; below and above as at the ends.
    data = dicom_bytes(
        slice_of(0, 5, 6, 7, 8, 99),
        ModalityLUTSequence=table([4, 5, 16], [0, 100, 400, 1000]),
        without=("RescaleSlope", "RescaleIntercept"),
    )
    assert dicom_pixels(data, "full") == pytest.approx(np.array([[0, 0, 0.1, 0.4, 1, 1]]))


def test_the_files_own_table_for_viewing_is_used_where_it_names_no_window():
    elements = {"VOILUTSequence": table([3, 0, 8], [0, 51, 255]), "RescaleIntercept": "0", "Modality": "DX"}
    data = dicom_bytes(slice_of(0, 1, 2, 7), **elements)
    assert dicom_pixels(data, "file") == pytest.approx(np.array([[0, 0.2, 1, 1]]))
    both = dicom_bytes(slice_of(0, 1, 2, 7), WindowCenter="1", WindowWidth="3", **elements)
    # (1, 3): (x - .5) / 2 + .5.
    assert dicom_pixels(both, "file") == pytest.approx(np.array([[0.25, 0.75, 1, 1]]))
    dark = dicom_bytes(slice_of(0, 1, 2, 7), PhotometricInterpretation="MONOCHROME1", **elements)
    assert dicom_pixels(dark, "file") == pytest.approx(np.array([[1, 0.8, 0, 0]]))


def test_a_table_that_is_damaged_is_refused():
    with unreadable("maps its values through a modality table of 2 entries that claims 4"):
        dicom_pixels(dicom_bytes(slice_of(1), ModalityLUTSequence=table([4, 0, 16], [0, 1])), "full")
    with unreadable("maps its values through a modality table that is missing or damaged"):
        dicom_pixels(dicom_bytes(slice_of(1), ModalityLUTSequence=Sequence([])), "full")


def test_inverse_turns_round_once_whether_monochrome1_says_so_too_or_not():
    stored, window = slice_of(1024, 1524), (0.0, 1001.0)
    bright = dicom_pixels(dicom_bytes(stored), window)
    for elements in (
        {"PresentationLUTShape": "INVERSE"},
        {"PhotometricInterpretation": "MONOCHROME1"},
        {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE"},
    ):
        assert dicom_pixels(dicom_bytes(stored, **elements), window) == pytest.approx(1 - bright)
    assert dicom_pixels(dicom_bytes(stored, PresentationLUTShape="IDENTITY"), window) == pytest.approx(bright)


def test_overlays_are_not_drawn():
    # One in bit 12 of the pixels, which 12 stored bits leave unused.
    plain = slice_of(0, 100, 4095)
    burnt = plain | np.array([[0x1000, 0, 0xF000]], dtype=np.uint16)
    bits = {"BitsStored": 12, "HighBit": 11}
    over = dicom_bytes(burnt, **bits)
    assert np.array_equal(dicom_pixels(over, "full"), dicom_pixels(dicom_bytes(plain, **bits), "full"))
    with_overlay = of_pydicom("examples_overlay.dcm")
    file = dcmread(BytesIO(with_overlay))
    for group in range(0x6000, 0x6020, 2):
        for element in [one for one in file if one.tag.group == group]:
            del file[element.tag]
    without = BytesIO()
    file.save_as(without)
    assert np.array_equal(dicom_pixels(with_overlay, "full"), dicom_pixels(without.getvalue(), "full"))


def test_padding_of_signed_pixels_may_be_written_without_sign():
    # -2000 as 16 bits without sign is 63536.
    stored = np.array([[-2000, 0, 100]], dtype=np.int16)
    data = dicom_bytes(stored, RescaleIntercept="0")
    assert dicom_pixels(data, "full")[0, 1] > 0.9
    # PixelPaddingValue as US: 0028,0120.
    file = dcmread(BytesIO(data))
    file.add_new("PixelPaddingValue", "US", 63536)
    stream = BytesIO()
    file.save_as(stream)
    assert dicom_pixels(stream.getvalue(), "full") == pytest.approx(np.array([[0, 0, 1]]))


@pytest.mark.parametrize(
    ("syntax", "name"),
    [
        (JPEGLosslessSV1, "JPEG Lossless, Non-Hierarchical, First-Order Prediction .*"),
        (JPEGLSLossless, "JPEG-LS Lossless Image Compression"),
    ],
)
def test_a_missing_decoder_is_named_with_what_to_install(syntax, name, monkeypatch):
    monkeypatch.setattr("xaudit.cases.images.dicom_pixels._DECODERS", ("pydicom", "pillow"))
    data = dicom_bytes(slice_of(1, 2), syntax=syntax, PixelData=encapsulate([b"\xff\xd8\xff\xd9"]))
    with unreadable(
        rf"is compressed as {name}, which no installed decoder reads, or is damaged; "
        r"pip install 'xaudit\[dicom-codecs\]' brings the decoders"
    ):
        dicom_pixels(data, "full")


def test_films_are_refused_by_name():
    data = dicom_bytes(
        slice_of(1, 2), syntax=MPEG2MPML, PixelData=encapsulate([b"\0\0\1\xb3"]), NumberOfFrames="1"
    )
    with unreadable(r"is compressed as MPEG2 Main Profile / Main Level, which is not read"):
        dicom_pixels(data, "full")


def jpeg(height, width):
    stream = BytesIO()
    Image.new("L", (width, height), 128).save(stream, "JPEG")
    return stream.getvalue()


def test_a_compressed_frame_that_claims_another_size_is_refused_before_it_is_unpacked():
    stored = np.zeros((4, 6), dtype=np.uint8)
    good = dicom_bytes(stored, syntax=JPEGBaseline8Bit, PixelData=encapsulate([jpeg(4, 6)]))
    assert dicom_pixels(good, (0.0, 255.0)).shape == (4, 6)
    data = dicom_bytes(stored, syntax=JPEGBaseline8Bit, PixelData=encapsulate([jpeg(4000, 600)]))
    with unreadable("has a compressed DICOM frame of 600 × 4000 pixels, and its header says 6 × 4"):
        dicom_pixels(data, "full")


def test_the_size_of_a_jpeg_2000_stream_is_read():
    stream = BytesIO()
    Image.new("L", (7, 5)).save(stream, "JPEG2000")
    assert codestream_size(stream.getvalue()) == (5, 7)
    assert codestream_size(b"nothing") is None


def test_a_header_that_claims_a_huge_frame_is_refused_before_room_is_made():
    data = dicom_bytes(slice_of(1, 2), Rows=65535, Columns=65535)
    with unreadable("claims to have 65535 × 65535 pixels, and images of more than 100 million are not read"):
        dicom_pixels(data, "full")
    with unreadable("claims to have 0 × 0 pixels"):
        dicom_pixels(dicom_bytes(slice_of(1, 2), without=("Rows", "Columns")), "full")


def test_values_packed_into_high_bits_are_refused():
    with unreadable("packs its DICOM pixels into bits in a way that is not read"):
        dicom_pixels(dicom_bytes(slice_of(1, 2), BitsStored=12, HighBit=15), "full")


@pytest.mark.parametrize(("height", "width"), [(3, 5), (7, 9), (8, 8)])
def test_frames_of_single_bits_are_read_wherever_in_a_byte_they_begin(height, width):
    """Fifteen, 63 and 64 bits each: the second frame of the first begins with the last bit of the second byte."""
    frames = np.random.default_rng(0).integers(0, 2, (4, height, width), dtype=np.uint8)
    bits = np.packbits(frames.reshape(-1), bitorder="little").tobytes()
    data = dicom_bytes(
        np.zeros((height, width), np.uint8),
        NumberOfFrames=4,
        BitsAllocated=1,
        BitsStored=1,
        HighBit=0,
        RescaleIntercept="0",
        PixelData=bits + bytes(len(bits) % 2),
    )
    for number, frame in enumerate(frames, start=1):
        assert np.array_equal(dicom_pixels(data, "full", number), frame)
