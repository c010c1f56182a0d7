"""Files of several images: DICOM frames, NIfTI slices, TIFF pages; each a case, each pixel in its place.

The files in ``files/frames`` were written by other libraries; see the README beside them.
"""

import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest
from case_files import refused, write_image
from dicom_files import SECRET, dicom_bytes

from xaudit.cases.images.header import UnreadableImageError
from xaudit.cases.images.image_file import frame_numbers, read_header, read_pixels, sniff
from xaudit.cases.marks.annotation_files import read_annotations
from xaudit.cases.names.image_index import ImageIndex
from xaudit.config import AnnotationSection, SlicesSection
from xaudit.geometry import rasterise

FRAMES = Path(__file__).parent / "files" / "frames"
SLICES = SlicesSection()
WHOLE_RANGE = (0.0, 4000.0)


def content(name):
    return (FRAMES / name).read_bytes()


def unreadable(reason):
    return pytest.raises(UnreadableImageError, match=f"(?m)^{reason}$")


def shown(name, frame=None, window=WHOLE_RANGE, slices=SLICES):
    data = content(name)
    return read_pixels(data, sniff(data[:1024]), window, frame, slices)


def brightest(values):
    assert (values == values.max()).sum() == 1
    return tuple(int(place) for place in np.unravel_index(values.argmax(), values.shape))


def place_in(root, *names, label="cancer"):
    (root / label).mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copy(FRAMES / name, root / label / name)
    write_image(root / "normal" / "plain.png", height=12, width=20)
    return root


# DICOM frames. highdicom wrote three slices, the highest first: slice k, 30 + 2.5 k mm high, has its bright pixel in row 3 + k,
# column 10 + 2 k, stored 2000 over 0, and the intercept -1024 + 100 k; rows run to the patient's right.


@pytest.mark.parametrize("k", [0, 1, 2])
def test_a_frame_of_an_enhanced_ct_is_shown_with_its_own_rescale(k):
    values = shown("enhanced-ct.dcm", 3 - k)
    assert values.shape == (12, 20)
    assert brightest(values) == (3 + k, 10 + 2 * k)
    # 2000 - 1024 + 100 k HU in the window (0, 4000): (x + .5) / 3999 + .5.
    assert values.max() == pytest.approx((976 + 100 * k + 0.5) / 3999 + 0.5, abs=1e-6)


def test_a_frame_says_where_it_lies_and_which_side_is_left():
    headers = [read_header(content("enhanced-ct.dcm"), "lung", frame) for frame in (1, 2, 3)]
    assert [header.left_edge for header in headers] == ["L", "L", "L"]
    assert [header.turned for header in headers] == [True] * 3
    assert [header.plane.origin for header in headers] == [(-20.25, 11.5, 30 + 2.5 * k) for k in (2, 1, 0)]
    assert {header.spacing_mm for header in headers} == {(0.7, 0.8)}
    uid = headers[0].uid.removesuffix("#1")
    assert [header.uid for header in headers] == [f"{uid}#{frame}" for frame in (1, 2, 3)]


def test_the_files_own_window_is_that_of_the_frame():
    # (40, 400): -1024 is black and 976 and more are white.
    assert shown("enhanced-ct.dcm", 2, "file").max() == 1


def legacy(**elements):
    """A multi-frame file without functional groups: all that it says holds for every frame."""
    stored = np.arange(2 * 3 * 4, dtype=np.uint16)
    return dicom_bytes(
        stored.reshape(6, 4),
        Rows=3,
        NumberOfFrames="2",
        Modality="OT",
        PixelData=stored.tobytes(),
        RescaleIntercept="0",
        **elements,
    )


def test_a_legacy_file_of_several_frames_has_one_header_for_all():
    data = legacy()
    assert list(frame_numbers(data)) == [1, 2]
    # 12 .. 23 in 3 rows of 4.
    assert read_pixels(data, "dicom", "full", 2) == pytest.approx(np.arange(12).reshape(3, 4) / 11)
    assert read_header(data, "full", 2).spacing_mm == (0.7, 0.8)


