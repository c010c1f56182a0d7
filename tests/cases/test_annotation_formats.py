"""One known square, which must come out of every format at exactly the same pixels."""

import json
from collections import Counter
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from case_files import refused
from PIL import Image

from xaudit.cases.images.plane import Plane
from xaudit.cases.marks.annotation_files import read_annotations
from xaudit.cases.marks.annotation_folder import survey_folder
from xaudit.cases.marks.annotation_formats import collect_marks
from xaudit.cases.marks.kind import format_of_file
from xaudit.cases.marks.mark_list import MarkList
from xaudit.cases.names.image_index import ImageIndex
from xaudit.catalog import FORMAT_RECORDS, FORMATS
from xaudit.config import AnnotationSection
from xaudit.config.sections.data import AnnotationFormatName
from xaudit.errors import DataError
from xaudit.geometry import rasterise
from xaudit.plugins.format_check import check_marks
from xaudit.records import Annotation, Box, Polygon

FILES = Path(__file__).parent / "files"
UID = "1.3.6.1.4.1.99999.1.2.3"
SMALL, LARGE = (40, 60), (1024, 1024)
COLUMNS = {
    "image": "file",
    "x0": "left",
    "y0": "top",
    "x1": "right",
    "y1": "bottom",
    "reader": "who",
    "label": "what",
}

# format, file or folder, its settings, the image's size, the label
SQUARES = [
    ("coco", "coco/box.json", {}, SMALL, "nodule"),
    ("coco", "coco/polygon.json", {}, SMALL, "nodule"),
    ("coco", "coco/compressed.json", {}, SMALL, "nodule"),
    ("coco", "coco/uncompressed.json", {}, SMALL, "nodule"),
    ("coco", "coco/datumaro.json", {}, SMALL, "nodule"),
    ("voc", "voc-one", {}, SMALL, "nodule"),
    ("voc", "voc-zero", {"origin": "zero"}, SMALL, "nodule"),
    ("voc", "voc-datumaro", {"origin": "zero"}, SMALL, "nodule"),
    ("yolo", "yolo", {}, SMALL, "nodule"),
    ("yolo", "yolo-datumaro", {}, SMALL, "nodule"),
    ("yolo", "yolo-datumaro/obj_train_data", {}, SMALL, "nodule"),
    ("labelme", "labelme-rectangle", {}, SMALL, "nodule"),
    ("labelme", "labelme-polygon", {}, SMALL, "nodule"),
    ("labelme", "labelme-mask", {}, SMALL, "nodule"),
    ("label-studio", "label-studio/rectangle.json", {}, SMALL, "nodule"),
    ("label-studio", "label-studio/polygon.json", {}, SMALL, "nodule"),
    ("label-studio", "label-studio/brush.json", {}, SMALL, "nodule"),
    ("label-studio", "label-studio/turned.json", {}, SMALL, "nodule"),
    ("cvat", "cvat/box.xml", {}, SMALL, "nodule"),
    ("cvat", "cvat/polygon.xml", {}, SMALL, "nodule"),
    ("cvat", "cvat/mask.xml", {}, SMALL, "nodule"),
    ("cvat", "cvat/turned.xml", {}, SMALL, "nodule"),
    ("boxes", "boxes/marks.csv", {"columns": COLUMNS}, SMALL, "nodule"),
    ("rsna", "rsna/stage_2_train_labels.csv", {}, LARGE, "Lung Opacity"),
    ("nih", "nih/BBox_List_2017.csv", {}, LARGE, "Infiltration"),
    ("vindr", "vindr/train.csv", {}, SMALL, "Nodule/Mass"),
    ("siim", "siim/train-rle.csv", {}, LARGE, "Pneumothorax"),
    ("chexlocalize", "chexlocalize/gt_segmentations_test.json", {}, SMALL, "Lung Lesion"),
    ("lidc", "lidc/scan.xml", {}, SMALL, "nodule"),
    ("dicom-seg", "dicom-seg/binary.dcm", {}, SMALL, "nodule"),
    ("dicom-seg", "dicom-seg/fractional.dcm", {}, SMALL, "nodule"),
    ("rtstruct", "rtstruct/axial.dcm", {}, SMALL, "nodule"),
    ("rtstruct", "rtstruct/turned.dcm", {}, SMALL, "nodule"),
    ("rtstruct", "rtstruct/oblique.dcm", {}, SMALL, "nodule"),
    ("nifti", "nifti/a.nii.gz", {}, SMALL, "1"),
    ("masks", "masks", {}, SMALL, None),
]


