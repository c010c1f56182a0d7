"""NIfTI masks, written by nibabel itself: which slice belongs to which image, and how it lies."""

import sys

import nibabel
import numpy as np
import pytest
from case_files import refused, write_image
from hypothesis import given, settings
from hypothesis import strategies as st

from xaudit.cases.marks.annotation_files import read_annotations
from xaudit.cases.masks.nifti import MaskSlice, read_numbers, read_slice
from xaudit.cases.names.image_index import ImageIndex
from xaudit.config import AnnotationSection, NiftiSection
from xaudit.errors import DataError
from xaudit.geometry import mask_region

HEIGHT, WIDTH = 8, 10
PATIENT, STORED = NiftiSection(), NiftiSection(orientation="stored")

# An image as it is shown: columns to the patient's left, rows to the back.
SHOWN = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
SHOWN[1:3, 6:9] = 1
SHOWN[5, 2] = 1


def stored_as(shown, axes):
    """The array and the affine of a file whose axes run to these sides of the patient, of an axial image."""
    as_lps = shown.T[:, :, None] if shown.ndim == 2 else np.moveaxis(shown, 0, 2).transpose(1, 0, 2)
    lps_affine = np.diag([-1.0, -1.0, 1.0, 1.0])
    start = nibabel.orientations.axcodes2ornt("LPS")
    to = nibabel.orientations.axcodes2ornt(axes)
    turn = nibabel.orientations.ornt_transform(start, to)
    image = nibabel.Nifti1Image(np.ascontiguousarray(as_lps), lps_affine)
    return image.as_reoriented(turn)


def save(path, shown, axes="RAS"):
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(stored_as(shown, axes), path)
    return path


def save_array(path, array, affine=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(array, affine), path)
    return path


@pytest.mark.parametrize("axes", ["RAS", "LAS", "LPS", "RPI", "ARS", "PLS", "PRI", "ALI"])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_a_slice_lies_as_the_image_however_it_is_stored(tmp_path, axes, suffix):
    file = save(tmp_path / f"mask{suffix}", SHOWN, axes)
    found = read_slice(MaskSlice(file), (HEIGHT, WIDTH), PATIENT)
    assert np.array_equal(found, SHOWN.astype(bool))


