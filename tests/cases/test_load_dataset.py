"""Whole data sets: what reaches the cases, what becomes a problem, and what stops everything."""

import hashlib
import json
import subprocess
import sys
from dataclasses import astuple

import numpy as np
import pytest
from case_files import refused, write_image
from dicom_files import SECRET, SECRET_ID, UID, dicom_bytes
from PIL import Image

from xaudit.cases import load_dataset
from xaudit.config import DataSection, SplitSection
from xaudit.errors import DataError
from xaudit.records import Problem


def write_coco(path, *annotations, names=(), votes=()):
    images = [{"id": index, "file_name": name, "height": 8, "width": 10} for index, name in enumerate(names)]
    path.write_text(json.dumps({"images": images, "annotations": list(annotations), "votes": list(votes)}))
    return {"path": path}


def voc(x0, y0, x1, y1):
    return (
        "<annotation><object><name>A</name><bndbox>"
        f"<xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object></annotation>"
    )


def write_slices(root, n_slices=2, **elements):
    """DICOM slices of 6 × 8 pixels: by patient ``A`` with cancer and by ``B`` without."""
    for label, patient in (("cancer", "A"), ("normal", "B")):
        (root / label).mkdir(parents=True)
        for number in range(n_slices):
            stored = np.full((6, 8), 100 * number + 424, dtype=np.uint16)
            uid = f"{UID}.{ord(patient)}.{number}"
            data = dicom_bytes(stored, uid=uid, PatientID=SECRET_ID + patient, **elements)
            (root / label / f"{patient}-{number}.dcm").write_bytes(data)


def test_a_case_holds_what_is_known_of_its_file(two_classes, load):
    case = load(images=two_classes).cases[0]
    data = (two_classes / "cancer" / "cancer-0.png").read_bytes()
    assert (case.case_id, case.path, case.label) == ("cancer/cancer-0", "cancer/cancer-0.png", "cancer")
    assert case.sha256 == hashlib.sha256(data).hexdigest()
    assert (case.height, case.width, case.source_format, case.dataset_id) == (8, 10, "png", "data")


def test_case_ids_of_a_further_data_set_begin_with_its_name(two_classes, load):
    assert load("second", images=two_classes).cases[0].case_id == "second/cancer/cancer-0"


def test_pixels_are_read_when_asked_for(two_classes, load):
    dataset = load(images=two_classes)
    expected = np.arange(80).reshape(8, 10) / 255
    assert dataset.pixels(dataset.cases[0]) == pytest.approx(expected)


def test_a_bad_image_among_good_ones_is_a_problem_and_loading_goes_on(two_classes, load):
    whole = (two_classes / "cancer" / "cancer-1.png").read_bytes()
    (two_classes / "cancer" / "cancer-1.png").write_bytes(whole[:60])
    (two_classes / "normal" / "empty.png").write_bytes(b"")
    (two_classes / "normal" / "text.jpg").write_bytes(b"not an image")
    dataset = load(images=two_classes)
    assert len(dataset.cases) == 5
    assert dataset.problems == (
        Problem("cancer/cancer-1", "load", "is truncated"),
        Problem("normal/empty", "load", "is an empty file"),
        Problem("normal/text", "load", "is neither PNG, JPEG, TIFF, DICOM nor NIfTI, whatever its name says"),
    )


def test_nothing_but_bad_images_is_an_error(tmp_path, load):
    for label in ("a", "b"):
        (tmp_path / "images" / label).mkdir(parents=True)
        (tmp_path / "images" / label / "x.png").write_bytes(b"")
    with refused(
        "none of the 2 images can be used; the first, a/x, is an empty file",
        "PNG, JPEG, TIFF, DICOM and NIfTI are read",
    ):
        load(images=tmp_path / "images")


def test_a_wrong_suffix_does_not_matter(two_classes, load):
    file = two_classes / "cancer" / "cancer-0.png"
    file.rename(file.with_suffix(".jpg"))
    assert load(images=two_classes).cases[0].source_format == "png"


def test_progress_is_told_of_every_image(two_classes, tmp_path):
    told = []
    load_dataset(
        DataSection(images=two_classes), dataset_id="data", workspace=tmp_path, on_progress=told.append
    )
    assert [(p.stage, p.done, p.total) for p in told] == [("load", n, 6) for n in range(7)]