def further_examples():
    """The examples of formats that are not listed: all that lies in the folder of the format's name, with the usual square."""
    for name in sorted(set(FORMAT_RECORDS) - {kind for kind, *_ in SQUARES}):
        whole = FORMAT_RECORDS[name].per_image
        for file in [FILES / name] if whole else sorted((FILES / name).iterdir()):
            yield name, file.relative_to(FILES).as_posix(), {}, SMALL, "nodule"


WITHOUT_SIZE = {"yolo", "boxes", "vindr", "lidc", "rtstruct"}
"""Formats whose files do not say how large the image is; others that are not listed here need not either."""
WITHOUT_SIZE |= set(FORMAT_RECORDS) - {kind for kind, *_ in SQUARES}
SQUARES += further_examples()
NAMES = [file for _, file, *_ in SQUARES]
VOTES = {
    "boxes/marks.csv": [("b", "dr-a")],
    "rsna/stage_2_train_labels.csv": [("b", "reader-1")],
    "vindr/train.csv": [("b", "R9")],
    "siim/train-rle.csv": [("b", "reader-1")],
    "lidc/scan.xml": [("a", "reader-2")],
    "dicom-seg/binary.dcm": [("b", "reader-1")],
    "dicom-seg/fractional.dcm": [("b", "reader-1")],
}
OF_A_VOLUME = ("lidc", "dicom-seg", "rtstruct")
"""Formats that mark a whole volume, of which the data may hold some slices only: what lies on others is passed over."""
READERS = {"boxes/marks.csv": "dr-a", "vindr/train.csv": "R9", "cvat/turned.xml": "dr-a"}


PLANES = {
    "nifti/a.nii.gz": Plane((0, 0, 0), (1, 0, 0), (0, 1, 0), (0.7, 0.8)),
    "rtstruct/axial.dcm": Plane((-20.25, 11.5, 30), (1, 0, 0), (0, 1, 0), (0.75, 0.75)),
    "rtstruct/turned.dcm": Plane((12.5, -20.25, 33.5), (0, 1, 0), (0, 0, -1), (0.75, 0.75)),
    "rtstruct/oblique.dcm": Plane((-20.25, 11.5, 30), (0.8, 0.6, 0), (-0.36, 0.48, -0.8), (0.7, 0.8)),
}
"""Where the slices lie on which these were drawn."""


def index(frame, file=""):
    images = {"a.png": "a", "b.png": "b", "patient1/study1/view1_frontal.jpg": "p"}
    return ImageIndex(
        images,
        dict.fromkeys(("a", "b", "p"), frame),
        {UID: "a", UID[:-1] + "4": "b"},
        planes={"a": PLANES[file]} if file in PLANES else {},
    )


def section(file, **settings):
    return AnnotationSection(path=FILES / file, **settings)


def square(frame):
    mask = np.zeros(frame, dtype=bool)
    mask[5:17, 10:20] = True
    return mask


@pytest.mark.parametrize(("kind", "file", "settings", "frame", "label"), SQUARES, ids=NAMES)
def test_the_square_comes_out_at_exactly_its_pixels(kind, file, settings, frame, label):
    found, problems, _ = read_annotations(section(file, **settings), index(frame, file), merge={})
    drawn = [mark for mark in found if mark.region is not None]
    assert len(drawn) == 1
    assert np.array_equal(rasterise(drawn[0].region, frame), square(frame))
    case = "p" if kind == "chexlocalize" else "a"
    # Label Studio names its annotators by their number.
    reader = READERS.get(file, "1" if kind == "label-studio" else "reader-1")
    assert (drawn[0].case_id, drawn[0].reader_id, drawn[0].label) == (case, reader, label)
    assert [(mark.case_id, mark.reader_id) for mark in found if mark.region is None] == VOTES.get(file, [])
    assert problems == ()


