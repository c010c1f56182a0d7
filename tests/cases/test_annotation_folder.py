"""Folders of annotations: every file is read, refused by name, or passed over with a reason."""

import itertools
import json

import numpy as np
import pytest
from case_files import refused
from PIL import Image
from test_annotation_formats import FILES, index

from xaudit.cases.images.image_file import sha256
from xaudit.cases.marks.annotation_files import read_annotations
from xaudit.cases.marks.annotation_folder import survey_as_named
from xaudit.cases.marks.mark_list import MarkList
from xaudit.cases.names.image_index import ImageIndex
from xaudit.catalog.plugin_records import FormatPlugin
from xaudit.catalog.rows import FormatRow
from xaudit.config import AnnotationSection
from xaudit.errors import DataError
from xaudit.geometry import rasterise

SMALL, LARGE = (40, 60), (1024, 1024)
MANY = {
    # format: file's suffix, its text with a box or mask on {image}, the images' size
    "coco": (
        ".json",
        '{{"images": [{{"id": 1, "file_name": "{image}.png"}}],'
        ' "annotations": [{{"id": 1, "image_id": 1, "bbox": [{x}, 1, 5, 5]}}]}}',
        SMALL,
    ),
    "label-studio": (
        ".json",
        '[{{"data": {{"image": "/data/upload/1/0a1b2c3d-{image}.png"}}, "annotations": [{{"result": [{{"type":'
        ' "rectanglelabels", "original_width": 60, "original_height": 40, "value": {{"x": {x}, "y": 25, "width": 50,'
        ' "height": 50, "rectanglelabels": ["n"]}}}}]}}]}}]',
        SMALL,
    ),
    "cvat": (
        ".xml",
        '<annotations><image name="{image}.png"><box label="n" xtl="{x}" ytl="1" xbr="9" ybr="6"/></image></annotations>',
        SMALL,
    ),
    "chexlocalize": (
        ".json",
        '{{"{image}": {{"Edema": {{"size": [2, 2], "counts": "{runs}"}}}}}}',
        (2, 2),
    ),
    "boxes": (".csv", "image,x0,y0,x1,y1\n{image},{x},1,9,6\n", SMALL),
    "vindr": (".csv", "image_id,class_name,x_min,y_min,x_max,y_max\n{image},Nodule,{x},1,9,6\n", SMALL),
    "rsna": (".csv", "patientId,x,y,width,height,Target\n{image},{x},1,9,6,1\n", LARGE),
    "nih": (".csv", "Image Index,Finding Label,Bbox [x,y,w,h],,,\n{image},Mass,{x},1,9,6,,,\n", LARGE),
    "siim": (".csv", "ImageId,EncodedPixels\n{image},{x} 4\n", LARGE),
}
"""Formats that hold many images in one file."""

RUNS = {1: "112", 2: "211"}
"""One pixel of 2 × 2, the second or the third down the columns."""

PER_READER = {
    # format: files of one reader's folder, of the square on image a
    "masks": ("masks/a.png",),
    "labelme": ("labelme-mask/a.json",),
    "yolo": ("yolo/a.txt", "yolo/classes.txt"),
    "voc": ("voc-one/a.xml",),
    "coco": ("coco/box.json",),
    "cvat": ("cvat/box.xml",),
    "dicom-seg": ("dicom-seg/binary.dcm",),
    "nifti": ("nifti/a.nii.gz",),
}


def read(folder, images=None, reading=None, faults=None, **settings):
    return read_annotations(
        AnnotationSection(path=folder, **settings),
        images or index(SMALL),
        merge={},
        reading=reading,
        faults=faults,
    )