def test_classes_are_merged_by_name(two_classes, load):
    write_image(two_classes / "benign" / "b.png", level=99)
    dataset = load(images=two_classes, merge={"benign": "normal"})
    assert dataset.class_names == ("cancer", "normal")
    assert [case.label for case in dataset.cases if case.case_id == "benign/b"] == ["normal"]


def test_an_unknown_class_in_merge_is_refused(two_classes, load):
    with refused(
        "data.merge: no class of the data is called 'cancr'",
        "did you mean 'cancer'? the data has 'cancer', 'normal'",
    ):
        load(images=two_classes, merge={"cancr": "x"})


def test_one_class_only_is_refused_until_the_classes_are_listed(two_classes, load):
    message = "all 6 images are of the one class 'cancer'"
    hint = "give another class, or list the classes in data.classes"
    with refused(message, hint):
        load(images=two_classes, merge={"normal": "cancer"})
    dataset = load(images=two_classes, merge={"normal": "cancer"}, classes=["cancer", "none"])
    assert dataset.class_names == ("cancer", "none")


def test_listed_classes_keep_their_order_and_others_are_sorted(two_classes, load):
    assert load(images=two_classes).class_names == ("cancer", "normal")
    listed = load(images=two_classes, classes=["normal", "cancer", "benign"])
    assert listed.class_names == ("normal", "cancer", "benign")
    assert listed.positive == load(images=two_classes).positive


def test_a_class_that_is_not_listed_is_refused(two_classes, load):
    with refused(
        "data.classes: the class 'normal' of the data is not listed", "data.classes has 'cancer', 'healthy'"
    ):
        load(images=two_classes, classes=["cancer", "healthy"])


def test_an_unknown_positive_class_is_refused(two_classes, load):
    with refused(
        "data.positive: no class is called 'cancre'",
        "did you mean 'cancer'? the classes are 'cancer', 'normal'",
    ):
        load(images=two_classes, positive="cancre")


def test_the_positive_class_is_the_marked_one(two_classes, load, tmp_path):
    assert load(images=two_classes).positive == "normal"  # nothing is marked: the last name
    marks = write_coco(
        tmp_path / "marks.json", {"image_id": 0, "bbox": [1, 1, 2, 2]}, names=["cancer/cancer-0.png"]
    )
    assert load(images=two_classes, annotations=marks).positive == "cancer"
    assert load(images=two_classes, annotations=marks, positive="normal").positive == "normal"


def test_regions_follow_the_reader_policy(two_classes, load, tmp_path):
    names = ["cancer-0.png", "cancer-1.png"]
    marks = write_coco(
        tmp_path / "marks.json",
        {"image_id": 0, "bbox": [0, 0, 4, 1], "reader_id": "a"},
        {"image_id": 0, "bbox": [2, 0, 4, 1], "reader_id": "b"},
        names=names,
        votes=[{"image_id": 1, "reader_id": "a", "finding": False}],
    )

    def areas(policy, index):
        dataset = load(images=two_classes, annotations={**marks, "readers": policy})
        return {name: int(mask.sum()) for name, mask in dataset.regions(dataset.cases[index]).items()}

    # a: columns 0 to 3, b: columns 2 to 5: together 6 pixels, shared 2.
    assert areas("union", 0) == {"union": 6}
    assert areas("intersection", 0) == {"intersection": 2}
    assert areas("majority", 0) == {"majority": 2}
    assert areas("each", 0) == {"a": 4, "b": 4}
    assert areas("union", 1) == {"union": 0}  # a looked and found nothing
    assert areas("union", 2) == {}  # nobody looked


def test_lung_masks_are_read_for_the_cases_that_have_one(two_classes, load, tmp_path):
    mask = np.zeros((8, 10), dtype=np.uint8)
    mask[2:5, 3:9] = 255
    (tmp_path / "lungs").mkdir()
    Image.fromarray(mask).save(tmp_path / "lungs" / "cancer-0.png")
    dataset = load("x", images=two_classes, regions={"lungs": tmp_path / "lungs"})
    assert np.array_equal(dataset.surroundings(dataset.cases[0]).lungs, mask > 0)
    assert dataset.surroundings(dataset.cases[1]).lungs is None