def test_a_colour_file_of_several_frames_is_read_frame_by_frame():
    stored = np.zeros((2, 3, 4, 3), dtype=np.uint8)
    stored[1, 2, 3] = (255, 51, 0)
    data = dicom_bytes(stored[0], NumberOfFrames="2", Modality="SC", PixelData=stored.tobytes())
    assert read_pixels(data, "dicom", "full", 1).max() == 0
    assert read_pixels(data, "dicom", "full", 2)[2, 3] == pytest.approx([1, 0.2, 0])


@pytest.mark.parametrize(("frame", "name"), [(0, "#0"), (4, "#4"), (400, "#400")])
def test_a_number_beyond_the_frames_is_refused(frame, name):
    with unreadable(f"has no {name}; its 3 frames are counted from 1"):
        read_header(content("enhanced-ct.dcm"), "lung", frame)


def test_a_number_is_refused_where_there_is_one_image():
    with unreadable("is a single image; name it without #1"):
        read_header(dicom_bytes(np.zeros((2, 2), np.uint16)), "lung", 1)


def test_a_truncated_last_frame_leaves_the_others_readable(load, tmp_path):
    root = place_in(tmp_path / "images", "axial.nii.gz")
    (root / "cancer" / "cut.dcm").write_bytes(legacy()[:-3])
    dataset = load(images=root, window="full")
    problems = {problem.case_id: problem.reason for problem in dataset.problems}
    reason = "is truncated or damaged: its DICOM pixels do not fill the frame"
    assert problems == {"cancer/cut#1": reason, "cancer/cut#2": reason}


@pytest.mark.parametrize("n_frames", ["-3", "0", "20000"])
def test_an_absurd_number_of_frames_is_refused_before_anything_is_done(n_frames):
    data = dicom_bytes(np.zeros((3, 4), np.uint16), NumberOfFrames=n_frames)
    if n_frames == "0":
        assert frame_numbers(data) is None
        return
    with unreadable(f"claims to hold {n_frames} frames"):
        frame_numbers(data)


# Cases


def test_every_frame_slice_and_page_is_a_case_of_its_own(load, tmp_path):
    root = place_in(tmp_path / "images", "enhanced-ct.dcm", "axial.nii.gz", "pages-16.tif", "colour.tif")
    dataset = load(images=root, window="full")
    assert [case.case_id for case in dataset.cases] == [
        *(f"cancer/axial#{number}" for number in (1, 2, 3)),
        "cancer/colour",
        *(f"cancer/enhanced-ct#{number}" for number in (1, 2, 3)),
        *(f"cancer/pages-16#{number}" for number in (1, 2, 3)),
        "normal/plain",
    ]
    assert dataset.problems == ()
    by_id = {case.case_id: case for case in dataset.cases}
    assert by_id["cancer/axial#2"].path == "cancer/axial.nii.gz#2"
    assert brightest(dataset.pixels(by_id["cancer/enhanced-ct#3"])) == (3, 10)
    assert brightest(dataset.pixels(by_id["cancer/axial#2"])) == (8, 15)
    assert brightest(dataset.pixels(by_id["cancer/pages-16#3"])) == (5, 7)
    assert len({case.sha256 for case in dataset.cases}) == 11
    assert {case.left_edge for case in dataset.cases if "axial" in case.case_id} == {"R"}


def test_the_images_of_a_file_stay_in_one_split(load, tmp_path):
    root = tmp_path / "images"
    for number in range(12):
        label = ("cancer", "normal")[number % 2]
        volume = np.arange(8 * 9 * 4, dtype=np.int16).reshape(8, 9, 4) + number
        (root / label).mkdir(parents=True, exist_ok=True)
        nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), root / label / f"v{number}.nii.gz")
    dataset = load(images=root, window="full")
    splits = {}
    for case in dataset.cases:
        splits.setdefault(case.path.partition("#")[0], set()).add((case.split, case.patient_id))
    assert {len(found) for found in splits.values()} == {1}
    assert len({case.patient_id for case in dataset.cases}) == 12
    assert dataset.notes[0] == (
        "a file of several images is taken for one patient's; 12 patients are numbered here"
    )


