"""Marks that a file gives twice, or in a kind that is not read: the exact one counts, or it is refused or counted by name."""

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from case_files import refused
from test_annotation_formats import SMALL, index, square
from test_rtstruct import index as on_slices
from test_rtstruct import saved  # noqa: F401  (a fixture)
from test_rtstruct import square as outline

from xaudit.cases.marks.annotation_files import read_annotations
from xaudit.config import AnnotationSection
from xaudit.errors import DataError
from xaudit.geometry import rasterise
from xaudit.records import Box

FILES = Path(__file__).parent / "files"


def read(path, images=None, **settings):
    return read_annotations(AnnotationSection(path=path, **settings), images or index(SMALL), merge={})


def n_pixels(mark):
    return int(rasterise(mark.region, SMALL).sum())


# Pascal VOC


def voc(tmp_path, inside, more="", **settings):
    file = tmp_path / "a.xml"
    file.write_text(f"<annotation>{more}<object><name>x</name>{inside}</object></annotation>")
    return read(file, **settings)


BOX = "<bndbox><xmin>11</xmin><ymin>11</ymin><xmax>30</xmax><ymax>30</ymax></bndbox>"
HALF = "<polygon><x1>10</x1><y1>10</y1><x2>30</x2><y2>10</y2><x3>10</x3><y3>30</y3></polygon>"
POINTS = "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in ((10, 10), (30, 10), (10, 30)))


@pytest.mark.parametrize("inside", [BOX + HALF, HALF + BOX, HALF, f"{BOX}<polygon>{POINTS}</polygon>"])
def test_the_outline_of_an_object_counts_and_not_its_box(tmp_path, inside):
    (mark,), _, notes = voc(tmp_path, inside)
    # Half of 20 × 20 pixels: the centres below the diagonal, 19 + 18 + … + 0, and of those on it none or all 20.
    assert n_pixels(mark) in (190, 210)
    assert notes == ()


def test_an_outline_in_the_boxs_own_numbers_counts_its_pixels(tmp_path):
    corners = ((11, 11), (30, 11), (30, 30), (11, 30))
    points = "".join(f"<x{n}>{x}</x{n}><y{n}>{y}</y{n}>" for n, (x, y) in enumerate(corners, start=1))
    (mark,), *_ = voc(tmp_path, f"{BOX}<polygon>{points}</polygon>")
    expected = np.zeros(SMALL, dtype=bool)
    expected[10:30, 10:30] = True  # pixels 11 to 30, counted from 1
    assert np.array_equal(rasterise(mark.region, SMALL), expected)


def test_an_outline_elsewhere_than_its_box_is_refused(tmp_path):
    with pytest.raises(
        DataError, match=r"(?m)^a.xml: object 1: its polygon .* and its box .* are not the same mark$"
    ):
        voc(tmp_path, BOX.replace("30", "13") + HALF)


@pytest.mark.parametrize(
    ("inside", "note"),
    [
        (
            BOX + "<segm><mask>m.png</mask></segm>",
            "objects of Pascal VOC files with a <segm>, which is not read, so that their boxes count: 1",
        ),
        (
            BOX + "<part><name>head</name></part>",
            "parts of objects in Pascal VOC files, which have no area and are not read: 1",
        ),
    ],
)
def test_what_lies_beside_a_box_and_is_not_read_is_said(tmp_path, inside, note):
    (mark,), _, notes = voc(tmp_path, inside)
    assert (n_pixels(mark), notes) == (400, (f"annotations: {note}",))


def test_a_file_that_says_that_it_is_segmented_gives_its_boxes_and_a_note(tmp_path):
    assert voc(tmp_path, BOX, "<segmented>1</segmented>")[2] == (
        "annotations: Pascal VOC files that say that they are segmented; that mask is another file, and their boxes count: 1",
    )


def test_two_boxes_in_one_object_are_refused(tmp_path):
    with refused("a.xml: object 1: has two boxes", "make two objects of them, or keep the one that is meant"):
        voc(tmp_path, BOX + BOX.replace("30", "25"))
    assert n_pixels(voc(tmp_path, BOX + BOX)[0][0]) == 400


def test_a_turned_box_alone_is_refused_and_a_deleted_object_is_not_read(tmp_path):
    with refused("a.xml: object 1: its shape is a <robndbox>, which is not read", "save it as a polygon"):
        voc(tmp_path, "<robndbox><cx>5</cx></robndbox>")
    (vote,), _, notes = voc(tmp_path, "<deleted>1</deleted>" + HALF)
    assert vote.region is None
    assert notes == (
        "annotations: objects of Pascal VOC files that are marked as deleted and are not read: 1",
    )


# COCO


def coco(tmp_path, *annotations, categories=({"id": 1, "name": "nodule"},), text=None):
    file = tmp_path / "c.json"
    content = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "annotations": annotations,
        "categories": categories,
    }
    file.write_text(text or json.dumps(content))
    return read(file)