def test_masks_and_marks_inside_the_images_folder_are_no_classes(two_classes, load):
    write_image(two_classes / "lungs" / "cancer-0.png")
    (two_classes / "marks").mkdir()
    (two_classes / "marks" / "cancer-0.xml").write_text(voc(1, 1, 2, 2))
    dataset = load(
        images=two_classes,
        regions={"lungs": two_classes / "lungs"},
        annotations={"path": two_classes / "marks"},
    )
    assert dataset.class_names == ("cancer", "normal")
    assert len(dataset.annotations) == dataset.masks.lungs.n_given == 1


def test_patients_are_read_from_the_path(two_classes, load):
    dataset = load(images=two_classes, patient_pattern=r"/\w+-(\d)")
    assert [case.patient_id for case in dataset.cases] == ["0", "1", "2", "0", "1", "2"]
    assert dataset.patients_known
    sides = {case.patient_id: set() for case in dataset.cases}
    for case in dataset.cases:
        sides[case.patient_id].add(case.split)
    assert all(len(side) == 1 for side in sides.values())
    assert not load(images=two_classes).patients_known


def test_a_pattern_that_finds_no_patient_is_refused(two_classes, load):
    with refused(
        "data.patient_pattern: '(P\\d+)_' finds no patient in 'cancer/cancer-0.png'",
        "its first group must match the patient in every path, as in '(P[0-9]+)_'",
    ):
        load(images=two_classes, patient_pattern=r"(P\d+)_")


def test_a_csv_data_set_carries_patients_splits_and_spacing(two_classes, load):
    table = two_classes.parent / "labels.csv"
    table.write_text(
        "image,label,patient,split,spacing_row_mm,spacing_col_mm\n"
        "cancer/cancer-0.png,cancer,P1,train,0.5,0.6\n"
        "normal/normal-0.png,normal,P2,test,,\n"
    )
    dataset = load(format="csv", labels=table, images=two_classes)
    assert [(c.patient_id, c.split, c.spacing_mm) for c in dataset.cases] == [
        ("P1", "train", (0.5, 0.6)),
        ("P2", "test", None),
    ]
    assert (dataset.split_known, dataset.patients_known) == (True, True)


def test_a_table_without_an_images_folder_starts_from_its_own(two_classes, load):
    table = two_classes.parent / "labels.csv"
    table.write_text("image,label\nimages/cancer/cancer-0.png,a\nimages/normal/normal-0.png,b\n")
    dataset = load(format="csv", labels=table)
    assert [case.case_id for case in dataset.cases] == ["images/cancer/cancer-0", "images/normal/normal-0"]
    assert not dataset.split_known


def test_a_patient_on_both_sides_of_the_split_is_refused(two_classes, load):
    table = two_classes / "labels.csv"
    table.write_text(
        "image,label,patient,split\ncancer/cancer-0.png,a,P1,train\nnormal/normal-0.png,b,P1,test\n"
    )
    with refused(
        "the patient 'P1' is in test and in train",
        "move all images of a patient to one side, or leave the splits to xaudit",
    ):
        load(format="csv", labels=table)


def test_a_table_beside_a_folder_data_set_is_refused(two_classes, load):
    with refused(
        "labels.csv: in a folder data set the sub-folder is the label, so no table is read",
        "set format: csv, or take data.labels out",
    ):
        load(images=two_classes, labels=two_classes / "labels.csv")