def texts(folder, **files):
    for name, text in files.items():
        file = folder / name.replace("__", "/").replace("_DOT_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def held(folder, *files):
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        (folder / file.rpartition("/")[2]).write_bytes((FILES / file).read_bytes())


def many(kind, image, x=1):
    suffix, text, _ = MANY[kind]
    return suffix, text.format(image=image, x=x, runs=RUNS[x])


@pytest.mark.parametrize("kind", MANY)
@pytest.mark.parametrize("nested", [False, True])
def test_several_files_of_many_images_are_all_read(tmp_path, kind, nested):
    for number, image in enumerate("ab"):
        suffix, text = many(kind, image)
        texts(tmp_path, **{f"{'train__' if nested and number else ''}{number}_DOT_{suffix[1:]}": text})
    reading = []
    found, problems, notes = read(tmp_path, index(MANY[kind][2]), reading)
    assert [(mark.case_id, mark.reader_id) for mark in found if mark.region] == [
        ("a", "reader-1"),
        ("b", "reader-1"),
    ]
    assert (problems, notes) == ((), ())
    assert (reading[0].n_files, reading[0].passed_over) == (2, {})
    (part,) = reading[0].parts
    assert (part.reader, part.n_images, part.n_marks, part.n_nothing) == ("reader-1", 2, 2, 0)


@pytest.mark.parametrize("kind", MANY)
def test_a_folder_names_the_reader_of_a_file_that_names_none(tmp_path, kind):
    for reader in ("dr-a", "dr-b"):
        suffix, text = many(kind, "a", 1 if reader == "dr-a" else 2)
        texts(tmp_path, **{f"{reader}__marks_DOT_{suffix[1:]}": text})
    found, _, notes = read(tmp_path, index(MANY[kind][2]))
    assert [(mark.case_id, mark.reader_id) for mark in found] == [("a", "dr-a"), ("a", "dr-b")]
    assert notes == ()


def test_a_folder_that_images_lie_in_names_no_reader(tmp_path):
    images = ImageIndex({f"{p}/s.png": f"{p}/s" for p in ("p1", "p2")}, {"p1/s": SMALL, "p2/s": SMALL})
    for patient in ("p1", "p2"):
        texts(tmp_path, **{f"{patient}__coco_DOT_json": many("coco", f"{patient}/s")[1]})
    assert [(mark.case_id, mark.reader_id) for mark in read(tmp_path, images)[0]] == [
        ("p1/s", "reader-1"),
        ("p2/s", "reader-1"),
    ]


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(PER_READER, 2)))
def test_readers_folders_of_two_formats_are_joined(tmp_path, one, other):
    held(tmp_path / "dr-a", *PER_READER[one])
    held(tmp_path / "dr-b", *PER_READER[other])
    reading = []
    found, *_ = read(tmp_path, reading=reading)
    drawn = {mark.reader_id: rasterise(mark.region, SMALL) for mark in found if mark.region is not None}
    assert set(drawn) == {"dr-a", "dr-b"}
    assert all(mask.sum() == 120 for mask in drawn.values())
    assert reading[0].n_files == 2
    assert sum(map(len, reading[0].passed_over.values())) == ("yolo" in (one, other))


def test_a_mixture_is_noticed_at_the_last_of_many_files(tmp_path):
    paths = {f"s{n:03d}.png": f"s{n:03d}" for n in range(70)}
    images = ImageIndex(paths, dict.fromkeys(paths.values(), SMALL))
    for n in range(69):
        texts(tmp_path, **{f"s{n:03d}_DOT_txt": "0 .5 .5 .5 .5\n"})
    texts(tmp_path, s069_DOT_json=json.dumps({"shapes": [], "imagePath": "s069.png"}))
    reading = []
    found, *_ = read(tmp_path, images, reading)
    assert len(found) == 70
    assert found[-1].region is None
    assert [(part.format_name, len(part.files)) for part in reading[0].parts] == [
        ("LabelMe", 1),
        ("YOLO", 69),
    ]


def test_one_reader_in_two_formats_is_refused_with_both_files_and_the_reader(tmp_path):
    held(tmp_path / "dr-a", "masks/a.png", "labelme-mask/a.json")
    with refused(
        f"{tmp_path.name}: holds several kinds of annotations: dr-a marks the image a in LabelMe (dr-a/a.json) and in "
        "mask PNGs (dr-a/a.png)",
        "give one of them, put each reader's files into a folder of the reader's name, or set data.annotations.format",
    ):
        read(tmp_path)


def test_one_reader_in_two_files_of_a_format_of_one_file_per_image_is_refused(tmp_path):
    texts(tmp_path, train__a_DOT_txt="0 .5 .5 .5 .5\n", val__a_DOT_txt="0 .5 .5 .2 .2\n")
    with pytest.raises(DataError, match=r"val/a.txt: reader-1 has marks of a in 'train/a' too"):
        read(tmp_path)


def test_a_copy_byte_for_byte_is_passed_over_and_said(tmp_path):
    text = many("coco", "a")[1]
    texts(tmp_path, one_DOT_json=text, two_DOT_json=text)
    reading = []
    found, _, notes = read(tmp_path, reading=reading)
    assert len(found) == 1
    assert notes == ("annotations: copies of other files, byte for byte, that were passed over: 1",)
    assert reading[0].passed_over == {"a copy of one.json, byte for byte": ["two.json"]}


def test_a_file_of_other_images_only_is_named(tmp_path):
    texts(tmp_path, one_DOT_json=many("coco", "a")[1], two_DOT_json=many("coco", "z")[1])
    reading = []
    found, *_ = read(tmp_path, reading=reading, extra_images="ignore")
    assert len(found) == 1
    assert reading[0].passed_over == {"read, and it says nothing of an image of the data": ["two.json"]}