@pytest.mark.parametrize(
    ("kind", "file", "settings", "frame"),
    [one[:4] for one in SQUARES if one[0] not in OF_A_VOLUME],
    ids=[one[1] for one in SQUARES if one[0] not in OF_A_VOLUME],
)
def test_what_plug_ins_are_held_to_holds_for_our_own(kind, file, settings, frame):
    read_as = section(file, **settings)
    found = check_marks(
        lambda path, marks: collect_marks(kind, path, marks, read_as),
        FILES / file,
        index(frame, file),
        by=kind,
    )
    assert len(found) == 1 + len(VOTES.get(file, []))


@pytest.mark.parametrize(("kind", "file", "settings", "frame", "label"), SQUARES, ids=NAMES)
def test_the_format_is_told_by_the_content_whatever_the_file_is_called(
    kind, file, settings, frame, label, tmp_path
):
    path = FILES / file
    if path.is_dir():
        survey = survey_folder(path, section(file, **settings), MarkList(index(frame, file)))
        assert list(survey.sets) == [kind]
    else:
        assert format_of_file(path, section(file, **settings)) == kind
        renamed = tmp_path / ("marks.nii.gz" if kind == "nifti" else "marks.data")
        renamed.write_bytes(path.read_bytes())
        assert format_of_file(renamed, section(file, **settings)) == kind


@pytest.mark.parametrize(
    ("file", "origin"), [("voc-one", "zero"), ("voc-zero", "one"), ("voc-datumaro", "one")]
)
def test_a_wrong_origin_gives_other_pixels(file, origin):
    found, *_ = read_annotations(section(file, origin=origin), index(SMALL), merge={})
    assert not np.array_equal(rasterise(found[0].region, SMALL), square(SMALL))


def test_every_format_has_its_square_and_its_row_in_the_catalog():
    assert {kind for kind, *_ in SQUARES} == set(FORMAT_RECORDS)
    assert set(FORMAT_RECORDS) <= {row.id for row in FORMATS}
    names = get_args(AnnotationFormatName)
    assert Counter(names) == Counter(["auto", *FORMAT_RECORDS])


@pytest.mark.parametrize(
    ("kind", "file", "settings", "frame", "label"),
    [one for one in SQUARES if one[0] not in WITHOUT_SIZE],
    ids=[one[1] for one in SQUARES if one[0] not in WITHOUT_SIZE],
)
def test_an_image_of_another_size_is_not_guessed_at(kind, file, settings, frame, label):
    height, width = frame
    with pytest.raises(DataError, match=r"drawn on|a mask of"):
        read_annotations(section(file, **settings), index((height + 1, width), file), merge={})


def test_a_folder_with_two_kinds_is_refused(tmp_path):
    (tmp_path / "a.xml").write_bytes((FILES / "voc-one/a.xml").read_bytes())
    (tmp_path / "a.json").write_bytes((FILES / "labelme-mask/a.json").read_bytes())
    with refused(
        f"{tmp_path.name}: holds several kinds of annotations: reader-1 marks the image a in Pascal VOC (a.xml) "
        "and in LabelMe (a.json)",
        "give one of them, put each reader's files into a folder of the reader's name, or set data.annotations.format",
    ):
        read_annotations(AnnotationSection(path=tmp_path), index(SMALL), merge={})


def test_marks_beside_their_images_are_found(tmp_path):
    Image.new("L", (60, 40)).save(tmp_path / "a.png")
    (tmp_path / "a.json").write_bytes((FILES / "labelme-mask/a.json").read_bytes())
    (mark,), *_ = read_annotations(AnnotationSection(path=tmp_path), index(SMALL), merge={})
    assert np.array_equal(rasterise(mark.region, SMALL), square(SMALL))


