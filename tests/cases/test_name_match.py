"""Which image a name means: the same rule for every format of marks, and for names in any order."""

import json
import random

import numpy as np
import pytest
from case_files import refused
from PIL import Image

from xaudit.cases.marks.annotation_files import read_annotations
from xaudit.cases.names.image_index import ImageIndex
from xaudit.cases.names.name_match import ImageFacts, NameMatcher
from xaudit.config import AnnotationSection
from xaudit.errors import DataError

SIDE = 1024
"""Of an image, as some of the published tables need it."""

FLAT = ("slice1.png", "slice2.png", "slice3.png", "slice4.png")
OF_P1 = ImageFacts(patient="p1", classes=("cancer",), split="test")


def index(paths=FLAT, facts=None, root=None, side=SIDE):
    cases = {path: path.rpartition(".")[0] for path in paths}
    return ImageIndex(
        cases,
        dict.fromkeys(cases.values(), (side, side)),
        facts=dict.fromkeys(cases.values(), OF_P1) if facts is None else facts,
        root=root,
    )


def coco(folder, names):
    content = {
        "images": [{"id": n, "file_name": name} for n, name in enumerate(names)],
        "annotations": [{"id": n, "image_id": n, "bbox": [1, 1, 4, 4]} for n in range(len(names))],
    }
    return text(folder / "marks.json", json.dumps(content))


def cvat(folder, names):
    images = "".join(
        f'<image id="{n}" name="{name}"><box label="x" xtl="1" ytl="1" xbr="5" ybr="5"/></image>'
        for n, name in enumerate(names)
    )
    return text(folder / "marks.xml", f"<annotations>{images}</annotations>")


def label_studio(folder, names, address="/data/local-files/?d={}"):
    value = {"x": 1, "y": 1, "width": 1, "height": 1}
    region = {"type": "rectangle", "original_width": SIDE, "original_height": SIDE, "value": value}
    tasks = [
        {"data": {"image": address.format(name)}, "annotations": [{"result": [region]}]} for name in names
    ]
    return text(folder / "marks.json", json.dumps(tasks))


def table(header, row):
    def write(folder, names):
        lines = [header, *(row.format(name) for name in names)]
        return text(folder / "marks.csv", "\n".join(lines) + "\n")

    return write


def files(suffix, content):
    def write(folder, names):
        for name in names:
            text(folder / "marks" / name.replace(".png", suffix), content)
        return folder / "marks"

    return write


def masks(folder, names):
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[1:5, 1:5] = 255
    for name in names:
        (folder / "marks" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask).save(folder / "marks" / name)
    return folder / "marks"