def test_frontal_and_sagittal_planes_have_the_head_up(tmp_path):
    """Axis one to the right, axis two to the head: the first stored corner is left below, on the image's right."""
    plane = np.zeros((WIDTH, HEIGHT), dtype=np.uint8)
    plane[0, 0] = 1
    frontal = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
    file = save_array(tmp_path / "frontal.nii", plane[:, :, None], frontal)
    found = read_slice(MaskSlice(file), (HEIGHT, WIDTH), PATIENT)
    assert np.argwhere(found).tolist() == [[HEIGHT - 1, WIDTH - 1]]
    sagittal = np.array([[0, 0, 1.0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
    file = save_array(tmp_path / "sagittal.nii", plane[:, :, None], sagittal)
    found = read_slice(MaskSlice(file), (HEIGHT, WIDTH), PATIENT)
    assert np.argwhere(found).tolist() == [[HEIGHT - 1, WIDTH - 1]]  # the front is at the image's left


def test_stored_takes_the_first_axis_as_columns_whatever_the_transform_says(tmp_path):
    file = save_array(tmp_path / "mask.nii.gz", SHOWN.T, np.diag([1.0, 1, 1, 1]))
    assert np.array_equal(read_slice(MaskSlice(file), (HEIGHT, WIDTH), STORED), SHOWN.astype(bool))
    assert not np.array_equal(read_slice(MaskSlice(file), (HEIGHT, WIDTH), PATIENT), SHOWN.astype(bool))


def test_a_file_that_does_not_say_how_it_lies_is_not_guessed(tmp_path):
    image = nibabel.Nifti1Image(SHOWN.T, None)
    assert int(image.header["sform_code"]) == int(image.header["qform_code"]) == 0
    nibabel.save(image, tmp_path / "mask.nii")
    with refused(
        "mask.nii: does not say how it lies in the patient",
        "set regions.nifti.orientation: stored if its first axis runs along the image's columns",
    ):
        read_slice(MaskSlice(tmp_path / "mask.nii"), (HEIGHT, WIDTH), PATIENT)
    assert read_slice(MaskSlice(tmp_path / "mask.nii"), (HEIGHT, WIDTH), STORED).sum() == SHOWN.sum()


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["RAS", "LPS", "ARS", "PLI"]), st.integers(0, HEIGHT - 1), st.integers(0, WIDTH - 1))
def test_one_pixel_is_found_again_wherever_it_is(tmp_path_factory, axes, row, column):
    shown = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    shown[row, column] = 7
    file = save(tmp_path_factory.mktemp("pixel") / "mask.nii", shown, axes)
    found = read_slice(MaskSlice(file), (HEIGHT, WIDTH), PATIENT)
    assert np.argwhere(found).tolist() == [[row, column]]


def a_volume(path, n_slices=3, axes="RAS"):
    """Slice k has k + 1 pixels of its first row inside."""
    slices = np.zeros((n_slices, HEIGHT, WIDTH), dtype=np.uint8)
    for number in range(n_slices):
        slices[number, 0, : number + 1] = 1
    return save(path, slices, axes)


def images(tmp_path, *names):
    for name in names:
        write_image(tmp_path / "images" / name)
    return tmp_path / "images"


def areas(dataset):
    return {
        case.case_id: None if (lungs := dataset.surroundings(case).lungs) is None else int(lungs.sum())
        for case in dataset.cases
    }


def test_the_number_in_an_images_name_is_its_slice(load, tmp_path):
    root = images(tmp_path, "a/ct01-000.png", "a/ct01-002.png", "b/ct02_1.png", "b/other.png")
    a_volume(tmp_path / "masks" / "ct01.nii.gz")
    a_volume(tmp_path / "masks" / "b" / "ct02.nii")
    dataset = load(images=root, regions={"lungs": tmp_path / "masks"})
    assert areas(dataset) == {"a/ct01-000": 1, "a/ct01-002": 3, "b/ct02_1": 2, "b/other": None}
    assert dataset.masks.lungs.n_given == 3


def test_a_number_alone_belongs_to_the_volume_that_is_called_like_the_folder(load, tmp_path):
    root = images(tmp_path, "a/ct01/001.png", "a/ct01/003.png", "b/x.png")
    file = a_volume(tmp_path / "ct01.nii.gz")
    dataset = load(images=root, regions={"lungs": file, "nifti": {"first_slice": 1}})
    assert areas(dataset) == {"a/ct01/001": 1, "a/ct01/003": 3, "b/x": None}


def test_a_file_called_like_the_image_comes_before_a_volume(load, tmp_path):
    root = images(tmp_path, "a/ct01-001.png", "b/x.png")
    a_volume(tmp_path / "masks" / "ct01.nii")
    save(tmp_path / "masks" / "ct01-001.nii", SHOWN)
    dataset = load(images=root, regions={"body": tmp_path / "masks"})
    assert dataset.surroundings(dataset.cases[0]).body.sum() == SHOWN.sum()


def test_a_digest_follows_the_mask_and_not_the_file(load, tmp_path):
    root = images(tmp_path, "a/ct01-1.png", "b/x.png")
    a_volume(tmp_path / "ct01.nii.gz")
    asked = {"lungs": tmp_path / "ct01.nii.gz"}
    dataset = load(images=root, regions=asked)
    before = dataset.masks.digest(dataset.cases[0])
    a_volume(tmp_path / "ct01.nii.gz", axes="ALS")
    assert dataset.masks.digest(dataset.cases[0]) == before
    a_volume(tmp_path / "ct01.nii.gz", n_slices=2)
    other = load(images=root, regions=asked)
    assert other.masks.digest(other.cases[0]) == before
    save(tmp_path / "ct01.nii.gz", np.stack([SHOWN, SHOWN]))
    assert load(images=root, regions=asked).masks.digest(dataset.cases[0]) != before


def truncated(path, whole):
    data = whole.read_bytes()
    path.write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("make", "message", "hint"),
    [
        (
            lambda path: truncated(path, a_volume(path, n_slices=1)),
            "x.nii.gz: the mask is truncated or damaged and cannot be read",
            "save it again as NIfTI, one volume of numbers",
        ),
        (
            lambda path: path.write_bytes(b""),
            "x.nii.gz: the mask is truncated or damaged and cannot be read",
            "save it again as NIfTI, one volume of numbers",
        ),
        (
            lambda path: path.write_bytes(b"\x89PNG not at all" * 40),
            "x.nii.gz: the mask is truncated or damaged and cannot be read",
            "save it again as NIfTI, one volume of numbers",
        ),
        (
            lambda path: save_array(path, np.zeros((WIDTH, HEIGHT, 2, 3), np.uint8), np.eye(4)),
            "x.nii.gz: the mask has 4 dimensions (10 × 8 × 2 × 3), and two or three are read",
            "save one volume, or one slice, per file",
        ),
        (
            lambda path: save_array(path, np.zeros((WIDTH, HEIGHT + 1), np.uint8), np.eye(4)),
            "x.nii.gz: a mask of 10 × 9 pixels for an image of 10 × 8",
            "make the mask on the image itself; sizes are not guessed",
        ),
        (
            lambda path: save_array(path, np.full((WIDTH, HEIGHT), np.nan, np.float32), np.eye(4)),
            "x.nii.gz: the mask holds values that are not numbers",
            "write 0 for what is outside",
        ),
        (
            lambda path: a_volume(path),
            "x.nii.gz: holds 3 slices, but has the name of one image",
            "name the volume like its images without their numbers: ct01.nii.gz for ct01-012.png",
        ),
    ],
    ids=["truncated", "empty", "png", "4-D", "size", "nan", "volume"],
)
def test_a_file_that_cannot_be_the_mask_is_refused(load, tmp_path, make, message, hint):
    root = images(tmp_path, "a/x.png", "b/y.png")
    make(tmp_path / "x.nii.gz")
    with refused(message, hint):
        load(images=root, regions={"lungs": tmp_path / "x.nii.gz"})