def mark(**more):
    return {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 5, 10, 12], **more}


def test_two_categories_of_one_id_are_refused_with_both_names(tmp_path):
    with refused(
        "c.json: categories[1]: the categories 'nodule' and 'mass' have the same id 1",
        "give each category an id of its own, and mend category_id of its annotations",
    ):
        coco(tmp_path, mark(), categories=[{"id": 1, "name": "nodule"}, {"id": 1, "name": "mass"}])
    same = [{"id": 1, "name": "nodule"}, {"id": 1, "name": "nodule"}]
    assert coco(tmp_path, mark(), categories=same)[0][0].label == "nodule"


def test_two_annotations_of_one_id_are_one_or_refused(tmp_path):
    found, _, notes = coco(tmp_path, mark(), mark())
    assert len(found) == 1
    assert notes == ("annotations: marks that are given again, exactly as before, and count once: 1",)
    with refused(
        "c.json: annotations[1]: has the same id 1 as annotations[0], and says something else",
        "give each annotation an id of its own",
    ):
        coco(tmp_path, mark(), mark(bbox=[1, 1, 2, 2]))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"bbox": [10, 5, 10, 12, 30]}, "bbox holds five numbers, of which the fifth is an angle"),
        ({"attributes": {"rotation": 30}}, "bbox is turned by 30 degrees, as its attribute rotation says"),
        ({"segments_info": []}, "is panoptic, and its mask is another file"),
    ],
)
def test_coco_boxes_that_are_none_along_rows_and_columns_are_refused(tmp_path, more, message):
    with pytest.raises(DataError) as caught:
        coco(tmp_path, mark(**more))
    assert str(caught.value) == f"c.json: annotations[0]: {message}"


def test_key_points_and_crowds_are_counted(tmp_path):
    found, _, notes = coco(tmp_path, mark(keypoints=[12, 7, 2], iscrowd=1))
    assert [one.region for one in found] == [Box(10, 5, 20, 17)]
    assert notes == (
        "annotations: COCO annotations with key points, which have no area, so that their outlines or boxes count: 1",
        "annotations: COCO annotations of a crowd (iscrowd 1), which count as one mark each: 1",
    )


def test_a_list_that_json_gives_twice_is_refused(tmp_path):
    first = json.dumps({"images": [{"id": 1, "file_name": "a.png"}], "annotations": [mark()]})
    with refused(
        "c.json: gives 'annotations' twice in one object, and the first would be lost",
        "join the two, or divide the file",
    ):
        coco(tmp_path, text=first[:-1] + ', "annotations": []}')


def test_an_image_that_chexlocalize_gives_twice_is_refused(tmp_path):
    one = '"a": {"Edema": {"size": [40, 60], "counts": "0"}}'
    (tmp_path / "c.json").write_text(f"{{{one}, {one}}}")
    with pytest.raises(DataError, match=r"^c.json: gives 'a' twice in one object"):
        read(tmp_path / "c.json")


# LabelMe, CVAT, Label Studio, tables


def labelme(tmp_path, **shape):
    (tmp_path / "a.json").write_text(json.dumps({"shapes": [shape], "imagePath": "a.png"}))
    return read(tmp_path / "a.json")[0]


def test_a_rectangle_of_four_corners_that_lies_askew_is_no_box(tmp_path):
    # A square on its corner with diagonals of 20: half of its bounding box of 400 pixels.
    points = [[20, 10], [30, 20], [20, 30], [10, 20]]
    (mark,) = labelme(tmp_path, shape_type="rectangle", points=points)
    assert 180 <= n_pixels(mark) <= 220
    (mark,) = labelme(tmp_path, shape_type="rectangle", points=[[10, 5], [20, 5], [20, 17], [10, 17]])
    assert mark.region == Box(10, 5, 20, 17)


def test_a_labelme_shape_that_holds_a_mask_too_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"shapes\[0\]: a polygon that holds a mask too"):
        labelme(tmp_path, shape_type="polygon", points=[[1, 1], [5, 1], [5, 5]], mask="iVBO")


def cvat(tmp_path, inside):
    (tmp_path / "c.xml").write_text(f'<annotations><image name="a.png">{inside}</image></annotations>')
    return read(tmp_path / "c.xml")


def test_cvat_shapes_that_are_not_read_are_refused_and_tags_counted(tmp_path):
    with pytest.raises(DataError, match=r"image 1: polygon 1: a polygon that is turned by 30 degrees"):
        cvat(tmp_path, '<polygon label="x" points="1,1;5,1;5,5" rotation="30"/>')
    with pytest.raises(DataError, match=r"image 1: brush 1: a shape of this kind is not read"):
        cvat(tmp_path, '<brush label="x"/>')
    notes = cvat(tmp_path, '<tag label="blurred"/><box label="x" xtl="1" ytl="1" xbr="5" ybr="5"/>')[2]
    assert notes == ("annotations: tags of CVAT that say something of a whole image and are not read: 1",)


