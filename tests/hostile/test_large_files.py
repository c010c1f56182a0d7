"""The largest files of every kind that are read stay below a gigabyte of memory; what would not is refused by name.

Each is read in a process of its own whose highest memory is measured. What is as large as a file may be is slow, and one of
every kind is among the fast tests.
"""

import io

import nibabel
import numpy as np
import pytest
import seeds
from bombs import gzipped_zeros
from entry_points import read_every_frame, read_frame, read_image, read_marks, read_nifti
from limits import MEMORY, answer_of, held, refused
from PIL import Image
from pydicom import dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

slow = pytest.mark.slow

TOO_MUCH = (
    "GB of memory, and 1 GB is used for an image at most; save its frames, slices or pages as smaller files"
)


def stays_below(read, *arguments):
    answer = answer_of(read, *arguments)
    assert answer.kind == "read", answer
    assert answer.memory < MEMORY, answer


def raster(path, mode, millions, **how):
    side = int(millions**0.5 * 1000)
    kind = mode.removesuffix("+t")
    image = Image.new(kind, (side, side))
    if kind == "P":
        image.putpalette(list(range(256)) * 3)
    image.save(path, **how, **({"transparency": 3} if mode != kind else {}))
    return path


@pytest.mark.parametrize(
    ("mode", "millions"),
    [
        ("L", 30),
        *(
            pytest.param(mode, millions, marks=slow)
            for mode, millions in (
                ("L", 88),
                ("RGB", 33),
                ("RGBA", 24.9),
                ("P", 46),
                ("P+t", 46),
                ("L+t", 46),
                ("LA", 49),
                ("I;16", 66),
            )
        ),
    ],
)
def test_the_largest_png_that_is_read(tmp_path, mode, millions):
    stays_below(read_image, raster(tmp_path / "a.png", mode, millions, format="PNG", compress_level=1))


@pytest.mark.parametrize(("mode", "millions"), [("P", 80), ("I;16", 80), ("L+t", 80)])
def test_a_png_that_would_take_more_is_refused(tmp_path, mode, millions):
    path = raster(tmp_path / "a.png", mode, millions, format="PNG", compress_level=1)
    assert TOO_MUCH in refused(read_image, path)


@pytest.mark.parametrize(
    ("mode", "millions", "packing"),
    [
        ("RGB", 15, "tiff_deflate"),
        *(
            pytest.param(mode, millions, packing, marks=slow)
            for mode, millions, packing in (
                ("RGB", 38, "tiff_deflate"),
                ("RGB", 34, None),
                ("CMYK", 33, None),
                ("RGBA", 33, None),
                ("P", 44, None),
                ("L", 88, None),
                ("F", 44, None),
                ("F", 53, "tiff_deflate"),
                ("I;16", 59, None),
                ("LA", 48, None),
            )
        ),
    ],
)
def test_the_largest_tiff_that_is_read(tmp_path, mode, millions, packing):
    stays_below(read_image, raster(tmp_path / "a.tif", mode, millions, format="TIFF", compression=packing))


def test_a_tiff_that_would_take_more_is_refused(tmp_path):
    path = raster(tmp_path / "a.tif", "RGB", 80, format="TIFF", compression="tiff_deflate")
    assert TOO_MUCH in refused(read_image, path)


@pytest.mark.parametrize("n_pages", [600, pytest.param(2500, marks=slow)])
def test_the_pages_of_a_tiff_are_looked_for_once(tmp_path, n_pages):
    """And not once more for each of them, which took a minute for 600."""
    first, *others = (Image.new("L", (2, 2), number % 256) for number in range(n_pages))
    first.save(tmp_path / "a.tif", format="TIFF", save_all=True, append_images=others)
    answer = answer_of(read_every_frame, tmp_path / "a.tif")
    assert answer.kind == "read", answer
    assert answer.seconds < n_pages / 500
    assert answer.memory < MEMORY


def dicom(stored, n_frames=1, pack=None, **elements):
    dataset = dcmread(io.BytesIO(seeds.dicom_bytes(stored, **elements)))
    if n_frames > 1:
        dataset.NumberOfFrames, dataset.PixelData = n_frames, stored.tobytes() * n_frames
    if pack is not None:
        dataset.compress(pack, generate_instance_uid=False)
    out = io.BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()


def blank(kind, millions, *colours):
    side = int(millions**0.5 * 1000)
    return np.zeros((side, side, *colours), dtype=kind)


@pytest.mark.parametrize(
    ("stored", "how"),
    [
        ((np.uint16, 30), {}),
        *(
            pytest.param(stored, how, marks=slow)
            for stored, how in (
                ((np.uint16, 53), {}),
                ((np.uint8, 62), {}),
                ((np.uint8, 39, 3), {}),
                ((np.uint16, 62), {"pack": RLELossless}),
                ((np.uint16, 52), {"syntax": DeflatedExplicitVRLittleEndian}),
                ((np.uint32, 40), {}),
            )
        ),
    ],
    ids=lambda one: str(one) if isinstance(one, tuple) else "-".join(one),
)
def test_the_largest_dicom_image_that_is_read(tmp_path, stored, how):
    (tmp_path / "a.dcm").write_bytes(dicom(blank(*stored), PixelPaddingValue=3, **how))
    stays_below(read_image, tmp_path / "a.dcm")