def test_a_truncated_file_that_is_not_packed_is_refused_too(tmp_path):
    truncated(tmp_path / "x.nii", a_volume(tmp_path / "x.nii"))
    with refused(
        "x.nii: the mask is truncated or damaged and cannot be read",
        "save it again as NIfTI, one volume of numbers",
    ):
        read_slice(MaskSlice(tmp_path / "x.nii", 0), (HEIGHT, WIDTH), PATIENT)


def test_a_fourth_axis_of_one_is_none(tmp_path):
    file = save_array(tmp_path / "x.nii", SHOWN.T[:, :, None, None], np.diag([-1.0, -1, 1, 1]))
    assert read_slice(MaskSlice(file), (HEIGHT, WIDTH), PATIENT).sum() == SHOWN.sum()


def test_a_slice_beyond_the_volume_is_refused(load, tmp_path):
    root = images(tmp_path, "a/ct01-3.png", "b/y.png")
    a_volume(tmp_path / "ct01.nii")
    with refused(
        "ct01.nii: has no slice 3; its 3 slices are counted from 0",
        "number the images like the slices, or set regions.nifti.first_slice",
    ):
        load(images=root, regions={"lungs": tmp_path / "ct01.nii"})
    counted = {"lungs": tmp_path / "ct01.nii", "nifti": {"first_slice": 1}}
    assert areas(load(images=root, regions=counted))["a/ct01-3"] == 3