def test_images_of_a_file_that_count_as_independent_are_said(load, tmp_path):
    dataset = load(images=place_in(tmp_path / "images", "axial.nii.gz"), window="full")
    assert dataset.notes[0] == (
        "3 images share a file with others and count as independent; name the patients to mend that"
    )
    assert len({case.split for case in dataset.cases if "axial" in case.case_id}) == 1


def test_a_table_names_one_image_of_a_file_or_all(load, tmp_path):
    root = place_in(tmp_path / "images", "enhanced-ct.dcm", "axial.nii.gz")
    table = tmp_path / "labels.csv"
    table.write_text(
        "image,label\ncancer/enhanced-ct.dcm#2,a\ncancer/enhanced-ct.dcm#09,a\ncancer/axial.nii.gz,b\n"
    )
    dataset = load(format="csv", labels=table, images=root, window="full")
    assert [case.case_id for case in dataset.cases] == [
        "cancer/axial#1",
        "cancer/axial#2",
        "cancer/axial#3",
        "cancer/enhanced-ct#2",
    ]
    assert [(problem.case_id, problem.reason) for problem in dataset.problems] == [
        ("cancer/enhanced-ct#9", "has no #9; its 3 frames are counted from 1")
    ]


def test_an_image_listed_by_itself_and_with_its_file_is_refused(load, tmp_path):
    root = place_in(tmp_path / "images", "axial.nii.gz")
    table = tmp_path / "labels.csv"
    table.write_text("image,label\ncancer/axial.nii.gz,a\ncancer/axial.nii.gz#2,b\n")
    with refused(
        "'cancer/axial#2' would be two images, of which one is listed as 'cancer/axial.nii.gz#2'",
        "list a file of several images as a whole or image by image, and rename files with the same name",
    ):
        load(format="csv", labels=table, images=root, window="full")


def test_a_file_whose_own_name_ends_with_a_number_is_that_file(load, tmp_path):
    root = tmp_path / "images"
    (root / "a").mkdir(parents=True)
    (root / "a" / "scan#3").write_bytes(dicom_bytes(np.arange(6, dtype=np.uint16).reshape(2, 3)))
    write_image(root / "b" / "x#2.png")
    dataset = load(images=root, window="full")
    assert [(case.case_id, case.path) for case in dataset.cases] == [
        ("a/scan#3", "a/scan#3"),
        ("b/x#2", "b/x#2.png"),
    ]


# NIfTI. SimpleITK wrote a volume in DICOM's coordinates, origin (-8, -4, 30), spacing .8, .7, 2.5, with one bright voxel 15
# columns to the patient's left and 8 rows to the back, in the second slice from the feet.


def test_an_axial_slice_has_the_patients_right_at_its_left_edge():
    header = read_header(content("axial.nii.gz"), "full", 2)
    assert (header.height, header.width, header.left_edge) == (12, 20, "R")
    assert header.spacing_mm == pytest.approx((0.7, 0.8))
    assert brightest(shown("axial.nii.gz", 2)) == (8, 15)
    # The voxel's middle, in the patient: SimpleITK said (4, 1.6, 32.5).
    assert header.plane.in_patient(np.array([[15.5, 8.5]])) == pytest.approx(
        np.array([[4, 1.6, 32.5]]), abs=1e-5
    )


@pytest.mark.parametrize(
    ("axis", "frame", "size", "pixel", "left"),
    [
        # Frontal slices are counted along the file's second axis: 8 is the ninth. The head is at the top, so that the second
        # of three slices from the feet is row 1 from either end.
        ("coronal", 9, (3, 20), (1, 15), "R"),
        # Sagittal: the sixteenth; columns run from the front to the back.
        ("sagittal", 16, (3, 12), (1, 8), "A"),
        ("axial", 2, (12, 20), (8, 15), "R"),
    ],
)
def test_slices_along_other_axes_lie_as_radiologists_look_at_them(axis, frame, size, pixel, left):
    slices = SlicesSection(axis=axis)
    data = content("axial.nii.gz")
    assert len(frame_numbers(data, slices)) == {"coronal": 12, "sagittal": 20, "axial": 3}[axis]
    header = read_header(data, "full", frame, slices)
    assert (header.height, header.width, header.left_edge) == (*size, left)
    assert brightest(shown("axial.nii.gz", frame, slices=slices)) == pixel
    (at,) = header.plane.in_patient(np.array([[pixel[1] + 0.5, pixel[0] + 0.5]]))
    assert at == pytest.approx([4, 1.6, 32.5], abs=1e-5)