def test_a_folder_with_one_file_of_all_images_means_that_file(tmp_path):
    (tmp_path / "annotations.xml").write_bytes((FILES / "cvat/box.xml").read_bytes())
    found, *_ = read_annotations(AnnotationSection(path=tmp_path), index(SMALL), merge={})
    assert len(found) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\1\2",
        b"hello",
        b"{}",
        b"[]",
        b"[1]",
        b"<html/>",
        b"<!-- <annotation> --><x/>",
        b"a,b\n1,2\n",
        b"1 2\n",
    ],
)
def test_unknown_content_is_refused_and_says_what_was_tried(tmp_path, content):
    file = tmp_path / "marks.bin"
    file.write_bytes(content)
    tried = ", ".join(record.name for record in FORMAT_RECORDS.values())
    with pytest.raises(DataError) as caught:
        format_of_file(file, AnnotationSection(path=file))
    assert str(caught.value) == f"marks.bin: its content is none of the known annotations; tried {tried}"


def test_only_wanted_labels_count_and_who_marked_others_found_none_of_them(tmp_path):
    file = tmp_path / "train.csv"
    file.write_text(
        "image_id,class_name,rad_id,x_min,y_min,x_max,y_max\n"
        "a,Nodule,R1,1,1,3,3\na,Edema,R1,1,1,9,9\na,Edema,R2,1,1,9,9\nb,No finding,R2,,,,\n"
    )
    wanted = AnnotationSection(path=file, labels=("nodule",), rename={"Nodule": "nodule"})
    found, *_ = read_annotations(wanted, index(SMALL), merge={})
    assert [(m.case_id, m.reader_id, m.label) for m in found] == [
        ("a", "R1", "nodule"),
        ("a", "R2", None),
        ("b", "R2", None),
    ]
    with refused(
        "data.annotations.labels: train.csv marks nothing as 'Nodul'",
        "did you mean 'Nodule'? its labels are 'Edema', 'Nodule'",
    ):
        read_annotations(AnnotationSection(path=file, labels=("Nodul",)), index(SMALL), merge={})


def test_all_faults_of_a_file_are_gathered_at_once(tmp_path):
    file = tmp_path / "train.csv"
    file.write_text(
        "image_id,class_name,rad_id,x_min,y_min,x_max,y_max\n"
        "a,Nodule,R1,1,1,3,3\nz,Nodule,R1,1,1,3,3\na,Nodule,R1,1,x,3,3\na,Nodule,R1,3,1,3,3\na,Nodule,R1,5,1,61,3\n"
        "a,No finding,R1,,,,\n"
    )
    faults = []
    found, *_ = read_annotations(AnnotationSection(path=file), index(SMALL), merge={}, faults=faults)
    assert len(found) == 1
    assert [str(fault).partition(" (")[0].rpartition(": ")[2] for fault in faults] == [
        "no image of the data is called 'z'",
        "y0 holds 'x'",
        "the box from",
        "the box from",
        "R1 found nothing on a, but also marked something there",
    ]


TABLE = "image_id,class_name,rad_id,x_min,y_min,x_max,y_max\na,Nodule,R1,1,1,3,3\n"


def test_annotations_of_other_images_are_passed_over_where_that_is_asked_for(tmp_path):
    file = tmp_path / "train.csv"
    file.write_text(TABLE + "y,Nodule,R1,1,1,3,3\nz,No finding,R1,,,,\nz,No finding,R2,,,,\n")
    wanted = AnnotationSection(path=file, extra_images="ignore")
    found, problems, notes = read_annotations(wanted, index(SMALL), merge={})
    assert [mark.case_id for mark in found] == ["a"]
    assert (problems, notes) == ((), ("train.csv annotates 2 images that the data does not hold",))
    file.write_text(TABLE.replace("a,Nodule", "z,Nodule"))
    with refused(
        "train.csv: every one of its 1 images is one that the data does not hold",
        "give the images that were annotated",
    ):
        read_annotations(wanted, index(SMALL), merge={})