def test_a_mark_in_two_files_counts_once_and_others_are_joined(tmp_path):
    first = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "annotations": [{"image_id": 1, "bbox": [1, 1, 5, 5]}],
    }
    second = {**first, "annotations": [*first["annotations"], {"image_id": 1, "bbox": [9, 9, 2, 2]}]}
    texts(tmp_path, one_DOT_json=json.dumps(first), two_DOT_json=json.dumps(second))
    found, _, notes = read(tmp_path)
    assert len(found) == 2
    assert notes == (
        "annotations: images on which the marks of one reader were joined from several files: 1",
        "annotations: marks that are given again, exactly as before, and count once: 1",
    )


def test_a_vote_in_one_file_against_a_mark_in_another_is_refused(tmp_path):
    second = {
        "images": [{"id": 7, "file_name": "a.png"}],
        "annotations": [],
        "votes": [{"image_id": 7, "finding": False}],
    }
    texts(tmp_path, one_DOT_json=many("coco", "a")[1], two_DOT_json=json.dumps(second))
    with pytest.raises(
        DataError, match=r"two.json: votes\[0\]: reader-1 found nothing on a, but also marked"
    ):
        read(tmp_path)


DAMAGED = {
    "cut.json": ('{"images": [', "cut.json: line 1: not JSON"),
    "empty.json": ("", "empty.json: is an empty file, and no JSON as its name says"),
    "coco.json": (
        '{"images": [], "categories": []}',
        "coco.json: looks like COCO and has no list 'annotations'",
    ),
    "marks.json": ('{"annotations": [], "info": {}}', "marks.json: looks like COCO and has no list 'images'"),
    "labelme.json": (
        '{"shapes": null, "imagePath": "b.png"}',
        "labelme.json: looks like LabelMe and has no list",
    ),
    "tasks.json": (
        '[{"data": {"image": "b"}, "predictions": []}]',
        "tasks.json: looks like Label Studio and has",
    ),
    "results.json": (
        '[{"image_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}]',
        "results.json: holds COCO results",
    ),
    "b.xml": ("<annotation><object>", "b.xml: line 1, column 20: not XML"),
    "text.xml": ("nothing", "text.xml: is a text in no known format, and no XML as its name says"),
    "boxes.csv": (
        "image,x0,y0,x1\nb,1,2,3\n",
        "boxes.csv: looks like a table of marks, and has no column 'y1'",
    ),
    "rle.csv": (
        "id,EncodedPixels\nb,1 2\n",
        "rle.csv: looks like a table of marks, and has no column 'imageid'",
    ),
    "own.csv": (
        "file,left,top,right,bottom\na,1,1,2,2\n",
        "own.csv: looks like a table of marks, and has no column",
    ),
    "b.txt": ("0 .5 .5 .5\n", "b.txt: line 1: 3 numbers after the class"),
    "some.txt": ("0 .5 .5 .5 .5\nx\n", "some.txt: no image of the data is called 'some'"),
    "b.npy": (
        "\0\1\2",
        "b.npy: is called like an image of the data and is a file of bytes in no known format",
    ),
    "seg.dcm": ("nothing", "seg.dcm: is a text in no known format, and no DICOM as its name says"),
    "b.nii.gz": ("nothing", "b.nii.gz: the mask"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_among_others_is_an_error(tmp_path, name):
    held(tmp_path, "labelme-mask/a.json")
    (tmp_path / name).write_text(DAMAGED[name][0])
    with pytest.raises(DataError) as caught:
        read(tmp_path)
    assert str(caught.value).startswith(DAMAGED[name][1])
    assert caught.value.hint


def test_every_file_that_holds_no_marks_is_passed_over_with_its_reason(tmp_path):
    held(tmp_path, "voc-one/a.xml")
    texts(
        tmp_path,
        README_DOT_md="about",
        classes_DOT_txt="nodule\n",
        licence_DOT_txt="free\n",
        labels_DOT_csv="image,label\na.png,cancer\n",
        info_DOT_json='{"version": 1}',
    )
    picture = np.random.default_rng(0).integers(0, 256, SMALL).astype(np.uint8)
    Image.fromarray(picture).save(tmp_path / "a.png")
    Image.fromarray(picture).save(tmp_path / "b.jpg")
    reading = []
    found, *_ = read(tmp_path, reading=reading)
    assert len(found) == 1
    assert reading[0].passed_over == {
        "a text about the data": ["README.md"],
        "a list or a text of a data set, and no marks": ["classes.txt"],
        "JSON in no known format": ["info.json"],
        "a table without columns of marks (it begins with 'image', 'label')": ["labels.csv"],
        "a text in no known format": ["licence.txt"],
        "a picture of many levels, and no mask": ["a.png", "b.jpg"],
    }


def test_an_image_of_the_data_beside_its_annotation_is_no_mask(tmp_path):
    # Two levels only, as a mask has them: told by its bytes.
    Image.fromarray(np.eye(40, 60, dtype=np.uint8)).save(tmp_path / "a.png")
    held(tmp_path, "voc-one/a.xml")
    images = ImageIndex(
        {"a.png": "a"}, {"a": SMALL}, digests={"a": sha256((tmp_path / "a.png").read_bytes())}
    )
    reading = []
    assert len(read(tmp_path, images, reading)[0]) == 1
    assert reading[0].passed_over == {"an image of the data": ["a.png"]}


def test_what_can_be_a_mask_or_a_picture_is_refused(tmp_path):
    # A ramp of 60 levels on 60 of 2400 pixels: 2.4 %, less than a tenth.
    soft = np.zeros(SMALL, dtype=np.uint8)
    soft[0] = np.arange(60)
    (tmp_path / "dr-a").mkdir()
    Image.fromarray(soft).save(tmp_path / "dr-a" / "a.png")
    held(tmp_path / "dr-b", "voc-one/a.xml")
    with pytest.raises(DataError, match=r"^dr-a/a.png: can be a mask or a picture: "):
        read(tmp_path)


def test_a_named_format_reads_its_files_and_passes_over_others(tmp_path):
    held(tmp_path, "voc-one/a.xml", "labelme-mask/a.json", "coco/box.json")
    reading = []
    (mark,), *_ = read(tmp_path, reading=reading, format="labelme")
    assert mark.case_id == "a"
    assert reading[0].passed_over == {
        "Pascal VOC, while data.annotations.format is labelme": ["a.xml"],
        "COCO, while data.annotations.format is labelme": ["box.json"],
    }
    assert len(read(tmp_path, format="coco")[0]) == 1


def test_a_format_of_another_package_is_given_every_file_that_may_hold_marks(tmp_path):
    held(tmp_path, "masks/a.png")
    texts(tmp_path, one_DOT_discs="1", sub__two_DOT_discs="2", README_DOT_md="about")
    own = FormatPlugin(FormatRow("discs", "in words", "annotations"), "discs", lambda *_: ())
    survey = survey_as_named(tmp_path, own, AnnotationSection(path=tmp_path), MarkList(index(SMALL)))
    assert [survey.sets["discs"].relative(file) for file in survey.sets["discs"].files] == [
        "one.discs",
        "sub/two.discs",
    ]
    assert survey.passed_over == {"no file of discs by its name": ["README.md", "a.png"]}


def test_each_readers_folder_has_its_own_class_names(tmp_path):
    for reader, name in (("dr-a", "nodule"), ("dr-b", "mass")):
        texts(
            tmp_path, **{f"{reader}__a_DOT_txt": "0 .5 .5 .5 .5\n", f"{reader}__classes_DOT_txt": f"{name}\n"}
        )
    assert [(mark.reader_id, mark.label) for mark in read(tmp_path)[0]] == [
        ("dr-a", "nodule"),
        ("dr-b", "mass"),
    ]


def test_an_error_in_a_table_of_a_sub_folder_names_the_folder(tmp_path):
    texts(
        tmp_path,
        dr_a__t_DOT_csv="image,x0,y0,x1,y1\na,1,1,2,2\n",
        dr_b__t_DOT_csv="image,x0,y0,x1,y1\na,1,1,x,2\n",
    )
    with pytest.raises(DataError, match=r"^dr_b/t.csv: line 2: "):
        read(tmp_path)
    faults = []
    read(tmp_path, faults=faults)
    assert [str(fault) for fault in faults] == ["dr_b/t.csv: line 2: x1 holds 'x'"]


def test_json_of_a_folder_is_parsed_once(tmp_path, monkeypatch):
    held(tmp_path, "labelme-mask/a.json")
    parsed, loads = [], json.loads
    monkeypatch.setattr(json, "loads", lambda text: parsed.append(text) or loads(text))
    read(tmp_path)
    assert len(parsed) == 1


def test_names_of_two_files_that_mean_one_image_only_without_their_folders_are_refused(tmp_path):
    # Each file by itself begins all its names with one folder; together they speak of two patients' images called a.
    for patient in ("export1", "export2"):
        texts(tmp_path, **{f"{patient}_DOT_json": many("coco", f"{patient}/a")[1]})
    with pytest.raises(
        DataError, match=r"'export2/a.*' is taken for the image a, and so is a name of another file"
    ):
        read(tmp_path)