def test_the_head_is_at_the_top_of_a_frontal_slice(tmp_path):
    # The third axis runs to the head: the highest voxel must come out in row 0.
    volume = np.zeros((5, 4, 3), dtype=np.int16)
    volume[0, 0, 2] = 100
    nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), tmp_path / "v.nii")
    data = (tmp_path / "v.nii").read_bytes()
    # The first axis runs to the patient's right, so its first voxel is leftmost in the patient and rightmost on the image.
    values = read_pixels(data, "nifti", "full", 1, SlicesSection(axis="coronal"))
    assert brightest(values) == (0, 4)
    values = read_pixels(data, "nifti", "full", 3, SlicesSection(axis="third", orientation="stored"))
    assert brightest(values) == (0, 0)
    assert read_header(data, "full", 3, SlicesSection(orientation="stored")).left_edge == "L"


def test_a_volume_that_does_not_say_how_it_lies_is_not_guessed(load, tmp_path):
    root = place_in(tmp_path / "images", "axial.nii.gz")
    nibabel.save(nibabel.Nifti1Image(np.zeros((5, 4, 3), np.int16), None), root / "cancer" / "v.nii")
    dataset = load(images=root, window="full")
    assert [(one.case_id, one.reason) for one in dataset.problems] == [
        (
            "cancer/v",
            "does not say how it lies in the patient; set data.nifti.orientation: stored and axis: third if its first axis "
            "runs along the image's columns",
        )
    ]
    stored = load(images=root, window="full", nifti={"orientation": "stored"})
    assert sum("cancer/v#" in case.case_id for case in stored.cases) == 3


def test_another_cut_of_a_volume_is_another_image(load, tmp_path):
    root = place_in(tmp_path / "images", "axial.nii.gz")
    one = {case.case_id: case.sha256 for case in load(images=root, window="full").cases}
    other = load(images=root, window="full", nifti={"orientation": "stored"}).cases
    assert all(one[case.case_id] != case.sha256 for case in other if "axial" in case.case_id)
    assert all(one[case.case_id] == case.sha256 for case in other if "plain" in case.case_id)


def test_what_is_no_number_is_black_and_no_part_of_the_range(tmp_path):
    volume = np.full((3, 2, 1), np.nan, dtype=np.float32)
    volume[1:, 0, 0] = (5, 7)
    nibabel.save(nibabel.Nifti1Image(volume, np.diag([-1.0, -1, 1, 1])), tmp_path / "v.nii")
    data = (tmp_path / "v.nii").read_bytes()
    assert read_pixels(data, "nifti", "full").tolist() == [[0, 0, 1], [0, 0, 0]]
    with unreadable("names no window of its own .*"):
        read_header(data, "file")


def test_a_header_that_claims_a_huge_volume_is_refused_before_room_is_made(tmp_path):
    header = nibabel.Nifti1Header()
    header.set_data_dtype(np.float64)
    header.set_data_shape((10_000, 9_000, 3))
    start = header.binaryblock + b"\0\0\0\0"
    with unreadable("is truncated or damaged and cannot be read"):
        read_header(start + b"\0" * 100, "full")
    header.set_data_shape((30_000, 30_000, 30_000))
    with unreadable("claims to have 30000 × 30000 × 30000 voxels, which is more than are read"):
        read_header(header.binaryblock + b"\0" * 104, "full")
    header.set_data_shape((20_000, 20_000, 2))
    with unreadable("claims to have 20000 × 20000 pixels, and images of more than 100 million are not read"):
        read_header(header.binaryblock + b"\0" * 104, "full")