def test_a_dicom_image_that_would_take_more_is_refused(tmp_path):
    (tmp_path / "a.dcm").write_bytes(dicom(blank(np.uint16, 70)))
    assert TOO_MUCH in refused(read_image, tmp_path / "a.dcm")


@pytest.mark.parametrize("n_frames", [200, pytest.param(1000, marks=slow)])
def test_one_of_very_many_dicom_frames(tmp_path, n_frames):
    (tmp_path / "a.dcm").write_bytes(dicom(np.zeros((512, 512), np.uint16), n_frames))
    stays_below(read_frame, tmp_path / "a.dcm", n_frames)


@slow
def test_a_dicom_file_of_frames_that_would_take_more_is_refused(tmp_path):
    (tmp_path / "a.dcm").write_bytes(dicom(np.zeros((2000, 2000), np.uint16), 66))
    answer = answer_of(read_frame, tmp_path / "a.dcm", 1)
    assert TOO_MUCH in answer.said


def test_a_dicom_file_of_very_many_items_is_refused(tmp_path):
    """Ten megabytes, which would become gigabytes of objects."""
    dataset = dcmread(io.BytesIO(seeds.dicoms()[0]))
    out = io.BytesIO()
    dataset.save_as(out)
    items = b"\xfe\xff\x00\xe0\0\0\0\0" * 1_300_000
    element = b"\x28\x00\x00\x30SQ\0\0" + len(items).to_bytes(4, "little") + items
    data = out.getvalue()
    at = data.index(b"\xe0\x7f\x10\x00")
    (tmp_path / "a.dcm").write_bytes(data[:at] + element + data[at:])
    said = refused(read_image, tmp_path / "a.dcm")
    assert "is a DICOM file of 1300000 items, and more than 200000 are not read" in said


def test_an_outline_of_a_structure_set_with_points_without_end_is_refused(tmp_path):
    """Its numbers are counted first, and not made into objects."""
    from test_rtstruct import square, structure_set

    data = structure_set(square(10, 5, 14, 8) * 6_000, syntax=ImplicitVRLittleEndian)
    (tmp_path / "a.dcm").write_bytes(data)
    said = refused(read_marks, tmp_path / "a.dcm", "rtstruct")
    assert "structure 1: outline 1: an outline of 24000 points, and more than 20000 are not read" in said


def nifti(shape, kind, *, packed):
    header = nibabel.Nifti1Header()
    header.set_data_dtype(kind)
    header.set_data_shape(shape)
    header["magic"], header["vox_offset"] = b"n+1\0", 352
    header.set_qform(np.diag([-1.0, -1, 1, 1]), code=1)
    n_bytes, head = int(np.prod(shape)) * np.dtype(kind).itemsize, bytes(header.binaryblock) + bytes(4)
    return gzipped_zeros(n_bytes, head, checked=n_bytes < 2**32) if packed else head + bytes(n_bytes)


@pytest.mark.parametrize(
    ("shape", "kind", "packed", "axis"),
    [
        ((512, 512, 300), np.int16, True, "third"),
        *(
            pytest.param(*one, marks=slow)
            for one in (
                ((512, 512, 1900), np.int16, True, "third"),
                ((512, 512, 900), np.float32, True, "third"),
                ((512, 512, 900), np.int16, True, "sagittal"),
                ((512, 512, 250), np.float64, False, "sagittal"),
                ((512, 512, 250), np.float64, False, "third"),
            )
        ),
    ],
)
def test_one_slice_of_the_largest_volumes(tmp_path, shape, kind, packed, axis):
    (tmp_path / "a.nii.gz").write_bytes(nifti(shape, kind, packed=packed))
    stays_below(read_frame, tmp_path / "a.nii.gz", 1, axis)


@pytest.mark.parametrize(
    ("side", "kind"),
    [(5000, np.uint8), *(pytest.param(*one, marks=slow) for one in ((8100, "u1"), (5200, "f8")))],
)
def test_the_largest_slice_of_its_own(tmp_path, side, kind):
    (tmp_path / "a.nii").write_bytes(nifti((side, side), kind, packed=False))
    stays_below(read_image, tmp_path / "a.nii")


@pytest.mark.parametrize("read", [read_image, read_nifti])
def test_a_packed_volume_that_would_take_more_is_refused(tmp_path, read):
    """Eight gigabytes in eight megabytes."""
    (tmp_path / "a.nii.gz").write_bytes(nifti((1024, 1024, 1000), np.float64, packed=True))
    assert TOO_MUCH in refused(read, tmp_path / "a.nii.gz")


def test_a_slice_that_would_take_more_is_refused(tmp_path):
    (tmp_path / "a.nii").write_bytes(nifti((9900, 9900), np.uint8, packed=False))
    assert TOO_MUCH in refused(read_image, tmp_path / "a.nii")


def test_marks_of_one_reader_are_drawn_one_by_one(tmp_path):
    """Three hundred masks of four million pixels each: all of them together would take more than a gigabyte."""
    marks = ",".join('{"image_id":1,"bbox":[1,1,9,9]}' for _ in range(300))
    (tmp_path / "marks.json").write_text(
        '{"images":[{"id":1,"file_name":"a"}],"annotations":[' + marks + "]}"
    )
    held(read_marks, tmp_path / "marks.json", "coco", (2000, 2000))