@pytest.mark.parametrize(
    ("kind", "file", "settings", "frame", "label"),
    [one for one in SQUARES if one[0] not in ("lidc", "dicom-seg", "rtstruct")],
    ids=[one[1] for one in SQUARES if one[0] not in ("lidc", "dicom-seg", "rtstruct")],
)
def test_every_format_can_pass_over_other_images(kind, file, settings, frame, label):
    elsewhere = ImageIndex({"q.png": "q"}, {"q": frame})
    wanted = section(file, extra_images="ignore", **settings)
    with pytest.raises(DataError, match="every one of its"):
        read_annotations(wanted, elsewhere, merge={})
    with pytest.raises(DataError, match="no image of the data is called"):
        read_annotations(section(file, **settings), elsewhere, merge={})


def test_an_image_is_known_by_its_dicom_instance_and_an_unknown_one_is_cut_short(tmp_path):
    file = tmp_path / "train-rle.csv"
    file.write_text(f"ImageId, EncodedPixels\n{UID}, -1\n")
    found, *_ = read_annotations(AnnotationSection(path=file), index(LARGE), merge={})
    assert found == (Annotation("a", "reader-1", None),)
    file.write_text(f"ImageId, EncodedPixels\n{UID}.77777777, -1\n")
    with pytest.raises(DataError) as caught:
        read_annotations(AnnotationSection(path=file), index(LARGE), merge={})
    assert str(caught.value) == (
        "train-rle.csv: line 2: no image has the name or the DICOM instance UID …77777777"
    )


def test_the_nearest_of_many_names_is_found_without_comparing_all(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("image,x0,y0,x1,y1\nscan-00x7.png,1,1,2,2\n")
    paths = {f"{number % 7}/scan-{number:04d}.png": f"c{number}" for number in range(1000)}
    with pytest.raises(DataError) as caught:
        read_annotations(AnnotationSection(path=file), ImageIndex(paths, {}), merge={})
    assert caught.value.hint.startswith("did you mean '")


def test_two_hundred_faults_are_enough(tmp_path):
    file = tmp_path / "train.csv"
    file.write_text(TABLE + "a,Nodule,R1,1,1,x,3\n" * 300)
    faults = []
    with pytest.raises(DataError, match="and more than 200 faults in all"):
        read_annotations(AnnotationSection(path=file), index(SMALL), merge={}, faults=faults)
    assert len(faults) == 200


# LabelMe


def labelme(tmp_path, shapes, name="a.json", **more):
    file = tmp_path / "marks" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"shapes": shapes, "imagePath": "a.png", **more}))
    return read_annotations(AnnotationSection(path=tmp_path / "marks"), index(SMALL), merge={})[0]


def test_a_circle_holds_the_pixels_whose_centres_it_holds(tmp_path):
    # Radius 1 around the corner of four pixels: their centres are .71 away, the next ones 1.58.
    circle = {"label": "x", "shape_type": "circle", "points": [[10, 10], [11, 10]]}
    (mark,) = labelme(tmp_path, [circle])
    assert np.argwhere(rasterise(mark.region, SMALL)).tolist() == [[9, 9], [9, 10], [10, 9], [10, 10]]


def test_a_labelme_file_without_shapes_is_a_vote_and_a_folder_is_a_reader(tmp_path):
    assert labelme(tmp_path, [], name="dr-a/a.json") == (Annotation("a", "dr-a", None),)


def test_a_labelme_file_of_another_name_belongs_to_its_image_path(tmp_path):
    assert labelme(tmp_path, [], name="x.json", imagePath="..\\images\\b.png") == (
        Annotation("b", "reader-1", None),
    )