@pytest.mark.parametrize("kept", [10, 60, 100])
def test_a_truncated_packed_volume_is_refused(kept):
    with pytest.raises(UnreadableImageError, match=r"truncated or damaged|neither PNG"):
        read_header(content("axial.nii.gz")[:kept], "full", 1)


# Masks and marks of files of several images


def indexed(name, slices=SLICES):
    data = content(name)
    stem = name.partition(".")[0]
    headers = {f"{stem}#{n}": read_header(data, "full", n, slices) for n in frame_numbers(data, slices)}
    return ImageIndex(
        {f"{name}#{case.partition('#')[2]}": case for case in headers},
        {case: (header.height, header.width) for case, header in headers.items()},
        {header.uid: case for case, header in headers.items() if header.uid},
        planes={case: header.plane for case, header in headers.items() if header.plane},
    )


def pixels_of(marks):
    return {
        (mark.case_id, mark.label): np.argwhere(rasterise(mark.region, (12, 20))).tolist()
        for mark in marks
        if mark.region is not None
    }


@pytest.mark.parametrize("file", ["axial-mask.nii.gz", "axial-mask-turned.nii.gz"])
def test_marks_lie_on_their_slices_however_their_file_is_turned(tmp_path, file):
    # SimpleITK wrote the value 2 on the bright voxel and 1 on (3, 2) of the first slice; the second file has all axes turned.
    shutil.copy(FRAMES / file, tmp_path / "axial.nii.gz")
    section = AnnotationSection(path=tmp_path, rename={"2": "nodule"})
    found, *_ = read_annotations(section, indexed("axial.nii.gz"), merge={})
    assert pixels_of(found) == {("axial#1", "1"): [[2, 3]], ("axial#2", "nodule"): [[8, 15]]}
    assert [mark.case_id for mark in found if mark.region is None] == ["axial#3"]


@pytest.mark.parametrize(
    ("axis", "orientation", "marks"),
    [
        # Of 12 frontal slices the ninth holds the second slice from the feet as row 1, and the third the first, as row 2.
        ("coronal", "patient", {("axial#3", "1"): [[2, 3]], ("axial#9", "2"): [[1, 15]]}),
        ("sagittal", "patient", {("axial#4", "1"): [[2, 2]], ("axial#16", "2"): [[1, 8]]}),
        # As stored, the first axis runs along the columns and the third down the rows: the feet are at the top.
        ("coronal", "stored", {("axial#3", "1"): [[0, 3]], ("axial#9", "2"): [[1, 15]]}),
    ],
)
@pytest.mark.parametrize("file", ["axial-mask.nii.gz", "axial-mask-turned.nii.gz"])
def test_marks_follow_whichever_way_the_image_is_cut(tmp_path, file, axis, orientation, marks):
    shutil.copy(FRAMES / file, tmp_path / "axial.nii.gz")
    images = indexed("axial.nii.gz", SlicesSection(axis=axis, orientation=orientation))
    found, *_ = read_annotations(AnnotationSection(path=tmp_path), images, merge={})
    frame = (3, 20) if axis == "coronal" else (3, 12)
    drawn = {
        (mark.case_id, mark.label): np.argwhere(rasterise(mark.region, frame)).tolist()
        for mark in found
        if mark.region is not None
    }
    assert drawn == marks


def test_marks_follow_a_dicom_image_that_is_stored_turned_round(tmp_path):
    # A mask in the usual axes of a CT whose rows run to the right and columns to the front; made from where frame 2 lies.
    plane = read_header(content("enhanced-ct.dcm"), "full", 2).plane
    (at,) = plane.in_patient(np.array([[12.5, 4.5]]))
    volume = np.zeros((20, 12, 3), dtype=np.uint8)
    # DICOM's left and back are NIfTI's minus x and y. The far corner of the slices is at -20.25 - 19 * .8, 11.5 - 11 * .7.
    affine = np.array([[-0.8, 0, 0, 35.45], [0, -0.7, 0, -3.8], [0, 0, 2.5, 30], [0, 0, 0, 1.0]])
    voxel = np.linalg.inv(affine) @ [-at[0], -at[1], at[2], 1]
    assert voxel == pytest.approx([7, 7, 1, 1])
    volume[7, 7, 1] = 1
    nibabel.save(nibabel.Nifti1Image(volume, affine), tmp_path / "enhanced-ct.nii.gz")
    found, *_ = read_annotations(AnnotationSection(path=tmp_path), indexed("enhanced-ct.dcm"), merge={})
    assert pixels_of(found) == {("enhanced-ct#2", "1"): [[4, 12]]}