def text(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


FORMATS = {
    "coco": coco,
    "cvat": cvat,
    "label-studio": label_studio,
    "boxes": table("image,x0,y0,x1,y1", "{},1,1,5,5"),
    "rsna": table("patientId,x,y,width,height,Target", "{},1,1,4,4,1"),
    "nih": table("Image Index,Finding Label,Bbox [x,y,w,h]", "{},Mass,1,1,4,4"),
    "vindr": table("image_id,class_name,x_min,y_min,x_max,y_max", "{},Mass,1,1,5,5"),
    "siim": table("ImageId,EncodedPixels", "{},5 2"),
    "voc": files(".xml", "<annotation/>"),
    "yolo": files(".txt", "0 .5 .5 .1 .1\n"),
    "labelme": files(".json", '{"shapes": []}'),
    "masks": masks,
}


def read(path, kind, images, *, extra="refuse", faults=None):
    section = AnnotationSection(path=path, format=kind, extra_images=extra)
    marks, _, notes = read_annotations(section, images, merge={}, faults=faults)
    return [(mark.case_id, mark.reader_id) for mark in marks], notes


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("seed", range(3))
def test_a_name_in_the_folder_of_a_patient_that_the_data_does_not_hold_is_an_extra_image(
    tmp_path, kind, seed
):
    names = ["p1/slice1.png", "p2/slice1.png", "p1/slice3.png"]
    random.Random(seed).shuffle(names)
    path = FORMATS[kind](tmp_path, names)
    with pytest.raises(DataError, match="p2/slice1") as caught:
        read(path, kind, index())
    assert "no image of the data is called" in str(caught.value)
    found, notes = read(path, kind, index(), extra="ignore")
    assert found == [("slice1", "reader-1"), ("slice3", "reader-1")]
    assert notes == (f"{path.name} annotates 1 image that the data does not hold",)


@pytest.mark.parametrize(
    "kind", [kind for kind in FORMATS if kind not in ("voc", "yolo", "labelme", "masks")]
)
def test_two_folders_that_the_data_does_not_have_make_two_extra_images(tmp_path, kind):
    # Nobody knows the patients here, so neither of the two is the image of the data.
    path = FORMATS[kind](tmp_path, ["p1/slice1.png", "p2/slice1.png", "slice3.png"])
    found, notes = read(path, kind, index(facts={}), extra="ignore")
    assert found == [("slice3", "reader-1")]
    assert notes == (f"{path.name} annotates 2 images that the data does not hold",)


@pytest.mark.parametrize("kind", ["yolo", "labelme", "masks"])
def test_folders_that_are_no_patients_name_readers(tmp_path, kind):
    path = FORMATS[kind](tmp_path, ["dr-a/slice1.png", "dr-b/slice1.png"])
    assert read(path, kind, index())[0] == [("slice1", "dr-a"), ("slice1", "dr-b")]
    path = FORMATS[kind](tmp_path / "deep", ["dr-a/p1/slice1.png", "dr-b/p1/slice1.png"])
    assert read(path, kind, index())[0] == [("slice1", "dr-a"), ("slice1", "dr-b")]


@pytest.mark.parametrize("kind", ["yolo", "labelme", "masks"])
def test_a_class_folder_that_is_not_the_images_own_is_no_reader(tmp_path, kind):
    path = FORMATS[kind](tmp_path, ["dr-a/normal/a.png"])
    images = index(("cancer/a.png", "normal/b.png"), {})
    with pytest.raises(DataError, match=r"no image of the data is called 'dr-a/normal/a"):
        read(path, kind, images)


@pytest.mark.parametrize("kind", ["yolo", "labelme", "masks"])
def test_two_files_of_one_reader_and_image_are_refused(tmp_path, kind):
    path = FORMATS[kind](tmp_path, ["train/slice1.png", "val/slice1.png"])
    with pytest.raises(DataError, match="slice1") as caught:
        read(path, kind, index(facts={}))
    assert "train/slice1" in str(caught.value)
    assert "val/slice1" in str(caught.value)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("before", ["train/", "export/images/", "images/", "x/p1/"])
def test_folders_that_all_names_share_are_harmless(tmp_path, kind, before):
    path = FORMATS[kind](tmp_path, [f"{before}slice1.png", f"{before}slice3.png"])
    images = index(root=tmp_path / "export" / "images")
    assert [case for case, _ in read(path, kind, images)[0]] == ["slice1", "slice3"]


@pytest.mark.parametrize("kind", ["coco", "cvat", "boxes"])
@pytest.mark.parametrize("before", ["/data/export/images/", "C:\\data\\"])
def test_the_path_of_another_machine_is_harmless(tmp_path, kind, before):
    path = FORMATS[kind](tmp_path, [f"{before}p1/slice1.png", f"{before}p2/slice1.png"])
    images = index(("p1/slice1.png", "p2/slice1.png"), {})
    assert [case for case, _ in read(path, kind, images)[0]] == ["p1/slice1", "p2/slice1"]


def test_two_names_of_one_image_are_refused_in_either_order(tmp_path):
    images = index(("cancer/a.png", "normal/b.png"), {})
    for names in (["a.png", "cancer/a.png"], ["cancer/a.png", "a.png"]):
        with pytest.raises(DataError, match="are both the image cancer/a") as caught:
            read(coco(tmp_path, names), "coco", images)
        assert "'a.png'" in str(caught.value)
        assert "'cancer/a.png'" in str(caught.value)


def test_subsets_of_cvat_tell_images_of_one_name_apart(tmp_path):
    box = '<box label="x" xtl="1" ytl="1" xbr="5" ybr="5"/>'
    path = text(
        tmp_path / "marks.xml",
        f'<annotations><image name="a.png" subset="train">{box}</image>'
        f'<image name="a.png" subset="val">{box}</image></annotations>',
    )
    both = index(("train/a.png", "val/a.png"), {})
    assert [case for case, _ in read(path, "cvat", both)[0]] == ["train/a", "val/a"]
    with pytest.raises(DataError, match=r"'val/a\.png' and 'train/a\.png' are both the image a"):
        read(path, "cvat", index(("a.png",), {}))


def test_an_upload_to_label_studio_is_named_by_its_last_part_and_a_local_file_by_its_path(tmp_path):
    uploads = label_studio(tmp_path, ["0a1b2c3d-slice1.png", "1a1b2c3d-slice3.png"], "/data/upload/7/{}")
    assert [case for case, _ in read(uploads, "label-studio", index())[0]] == ["slice1", "slice3"]
    twice = label_studio(tmp_path, ["0a1b2c3d-slice1.png", "1a1b2c3d-slice1.png"], "/data/upload/7/{}")
    with pytest.raises(DataError, match="are both the image slice1"):
        read(twice, "label-studio", index())


def test_a_labelme_file_whose_image_path_is_that_of_another_patient_is_refused(tmp_path):
    path = text(tmp_path / "marks" / "0001.json", '{"shapes": [], "imagePath": "../p2/slice1.png"}').parent
    with pytest.raises(DataError, match=r"no image of the data is called 'p2/slice1\.png'"):
        read(path, "labelme", index())
    path = text(tmp_path / "more" / "slice1.json", '{"shapes": [], "imagePath": "../p2/slice1.png"}').parent
    with pytest.raises(
        DataError, match="is called like the image slice1, and its imagePath is that of another"
    ):
        read(path, "labelme", index())


@pytest.mark.parametrize(
    ("names", "name", "facts", "expected"),
    [
        # The split of the data decides between train/ and test/.
        (["train/slice1.png", "test/slice2.png"], "test/slice2.png", OF_P1, ["slice2"]),
        (["train/slice1.png", "test/slice2.png"], "train/slice1.png", OF_P1, []),
        (["train/slice1.png", "test/slice2.png"], "train/slice1.png", ImageFacts(), ["slice1"]),
        # Another class or patient is never passed over, though all names are in its folder.
        (["p7/slice1.png", "p7/slice2.png"], "p7/slice1.png", OF_P1, []),
        (["/x/p7/slice1.png"], "/x/p7/slice1.png", OF_P1, []),
        (["P7/slice1.png"], "P7/slice1.png", OF_P1, ["slice1"]),  # not spelled like p1
        (["cancer/slice1.png", "b/slice2.png"], "cancer/slice1.png", OF_P1, ["slice1"]),
        (["2019/slice1.png"], "2019/slice1.png", ImageFacts(patient="007"), ["slice1"]),
        (["008/slice1.png"], "008/slice1.png", ImageFacts(patient="007"), []),
    ],
)
def test_a_folder_says_the_same_as_the_data_or_names_another_image(names, name, facts, expected):
    images = index(facts=dict.fromkeys(("slice1", "slice2", "slice3", "slice4"), facts))
    assert NameMatcher(images, names).cases(name) == expected


def test_a_project_called_like_a_class_hides_no_image():
    images = index(
        ("cancer/a.png", "normal/b.png"),
        {"cancer/a": ImageFacts(classes=("cancer",)), "normal/b": ImageFacts(classes=("normal",))},
    )
    names = ["/srv/cancer/images/cancer/a.png", "/srv/cancer/images/normal/b.png"]
    assert [NameMatcher(images, names).cases(name) for name in names] == [["cancer/a"], ["normal/b"]]


def test_the_longest_path_of_an_image_is_meant():
    images = index(("a.png", "p1/a.png"), {})
    assert NameMatcher(images, ["/x/p1/a.png", "/x/a.png"]).cases("/x/p1/a.png") == ["p1/a"]


def test_a_folder_that_is_passed_over_is_said(tmp_path):
    path = coco(tmp_path, ["project7/slice1.png", "project7/slice2.png"])
    found, notes = read(path, "coco", index(facts={}))
    assert len(found) == 2
    assert notes == (
        "all names in marks.json begin with the folder 'project7', which the data does not have; it is passed over",
    )


def test_hundreds_of_extra_images_are_one_fault_with_a_count_and_three_names(tmp_path):
    names = ["slice1.png", *(f"other{n}.png" for n in range(300))]
    faults = []
    read(coco(tmp_path, names), "coco", index(), faults=faults)
    (fault,) = faults
    assert str(fault) == (
        "marks.json: images[1]: no image of the data is called 'other0.png', nor 'other1.png', 'other2.png' and 297 more "
        "(300 in all)"
    )
    assert "extra_images: ignore" in fault.hint


def test_three_extra_images_are_told_one_by_one(tmp_path):
    faults = []
    read(coco(tmp_path, ["slice1.png", "slice8.png", "slice9.png"]), "coco", index(), faults=faults)
    assert [str(fault).partition(": no ")[0] for fault in faults] == [
        "marks.json: images[1]",
        "marks.json: images[2]",
    ]


def test_names_match_across_unicode_forms(tmp_path):
    composed, decomposed = "B\u00fcro/sl\u00efce.png", "Bu\u0308ro/sli\u0308ce.png"
    for in_data, in_file in ((composed, decomposed), (decomposed, composed)):
        images = index((in_data,), {})
        assert len(read(coco(tmp_path, [in_file]), "coco", images)[0]) == 1


@pytest.mark.parametrize("name", ["a:1.png", "a#1.png", "a%20b.png", "a b.png", "a+b.png"])
@pytest.mark.parametrize("kind", ["coco", "cvat", "label-studio", "boxes", "masks", "yolo"])
def test_signs_in_names_stay_what_they_are(tmp_path, kind, name):
    images = index((name, "a.png", "a b c.png"), {})
    assert [case for case, _ in read(FORMATS[kind](tmp_path, [name]), kind, images)[0]] == [name[:-4]]


def test_a_name_with_a_sub_folder_that_is_missing_says_which(tmp_path):
    path = coco(tmp_path, ["p1/slice1.png", "p2/slice2.png"])
    with refused(
        "marks.json: images[1]: no image of the data is called 'p2/slice2.png'; there is 'slice2.png', but in no folder 'p2'",
        "add the image, take its annotation out, or set data.annotations.extra_images: ignore",
    ):
        read(path, "coco", index())


@pytest.mark.parametrize("kind", ["boxes", "rsna", "nih", "vindr", "siim"])
@pytest.mark.parametrize("extra", ["refuse", "ignore"])
def test_a_row_without_an_image_is_refused_and_is_no_extra_image(tmp_path, kind, extra):
    path = FORMATS[kind](tmp_path, ["slice1.png", "N/A"])
    with pytest.raises(DataError, match=r"marks\.csv: line 3: .* is empty"):
        read(path, kind, index(), extra=extra)