def test_a_labelme_file_called_like_another_image_than_its_path_is_refused(tmp_path):
    with refused(
        "a.json: is called like the image a, and its imagePath is that of b",
        "rename the file, or mend imagePath",
    ):
        labelme(tmp_path, [], imagePath="b.png")


@pytest.mark.parametrize("kind", ["point", "line", "linestrip"])
def test_shapes_without_area_are_refused(tmp_path, kind):
    with refused(
        f"a.json: shapes[0]: a shape of the type '{kind}' has no area",
        "draw a rectangle, polygon, circle or mask, or take it out",
    ):
        labelme(tmp_path, [{"label": "x", "shape_type": kind, "points": [[1, 1], [2, 2]]}])


# Label Studio


def label_studio(tmp_path, *annotations, image="/data/upload/1/0a1b2c3d-a.png", **more):
    file = tmp_path / "export.json"
    file.write_text(
        json.dumps([{"id": 1, "data": {"image": image}, "annotations": list(annotations), **more}])
    )
    return read_annotations(AnnotationSection(path=file), index(SMALL), merge={})[0]


def rectangle(**more):
    value = {"x": 25, "y": 25, "width": 50, "height": 50, "rotation": 0, "rectanglelabels": ["nodule"]}
    return {"type": "rectanglelabels", "original_width": 60, "original_height": 40, "value": value, **more}


def test_several_annotators_are_readers_and_one_who_drew_nothing_votes(tmp_path):
    found = label_studio(
        tmp_path,
        {"completed_by": {"id": 3, "email": "b@x.org"}, "result": []},
        {"completed_by": 1, "result": [rectangle()]},
        {"completed_by": 2, "was_cancelled": True, "result": [rectangle()]},
    )
    assert [(mark.reader_id, mark.region is None) for mark in found] == [("1", False), ("b@x.org", True)]
    # A quarter to three quarters of 60 and of 40.
    assert np.argwhere(rasterise(found[0].region, SMALL))[[0, -1]].tolist() == [[10, 15], [29, 44]]


@pytest.mark.parametrize(
    "image",
    ["a.png", "s3://bucket/x/a.png", "/data/local-files/?d=set/a.png", "https://h/a.png?X=1", "b%2Fa.png"],
)
def test_the_image_is_found_in_an_address(tmp_path, image):
    assert label_studio(tmp_path, {"result": [rectangle()]}, image=image)[0].case_id == "a"


def test_a_turned_image_and_another_size_are_refused(tmp_path):
    with pytest.raises(DataError, match="drawn on a turned image"):
        label_studio(tmp_path, {"result": [rectangle(image_rotation=90)]})
    with pytest.raises(DataError, match=r"drawn on 61 × 40 pixels, but the image a has 60 × 40"):
        label_studio(tmp_path, {"result": [rectangle(original_width=61)]})


def test_an_ellipse_is_turned_around_its_middle(tmp_path):
    # Radii of 12 and 2 pixels, turned by 90 degrees: tall and narrow around (30, 20).
    value = {"x": 50, "y": 50, "radiusX": 20, "radiusY": 5, "rotation": 90, "ellipselabels": ["n"]}
    (mark,) = label_studio(tmp_path, {"result": [rectangle(type="ellipselabels", value=value)]})
    rows, columns = np.nonzero(rasterise(mark.region, SMALL))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (8, 31, 28, 31)


def test_the_short_export_is_refused_by_name(tmp_path):
    file = tmp_path / "min.json"
    file.write_text(json.dumps([{"image": "a.png", "annotation_id": 1, "annotator": 1, "label": []}]))
    with pytest.raises(DataError, match="Label Studio's JSON-MIN"):
        read_annotations(AnnotationSection(path=file), index(SMALL), merge={})


# CVAT


def test_a_tag_is_a_vote_and_an_image_without_shapes_says_nothing(tmp_path):
    file = tmp_path / "annotations.xml"
    file.write_text(
        '<annotations><image name="a.png" width="60" height="40"><tag label="No finding"/></image>'
        '<image name="b.png" width="60" height="40"/></annotations>'
    )
    found, *_ = read_annotations(AnnotationSection(path=file), index(SMALL), merge={})
    assert found == (Annotation("a", "reader-1", None),)