def test_marks_of_another_place_are_refused(tmp_path):
    moved = nibabel.load(FRAMES / "axial-mask.nii.gz")
    moved.affine[2, 3] += 1
    nibabel.save(nibabel.Nifti1Image(np.asarray(moved.dataobj), moved.affine), tmp_path / "axial.nii.gz")
    with refused(
        "axial.nii.gz: none of its slices lies where the image lies",
        "make the mask on the image itself, in its own grid; nifti.orientation: stored goes by numbers alone",
    ):
        read_annotations(AnnotationSection(path=tmp_path), indexed("axial.nii.gz"), merge={})


def test_masks_of_the_anatomy_lie_on_their_slices_too(load, tmp_path):
    root = place_in(tmp_path / "images", "axial.nii.gz")
    (tmp_path / "lungs").mkdir()
    shutil.copy(FRAMES / "axial-mask-turned.nii.gz", tmp_path / "lungs" / "axial.nii.gz")
    dataset = load(images=root, window="full", regions={"lungs": tmp_path / "lungs"})
    lungs = {case.case_id: dataset.surroundings(case).lungs for case in dataset.cases}
    assert np.argwhere(lungs["cancer/axial#1"]).tolist() == [[2, 3]]
    assert np.argwhere(lungs["cancer/axial#2"]).tolist() == [[8, 15]]
    assert lungs["normal/plain"] is None


def test_a_dicom_segmentation_names_the_frames_of_its_image():
    section = AnnotationSection(path=FRAMES / "enhanced-ct-seg.dcm")
    found, *_ = read_annotations(section, indexed("enhanced-ct.dcm"), merge={})
    assert pixels_of(found) == {("enhanced-ct#2", "nodule"): [[4, 12]]}


def test_a_segmentation_among_the_images_is_no_image():
    with unreadable("is raw data or a segmentation in DICOM, and no image"):
        read_header(content("enhanced-ct-seg.dcm"), "lung")


def test_readers_masks_of_a_volume_lie_in_folders_of_their_names(tmp_path):
    for reader in ("dr-a", "dr-b"):
        (tmp_path / reader).mkdir()
        shutil.copy(FRAMES / "axial-mask.nii.gz", tmp_path / reader / "axial.nii.gz")
    found, *_ = read_annotations(AnnotationSection(path=tmp_path), indexed("axial.nii.gz"), merge={})
    assert sorted({mark.reader_id for mark in found}) == ["dr-a", "dr-b"]
    assert len(found) == 6


def test_an_image_given_as_marks_is_refused(tmp_path):
    shutil.copy(FRAMES / "axial.nii.gz", tmp_path / "axial.nii.gz")
    with refused(
        "axial.nii.gz: holds numbers from -1000 to -1000 and not whole ones from 0 on",
        "give the mask and not the image; of probabilities, those above a threshold",
    ):
        read_annotations(AnnotationSection(path=tmp_path), indexed("axial.nii.gz"), merge={})


def test_nothing_of_the_files_text_is_said(load, tmp_path, capfd, caplog):
    root = place_in(tmp_path / "images", "axial.nii.gz")
    for number, data in enumerate([legacy()[:-3], legacy(uid="1.2.3", PhotometricInterpretation="HSV")]):
        (root / "cancer" / f"{number}.dcm").write_bytes(data)
    dataset = load(images=root)
    captured = capfd.readouterr()
    seen = repr(dataset.problems) + repr(dataset.notes) + captured.out + captured.err + caplog.text
    assert SECRET not in seen
    assert "Made" not in seen