def test_copies_of_an_image_stay_on_one_side_where_no_patient_is_known(tmp_path, load):
    for number in range(12):
        for label in ("a", "b"):
            write_image(tmp_path / "images" / label / f"{number}.png", level=(number // 2) * 7 + ord(label))
    dataset = load(images=tmp_path / "images", split=SplitSection(test=0.5, validation=0))
    sides = {}
    for case in dataset.cases:
        sides.setdefault(case.sha256, set()).add(case.split)
    assert all(len(side) == 1 for side in sides.values())
    assert dataset.notes == ("12 images are byte-for-byte copies of another image",)


def test_missing_annotations_are_named_with_the_nearest_file(two_classes, load, tmp_path):
    write_coco(tmp_path / "marks.json")
    otherwise = "paths in the audit file start from its folder"
    with refused(f"{tmp_path / 'mark.json'}: no such annotations", f"did you mean 'marks.json'? {otherwise}"):
        load(images=two_classes, annotations={"path": tmp_path / "mark.json"})


def test_the_kind_of_an_annotation_file_is_told_by_its_content(two_classes, load, tmp_path):
    (tmp_path / "cancer-0.txt").write_text(voc(1, 1, 2, 2))
    with refused(
        "cancer-0.txt: no image of the data is called 'cancer-0.txt'",
        "add the image, take its annotation out, or set data.annotations.extra_images: ignore",
    ):
        load(images=two_classes, annotations={"path": tmp_path / "cancer-0.txt"})
    (tmp_path / "cancer-0.xml").write_text("\n " + voc(1, 1, 2, 2))
    assert len(load(images=two_classes, annotations={"path": tmp_path / "cancer-0.xml"}).annotations) == 1
    marks = write_coco(tmp_path / "anything", {"image_id": 0, "bbox": [1, 1, 2, 2]}, names=["cancer-0.png"])
    assert len(load(images=two_classes, annotations=marks).annotations) == 1


def test_a_folder_without_coco_given_as_coco_is_refused(two_classes, load, tmp_path):
    with refused(f"{tmp_path.name}: holds no file of COCO", "give the file, or its folder"):
        load(images=two_classes, annotations={"path": tmp_path, "format": "coco"})


def test_an_image_that_changed_after_loading_is_named(two_classes, load):
    dataset = load(images=two_classes)
    file = two_classes / "cancer" / "cancer-0.png"
    write_image(file, height=5)
    with refused(
        "cancer/cancer-0: was 10 × 8 pixels when loaded, and is 10 × 5 now",
        "leave the images alone while they are audited",
    ):
        dataset.pixels(dataset.cases[0])
    file.unlink()
    with refused(
        "cancer/cancer-0: cannot be opened: No such file or directory",
        "restore the image, or load the data again",
    ):
        dataset.pixels(dataset.cases[0])


def test_dicom_slices_are_matched_to_marks_by_uid_and_nothing_of_their_text_is_kept(tmp_path, load, capfd):
    write_slices(tmp_path / "slices")
    (tmp_path / "marks").mkdir()
    (tmp_path / "marks" / f"{UID}.65.1.xml").write_text(voc(3, 2, 5, 4))
    dataset = load(images=tmp_path / "slices", annotations={"path": tmp_path / "marks"})
    marked = [case for case in dataset.cases if dataset.regions(case)]
    assert [case.case_id for case in marked] == ["cancer/A-1"]
    assert np.argwhere(dataset.regions(marked[0])["union"]).tolist() == [
        [row, col] for row in (1, 2, 3) for col in (2, 3, 4)
    ]
    assert marked[0].spacing_mm == (0.7, 0.8)
    # -1024 + 424 = -600 HU under the lung window: 0.5 / 1499 + 0.5.
    assert dataset.pixels(dataset.cases[0])[0, 0] == pytest.approx(0.5 + 0.5 / 1499)
    kept = repr(dataset) + "".join(str(astuple(case)) for case in dataset.cases) + "".join(capfd.readouterr())
    for secret in (SECRET, SECRET_ID, UID):
        assert secret not in kept


def test_dicom_patients_are_told_apart_by_number_where_nothing_else_names_them(tmp_path, load):
    write_slices(tmp_path / "slices")
    dataset = load(images=tmp_path / "slices")
    assert [case.patient_id for case in dataset.cases] == ["patient-0001"] * 2 + ["patient-0002"] * 2
    assert dataset.notes == ("the DICOM files name 2 patients, who are numbered here",)
    named = load(images=tmp_path / "slices", patient_pattern=r"/(\w)-")
    assert {case.patient_id for case in named.cases} == {"A", "B"}


def test_turned_slices_are_counted_in_a_note(tmp_path, load):
    write_slices(tmp_path / "slices", ImageOrientationPatient=["-1", "0", "0", "0", "-1", "0"])
    assert load(images=tmp_path / "slices").notes[1] == (
        "4 DICOM slices are not stored axial, head first and face up; they are shown and scored as they are stored"
    )


def test_marks_on_a_slice_that_cannot_be_decoded_do_not_stop_the_rest(tmp_path, load):
    write_slices(tmp_path / "slices")
    data = dicom_bytes(np.zeros((6, 8), np.uint16), uid=f"{UID}.1", PixelData=b"\0\0")
    (tmp_path / "slices" / "cancer" / "short.dcm").write_bytes(data)
    (tmp_path / "marks").mkdir()
    (tmp_path / "marks" / f"{UID}.1.xml").write_text(voc(3, 2, 5, 4))
    (tmp_path / "marks" / f"{UID}.65.0.xml").write_text(voc(3, 2, 5, 4))
    dataset = load(images=tmp_path / "slices", annotations={"path": tmp_path / "marks"})
    assert [mark.case_id for mark in dataset.annotations] == ["cancer/A-0"]
    assert dataset.problems == (
        Problem("cancer/short", "load", "is truncated or damaged: its DICOM pixels do not fill the frame"),
    )


def test_the_same_dicom_instance_twice_is_refused(tmp_path, load):
    write_slices(tmp_path / "slices")
    data = (tmp_path / "slices" / "cancer" / "A-0.dcm").read_bytes()
    (tmp_path / "slices" / "cancer" / "copy.dcm").write_bytes(data)
    with refused("cancer/copy: is the same DICOM instance as cancer/A-0", "keep one of the two"):
        load(images=tmp_path / "slices")


def test_a_missing_pydicom_stops_loading_with_what_to_install(tmp_path, load, monkeypatch):
    write_slices(tmp_path / "slices")
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with refused(
        "DICOM images need the package pydicom, which is not installed", "pip install 'xaudit[dicom]'"
    ):
        load(images=tmp_path / "slices")


def test_the_phantom_study_takes_the_same_road(load, tmp_path):
    keys = {"format": "phantom", "phantom": {"patients": 6, "slices": 1, "size": 64}}
    dataset = load("second", **keys)
    assert len(dataset.cases) == dataset.masks.lungs.n_given == 6
    assert (dataset.class_names, dataset.positive) == (("cancer", "normal"), "cancer")
    assert (dataset.patients_known, dataset.split_known, dataset.problems) == (True, True, ())
    assert dataset.cases[0].case_id == "second/P0001-01"
    folders = list((tmp_path / "workspace").iterdir())
    assert len(folders) == 1
    before = (folders[0] / "labels.csv").stat().st_mtime_ns
    assert load("second", **keys).cases == dataset.cases
    assert (folders[0] / "labels.csv").stat().st_mtime_ns == before
    other = load("second", format="phantom", phantom={"patients": 8, "slices": 1, "size": 64})
    assert len(other.cases) == 8


def test_the_room_is_light_to_import():
    code = "import sys, xaudit.cases; print([m for m in ('torch', 'PIL', 'pydicom', 'skimage') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_an_error_is_a_data_error_with_exit_code_2(tmp_path, load):
    with pytest.raises(DataError) as caught:
        load(images=tmp_path / "nowhere")
    assert int(caught.value.exit_code) == 2


def test_images_that_the_table_does_not_list_are_counted(tmp_path):
    for name in ("p1/a.png", "p1/b.png", "p2/c.png", "masks/a.png"):
        write_image(tmp_path / "images" / name)
    (tmp_path / "images" / "readme.txt").write_text("not an image")
    (tmp_path / "labels.csv").write_text("image,label\np1/a.png,ill\np2/c.png,well\n")
    section = DataSection(
        format="csv",
        images=tmp_path / "images",
        labels=tmp_path / "labels.csv",
        regions={"lungs": tmp_path / "images" / "masks"},
    )
    notes = load_dataset(section, dataset_id="data", workspace=tmp_path, on_progress=lambda _: None).notes
    # Three images outside the folder of masks, of which the table lists two.
    assert "1 image of the images' folder is in no row of labels.csv, and not read" in notes