# YOLO


def yolo(tmp_path, **files):
    for name, text in files.items():
        file = tmp_path / "labels" / f"{name.replace('__', '/')}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return read_annotations(AnnotationSection(path=tmp_path / "labels"), index(SMALL), merge={})[0]


def test_yolo_outlines_votes_and_readers(tmp_path):
    found = yolo(tmp_path, a="2 0.1 0.1 0.5 0.1 0.5 0.5\n", dr__b="", train__b="")
    assert found == (
        Annotation("a", "reader-1", Polygon(((6, 4), (30, 4), (30, 20))), "2"),
        Annotation("b", "dr", None),
        Annotation("b", "reader-1", None),
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0 .5 .5 .1 .1 .9", "a.txt: line 1: five numbers after the class: the fifth is a confidence"),
        ("0 30 20 5 5", "a.txt: line 1: 30 is no share of the image"),
        ("0 .5 .5 .1", "a.txt: line 1: 3 numbers after the class"),
        ("0 nan .5 .1 .1", "a.txt: line 1: it holds 'nan'"),
        ("x .5 .5 .1 .1", "a.txt: line 1: the class is 'x'"),
    ],
)
def test_yolo_lines_that_mean_something_else_are_refused(tmp_path, line, message):
    (tmp_path / "a.txt").write_text(line)
    with pytest.raises(DataError) as caught:
        read_annotations(AnnotationSection(path=tmp_path, format="yolo"), index(SMALL), merge={})
    assert str(caught.value) == message


# LIDC


def test_a_hole_is_taken_out_and_a_single_point_is_left_out(tmp_path):
    def roi(x0, y0, x1, y1, inclusion):
        points = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)] if x1 > x0 else [(x0, y0)]
        edge = "".join(f"<edgeMap><xCoord>{x}</xCoord><yCoord>{y}</yCoord></edgeMap>" for x, y in points)
        return f"<roi><imageSOP_UID>{UID}</imageSOP_UID><inclusion>{inclusion}</inclusion>{edge}</roi>"

    def nodule(*rois):
        return f"<unblindedReadNodule>{''.join(rois)}</unblindedReadNodule>"

    file = tmp_path / "scan.xml"
    first = nodule(roi(9, 4, 20, 17, "TRUE"), roi(11, 7, 14, 10, "FALSE")) + nodule(
        roi(30, 30, 30, 30, "TRUE")
    )
    sessions = [first, nodule(roi(40, 20, 40, 20, "TRUE")), ""]
    text = "".join(f"<readingSession>{session}</readingSession>" for session in sessions)
    file.write_text(f"<LidcReadMessage>{text}</LidcReadMessage>")
    (mark, vote), *_ = read_annotations(AnnotationSection(path=file), index(SMALL), merge={})
    expected = square(SMALL)
    # The second reader saw something too small to outline there, which is not nothing; the third saw nothing.
    assert vote == Annotation("a", "reader-3", None)
    expected[8:10, 12:14] = False  # strictly within the hole's outline from (11, 7) to (14, 10)
    assert np.array_equal(rasterise(mark.region, SMALL), expected)


# Masks


def test_a_mask_by_two_readers_in_sub_folders(tmp_path):
    for reader, inside in (("dr-a", 1), ("dr-b", 0)):
        (tmp_path / reader).mkdir()
        Image.fromarray((square(SMALL) * inside).astype(np.uint8)).save(tmp_path / reader / "a.png")
    found, *_ = read_annotations(AnnotationSection(path=tmp_path), index(SMALL), merge={})
    assert [(mark.reader_id, mark.region is None) for mark in found] == [("dr-a", False), ("dr-b", True)]


# Tables