def label_studio(tmp_path, *items, **task):
    tasks = [{"data": {"image": "a.png"}, "annotations": [{"result": list(items)}], **task}]
    (tmp_path / "l.json").write_text(json.dumps(tasks))
    return read(tmp_path / "l.json")


def test_a_label_studio_region_that_is_not_read_is_no_vote_that_nothing_is_there(tmp_path):
    with pytest.raises(DataError, match=r"region 1: a region of the type 'bitmasklabels' is not read"):
        label_studio(tmp_path, {"type": "bitmasklabels", "value": {"bitmasklabels": ["x"]}})


def test_each_label_of_a_label_studio_region_is_a_mark(tmp_path):
    value = {"x": 25, "y": 25, "width": 50, "height": 50, "rectanglelabels": ["nodule", "mass"]}
    item = {"type": "rectanglelabels", "original_width": 60, "original_height": 40, "value": value}
    found, _, notes = label_studio(tmp_path, item, {"type": "choices", "value": {}}, predictions=[{}])
    assert [one.label for one in found] == ["nodule", "mass"]
    assert notes == (
        "annotations: tasks of Label Studio with a model's predictions, which are not read: 1",
        "annotations: choices and texts of Label Studio that say something of an image and are not read: 1",
    )


def test_a_table_that_gives_two_boxes_in_a_row_is_refused(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("image,x0,y0,x1,y1,x,y,width,height\na,10,5,20,17,10,5,10,12\n")
    assert read(table)[0][0].region == Box(10, 5, 20, 17)
    table.write_text("image,x0,y0,x1,y1,x,y,width,height\na,10,5,20,17,10,5,20,17\n")
    with pytest.raises(
        DataError, match=r"^t.csv: line 2: its box is given twice: from \(10, 5\) to \(20, 17\), and"
    ):
        read(table)


# DICOM


def test_an_outline_that_a_structure_lists_twice_counts_once(saved):  # noqa: F811
    ring, hole = outline(10, 5, 14, 8), outline(11, 6, 12, 7)
    back = [value for at in (1, 0, 3, 2) for value in ring[3 * at : 3 * at + 3]]
    for again in (ring, back):
        found, _, notes = read(saved(ring, hole, again), on_slices())
        # 4 × 3 pixels without the one of the hole.
        assert [n_pixels(one) for one in found] == [11]
        assert notes == ("annotations: outlines of RT structure sets that are given again and count once: 1",)


def test_an_outline_listed_again_with_other_decimals_counts_once(saved):  # noqa: F811
    ring = outline(10, 5, 14, 8)
    moved = [value + 0.02 * (n % 3 == 0) for n, value in enumerate(ring)]
    found, _, notes = read(saved(ring, moved), on_slices())
    assert [n_pixels(one) for one in found] == [12]
    assert notes == ("annotations: outlines of RT structure sets that are given again and count once: 1",)


def label_map(tmp_path, number=1):
    """The binary file with its frame as a label map of 8 bits: segment 1 in the square, and another storage class."""
    file = pydicom.dcmread(FILES / "dicom-seg" / "binary.dcm")
    pixels = file.pixel_array.astype(np.uint8) * number
    file.SegmentationType, file.SOPClassUID = "LABELMAP", "1.2.840.10008.5.1.4.1.1.66.7"
    file.file_meta.MediaStorageSOPClassUID = file.SOPClassUID
    file.BitsAllocated, file.BitsStored, file.HighBit = 8, 8, 7
    for frame in (*file.PerFrameFunctionalGroupsSequence, *file.SharedFunctionalGroupsSequence):
        if "SegmentIdentificationSequence" in frame:
            del frame.SegmentIdentificationSequence
    file.PixelData = pixels.tobytes()
    stream = BytesIO()
    file.save_as(stream)
    (tmp_path / "map.dcm").write_bytes(stream.getvalue())


def test_a_label_map_is_read_beside_a_binary_segmentation(tmp_path):
    label_map(tmp_path)
    (tmp_path / "dr-b").mkdir()
    (tmp_path / "dr-b" / "binary.dcm").write_bytes((FILES / "dicom-seg" / "binary.dcm").read_bytes())
    found, *_ = read(tmp_path)
    drawn = {one.reader_id: one for one in found if one.region is not None}
    assert set(drawn) == {"reader-1", "dr-b"}
    assert all(np.array_equal(rasterise(one.region, SMALL), square(SMALL)) for one in drawn.values())
    assert all(one.label == "nodule" for one in drawn.values())
    assert {one.case_id for one in drawn.values()} == {"a"}
    assert {(one.case_id, one.reader_id) for one in found if one.region is None} == {
        ("b", "reader-1"),
        ("b", "dr-b"),
    }


def test_a_number_of_a_label_map_that_is_no_segment_is_refused(tmp_path):
    label_map(tmp_path, number=9)
    with pytest.raises(DataError, match=r"frame \d: belongs to no segment"):
        read(tmp_path / "map.dcm")
