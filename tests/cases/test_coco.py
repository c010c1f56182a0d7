"""COCO JSON with readers: boxes, outlines, run lengths, votes, and what is refused."""

import json
import re

import pytest
from case_files import refused

from xaudit.cases.marks.formats.coco import collect_coco
from xaudit.cases.marks.mark_list import MarkList
from xaudit.cases.names.image_index import ImageIndex
from xaudit.errors import DataError
from xaudit.geometry import rasterise
from xaudit.records import Annotation, Box, MaskRegion, Polygon

IMAGES = ImageIndex(
    paths={"cancer/a.png": "cancer/a", "cancer/b.png": "cancer/b", "bad.png": "bad"},
    frames={"cancer/a": (4, 6), "cancer/b": (4, 6)},
)
LISTED = [
    {"id": 1, "file_name": "a.png", "height": 4, "width": 6},
    {"id": 2, "file_name": "cancer/b.png"},
    {"id": 3, "file_name": "bad.png", "height": 1, "width": 1},
]


def read_coco(path, images):
    marks = MarkList(images)
    collect_coco(path, marks)
    return marks.all()


@pytest.fixture
def read(tmp_path):
    def read(*annotations, images=LISTED, **more):
        path = tmp_path / "marks.json"
        path.write_text(json.dumps({"images": images, "annotations": list(annotations), **more}))
        return read_coco(path, IMAGES)

    return read


def drawn(**keys):
    return {"image_id": 1, "bbox": [1, 1, 2, 2], **keys}


def test_a_box_is_x_y_width_height_between_pixel_edges(read):
    found = read(drawn(bbox=[1.5, 0, 2.25, 3], category_id=7), categories=[{"id": 7, "name": "nodule"}])
    assert found == (Annotation("cancer/a", "reader-1", Box(1.5, 0, 3.75, 3), "nodule"),)


@pytest.mark.parametrize("key", ["reader_id", "annotator", "reader"])
def test_the_reader_is_named_by_any_of_three_keys(read, key):
    assert [mark.reader_id for mark in read(drawn(**{key: "dr-2"}), drawn(**{key: 3}))] == ["dr-2", "3"]


def test_an_outline_is_kept_and_counts_before_the_box(read):
    (mark,) = read(drawn(segmentation=[[0, 0, 3, 0, 3, 2]], bbox=[0, 0, 6, 4]))
    assert mark.region == Polygon(((0, 0), (3, 0), (3, 2)))


def test_several_outlines_are_one_mask(read):
    (mark,) = read(drawn(segmentation=[[0, 0, 2, 0, 2, 1, 0, 1], [4, 2, 6, 2, 6, 4, 4, 4]]))
    assert rasterise(mark.region, (4, 6)).astype(int).tolist() == [
        [1, 1, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 1, 1],
        [0, 0, 0, 0, 1, 1],
    ]