def test_a_table_counted_from_one_includes_its_last_pixel(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("image,x0,y0,x1,y1\na,11,6,20,17\n")
    (mark,), *_ = read_annotations(AnnotationSection(path=file, origin="one"), index(SMALL), merge={})
    assert np.array_equal(rasterise(mark.region, SMALL), square(SMALL))


def test_nothing_outside_the_data_is_named_by_an_annotation(tmp_path):
    (tmp_path / "secret.png").write_bytes(b"x")
    file = tmp_path / "data" / "t.csv"
    file.parent.mkdir()
    file.write_text("image,x0,y0,x1,y1\n../secret.png,1,1,2,2\n")
    with pytest.raises(DataError, match=r"no image of the data is called '\.\./secret\.png'"):
        read_annotations(AnnotationSection(path=file), index(SMALL), merge={})


@pytest.mark.parametrize("word", ["nan", "N/A", "None", "null", "-"])
@pytest.mark.parametrize(
    ("kind", "header", "row"),
    [
        ("boxes", "image,x0,y0,x1,y1,label,reader", "{image},1,1,5,5,{label},{reader}"),
        ("vindr", "image_id,x_min,y_min,x_max,y_max,class_name,rad_id", "{image},1,1,5,5,{label},{reader}"),
    ],
)
def test_words_for_nothing_are_empty_cells_in_tables_of_marks(tmp_path, kind, header, row, word):
    file = tmp_path / "marks.csv"

    def read(*rows):
        file.write_text("\n".join([header, *(row.format(**one) for one in rows)]) + "\n")
        return read_annotations(AnnotationSection(path=file, format=kind), index(SMALL), merge={})[0]

    (mark,) = read({"image": "a.png", "label": word, "reader": word})
    assert (mark.reader_id, mark.label) == ("reader-1", None)
    named = {"image": "a.png", "label": "x", "reader": "dr-a"}
    with pytest.raises(DataError, match=r"line 3: (reader|rad_id) is empty, while line 2 has one"):
        read(named, named | {"reader": word})
    votes = row.replace("1,1,5,5", ",".join([word] * 4))
    file.write_text(f"{header}\n{votes.format(image='b.png', label='No finding', reader='dr-a')}\n")
    (vote,) = read_annotations(AnnotationSection(path=file, format=kind), index(SMALL), merge={})[0]
    assert (vote.case_id, vote.reader_id, vote.region) == ("b", "dr-a", None)


def test_nih_as_it_is_published_has_nine_cells_in_its_header_and_six_in_a_row(tmp_path):
    file = tmp_path / "BBox_List_2017.csv"
    file.write_text("Image Index,Finding Label,Bbox [x,y,w,h],,,\na.png,Infiltrate,10,10,20,20\n")
    (mark,), _, _ = read_annotations(AnnotationSection(path=file), index(LARGE), merge={})
    assert (mark.label, mark.region) == ("Infiltration", Box(10, 10, 30, 30))


def test_coco_readers_that_stand_for_nobody_and_categories_without_a_name(tmp_path):
    content = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "categories": [{"id": 7, "name": None}],
        "annotations": [{"image_id": 1, "bbox": [1, 1, 4, 4], "category_id": 7, "reader_id": "nan"}],
    }
    (tmp_path / "marks.json").write_text(json.dumps(content))
    section_ = AnnotationSection(path=tmp_path / "marks.json")
    (mark,), _, _ = read_annotations(section_, index(SMALL), merge={})
    assert (mark.reader_id, mark.label) == ("reader-1", "7")


def test_a_labelme_shape_without_a_type_is_a_polygon(tmp_path):
    shape = {"label": "x", "points": [[1, 1], [5, 1], [5, 5]], "shape_type": None}
    (tmp_path / "a.json").write_text(json.dumps({"shapes": [shape]}))
    section_ = AnnotationSection(path=tmp_path, format="labelme")
    (mark,), _, _ = read_annotations(section_, index(SMALL), merge={})
    assert mark.region == Polygon(((1.0, 1.0), (5.0, 1.0), (5.0, 5.0)))