def test_names_that_fit_no_image_or_two_are_refused(load, tmp_path):
    root = images(tmp_path, "a/x-1.png", "b/x-1.png")
    a_volume(tmp_path / "masks" / "x.nii")
    with refused(
        "x.nii: slice 1 can be the mask of a/x-1 or b/x-1",
        "put the masks into the same sub-folders as the images",
    ):
        load(images=root, regions={"lungs": tmp_path / "masks"})
    a_volume(tmp_path / "others" / "z.nii")
    with refused(
        "others: none of its 1 NIfTI files has the name of an image, or of its volume",
        "scan-1.nii.gz is the mask of scan-1.png; slice 12 of ct01.nii.gz that of ct01-012.png or ct01/012.png",
    ):
        load(images=root, regions={"lungs": tmp_path / "others"})


def test_a_folder_of_both_formats_and_a_missing_file_are_refused(load, tmp_path):
    root = images(tmp_path, "a/x.png", "b/y.png")
    save(tmp_path / "masks" / "x.nii", SHOWN)
    write_image(tmp_path / "masks" / "y.png")
    with refused(
        "data.regions.lungs: masks holds NIfTI (x.nii) and PNGs (y.png), and the masks of a structure have one format",
        "keep the masks of a structure in one format",
    ):
        load(images=root, regions={"lungs": tmp_path / "masks"})
    with refused(
        f"{tmp_path}/masks/xx.nii: no such file of masks",
        "did you mean 'x.nii'? paths in the audit file start from its folder",
    ):
        load(images=root, regions={"lungs": tmp_path / "masks" / "xx.nii"})


def test_without_nibabel_the_error_says_what_to_install(load, tmp_path, monkeypatch):
    root = images(tmp_path, "a/x.png", "b/y.png")
    save(tmp_path / "x.nii", SHOWN)
    monkeypatch.setitem(sys.modules, "nibabel", None)
    with refused(
        "NIfTI files need the package nibabel, which is not installed", "pip install 'xaudit[nifti]'"
    ):
        load(images=root, regions={"lungs": tmp_path / "x.nii"})


def save_scaled(path, shown, slope, intercept=0.0, kind=np.int16):
    """A file whose stored whole numbers are multiplied by a factor when they are read."""
    image = stored_as(np.rint((shown - intercept) / slope).astype(kind), "RAS")
    image.header.set_slope_inter(slope, intercept)
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize(
    ("slope", "intercept", "kind"),
    [(1 / 3, 0, np.int16), (1 / 7, 0, np.uint8), (0.01, -0.3, np.int16), (0.1, 0.7, np.int16), (3 / 255, 0, np.uint8)],
)  # fmt: skip
def test_whole_numbers_come_back_whole_from_a_file_that_scales(tmp_path, slope, intercept, kind):
    file = save_scaled(tmp_path / "a.nii", SHOWN * 2, slope, intercept, kind)
    scaled = np.asarray(nibabel.load(file).dataobj)
    assert not np.array_equal(scaled, np.rint(scaled))  # 6 times a third, in 24 bits, is 2.00000006
    numbers = read_numbers(MaskSlice(file), (HEIGHT, WIDTH), PATIENT)
    assert np.array_equal(numbers, SHOWN * 2)
    assert np.array_equal(read_slice(MaskSlice(file), (HEIGHT, WIDTH), PATIENT), SHOWN.astype(bool))
    images = ImageIndex({"a.png": "a"}, {"a": (HEIGHT, WIDTH)})
    marks, *_ = read_annotations(AnnotationSection(path=file), images, merge={})
    assert [(mark.label, mark.region) for mark in marks] == [("2", mask_region(SHOWN.astype(bool)))]


def test_fractions_in_a_file_that_scales_are_not_rounded_to_labels(tmp_path):
    # 255 steps from 0 to 1: a probability of 0.4 is 102 steps, and no label.
    file = save_scaled(tmp_path / "a.nii", SHOWN * 0.4, 1 / 255, kind=np.uint8)
    images = ImageIndex({"a.png": "a"}, {"a": (HEIGHT, WIDTH)})
    with pytest.raises(DataError, match=r"holds numbers from 0 to 0\.4 and not whole ones"):
        read_annotations(AnnotationSection(path=file), images, merge={})