@pytest.mark.parametrize("counts", [[5, 2, 2, 2, 13], "5220;"])
def test_run_lengths_go_column_by_column(read, counts):
    # Outside for 5: all of column 0 and row 0 of column 1. Then 2 inside, 2 outside (row 3 of column 1, row 0 of
    # column 2), 2 inside. As text: 5, 2, 2 plainly, then 2 - 2 = 0 and 13 - 2 = 11: ';' is character 59.
    (mark,) = read(drawn(segmentation={"size": [4, 6], "counts": counts}))
    assert mark.region == MaskRegion(4, 6, (5, 2, 2, 2, 13))
    assert rasterise(mark.region, (4, 6)).astype(int).tolist() == [
        [0, 0, 0, 0, 0, 0],
        [0, 1, 1, 0, 0, 0],
        [0, 1, 1, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
    ]


def test_a_vote_says_that_a_reader_found_nothing(read):
    votes = [
        {"image_id": 2, "reader_id": "b", "finding": False},
        {"image_id": 2, "reader_id": "b", "finding": False},
        {"image_id": 1, "reader_id": "a", "finding": True},
    ]
    assert read(drawn(reader_id="a"), votes=votes)[1:] == (Annotation("cancer/b", "b", None),)


def test_a_vote_against_ones_own_mark_is_refused(read):
    with refused(
        "marks.json: votes[0]: a found nothing on cancer/a, but also marked something there",
        "take out the vote or the mark",
    ):
        read(drawn(reader_id="a"), votes=[{"image_id": 1, "reader_id": "a", "finding": False}])


def test_marks_on_an_image_that_could_not_be_read_are_left_out(read):
    assert read(drawn(image_id=3)) == ()


def test_half_a_pixel_beyond_the_edge_is_cut_off(read):
    (mark,) = read(drawn(bbox=[-0.4, 0, 6.8, 4.5]))
    assert mark.region == Box(0, 0, 6, 4)


def test_a_box_out_of_the_image_is_refused(read):
    with refused(
        "marks.json: annotations[0].bbox: the box from (4, 1) to (7, 3) leaves the image of 6 × 4",
        "coordinates must belong to the image file itself; for Pascal VOC see data.annotations.origin",
    ):
        read(drawn(bbox=[4, 1, 3, 2]))


@pytest.mark.parametrize("box", [[1, 1, 0, 2], [1, 1, 2, -1]])
def test_a_box_without_area_is_refused(read, box):
    x, y, w, h = box
    with refused(
        f"marks.json: annotations[0].bbox: the box from (1, 1) to ({x + w}, {y + h}) has no area",
        "mend the box, or take it out if nothing is there",
    ):
        read(drawn(bbox=box))


def test_another_size_than_the_images_is_refused(read):
    images = [{"id": 1, "file_name": "a.png", "height": 6, "width": 4}]
    with refused(
        "marks.json: images[0]: drawn on 4 × 6 pixels, but the image cancer/a has 6 × 4",
        "give the image that was annotated, or annotate this one; sizes are not guessed",
    ):
        read(drawn(), images=images)


def test_a_mask_of_another_size_is_refused(read):
    with refused(
        "marks.json: annotations[0].segmentation: a mask of 4 × 6 pixels on an image of 6 × 4",
        "give the image that was annotated; sizes are not guessed",
    ):
        read(drawn(segmentation={"size": [6, 4], "counts": [24]}))


@pytest.mark.parametrize(("counts", "total"), [([20, 3], 23), ([30, -6], 24), ("55", 10)])
def test_run_lengths_that_do_not_add_up_are_refused(read, counts, total):
    with refused(
        f"marks.json: annotations[0].segmentation: run lengths of {total} pixels for an image of 24",
        "the run lengths are damaged, or the size beside them is wrong",
    ):
        read(drawn(segmentation={"size": [4, 6], "counts": counts}))


def test_a_mask_without_area_is_refused(read):
    with refused(
        "marks.json: annotations[0].segmentation: the mask has no area", "take it out if nothing is there"
    ):
        read(drawn(segmentation={"size": [4, 6], "counts": [24]}))


def test_an_annotation_of_an_unknown_image_is_refused(read):
    with refused(
        "marks.json: annotations[0]: image_id 9 is not among the images",
        "add the image there, or take the annotation out",
    ):
        read(drawn(image_id=9))
    images = [{"id": 1, "file_name": "cancer/c.png"}]
    with refused(
        "marks.json: images[0]: no image of the data is called 'cancer/c.png'",
        "did you mean 'cancer/b.png'? add the image, take its annotation out, or set data.annotations.extra_images: ignore",
    ):
        read(drawn(), images=images)


def test_a_listed_image_that_nobody_marked_may_be_absent(read):
    images = [*LISTED, {"id": 8, "file_name": "elsewhere.png"}]
    assert len(read(drawn(), images=images)) == 1


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"bbox": [1, 1, 2]}, "annotations[0]: bbox is [1, 1, 2]"),
        ({"bbox": [1, 1, "x", 2]}, "annotations[0].bbox: it holds 'x'"),
        ({"bbox": [1, 1, True, 2]}, "annotations[0].bbox: it holds True"),
        ({"bbox": [1, 1, float("nan"), 2]}, "annotations[0].bbox: it holds nan"),
        ({"bbox": [1, 1, 10**300, 2]}, f"annotations[0].bbox: it holds {10**300!r:.40}"),
        ({"image_id": None}, "annotations[0]: image_id is None"),
        ({"reader_id": [1]}, "annotations[0]: reader_id is [1]"),
        ({"segmentation": [[0, 0, 1]]}, "annotations[0].segmentation[0] is [0, 0, 1]"),
        ({"segmentation": [[0, 0, 1, 1]]}, "annotations[0].segmentation[0]: an outline of 2 points"),
        ({"segmentation": {"size": [4], "counts": []}}, "annotations[0].segmentation: size is [4]"),
        (
            {"segmentation": {"size": [4, 6], "counts": "5d"}},
            "annotations[0].segmentation: counts: the run lengths are cut short",
        ),
        ({"category_id": 3}, "annotations[0]: category_id 3 is not among the categories"),
    ],
)
def test_a_value_that_means_nothing_is_named_with_its_place(read, keys, message):
    with pytest.raises(DataError, match="(?m)^" + re.escape("marks.json: " + message) + "$") as caught:
        read(drawn(**keys), categories=[{"id": 1, "name": "nodule"}])
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"images": [', "marks.json: line 1: not JSON: Expecting value"),
        ("[]", "marks.json: not COCO: it needs the lists images and annotations"),
        ('{"images": {}, "annotations": 3}', "marks.json: annotations is no list"),
        ('{"images": [], "annotations": [3]}', "marks.json: annotations[0] is 3"),
        ('{"images": ' + "9" * 9_000 + "}", "marks.json: not COCO: a number without end"),
        ("[" * 100_000, "marks.json: not COCO: nested too deeply"),
    ],
)
def test_a_file_that_is_not_coco_is_refused(tmp_path, text, message):
    path = tmp_path / "marks.json"
    path.write_text(text)
    with pytest.raises(DataError, match="^" + re.escape(message)):
        read_coco(path, IMAGES)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path):
    (tmp_path / "marks.json").write_bytes(b'{"images": ["\xe9"]}')
    with refused("marks.json: not UTF-8: byte 13 is 0xe9", "save the file as UTF-8"):
        read_coco(tmp_path / "marks.json", IMAGES)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cancer/a.png", ["cancer/a"]),
        ("a.png", ["cancer/a"]),
        ("/data/images/cancer/a.png", ["cancer/a"]),
        ("images\\cancer\\a.png", ["cancer/a"]),
        ("a.jpg", ["cancer/a"]),
        ("normal/a.png", []),
        ("aa.png", []),
        ("", []),
    ],
)
def test_a_name_means_the_image_whose_path_ends_alike(name, expected):
    assert IMAGES.named(name) == expected


def test_a_name_that_can_mean_two_images_is_refused():
    images = ImageIndex({"x/a.png": "x/a", "y/a.png": "y/a"}, {})
    with refused("m: 'a.png' can be the image x/a or y/a", "name the image with its sub-folder"):
        images.one("m", "a.png")


def test_a_name_that_is_an_images_whole_path_means_that_image():
    images = ImageIndex({"x/a.png": "x/a", "a.png": "a"}, {})
    assert images.one("m", "a.png") == "a"
