"""Pascal VOC: counting from one, names and UIDs, and XML that must not be believed."""

import re

import pytest
from case_files import refused

from xaudit.cases.marks.formats.voc import collect_voc
from xaudit.cases.marks.mark_list import MarkList
from xaudit.cases.names.image_index import ImageIndex
from xaudit.errors import DataError
from xaudit.records import Annotation, Box, Problem

UID = "1.3.6.1.4.1.14519.5.2.1.6655.2359.1222590365"
IMAGES = ImageIndex(
    paths={"cancer/a.png": "cancer/a", "s/1-04.dcm": "s/1-04", "bad.png": "bad"},
    frames={"cancer/a": (40, 60), "s/1-04": (40, 60)},
    uids={UID: "s/1-04"},
)


def voc(*boxes, size=(60, 40), more=""):
    objects = "".join(
        f"<object><name>A</name><bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax>"
        "</bndbox></object>"
        for x0, y0, x1, y1 in boxes
    )
    sized = "" if size is None else f"<size><width>{size[0]}</width><height>{size[1]}</height></size>"
    return f"<annotation><filename>Unknow</filename>{more}{sized}{objects}</annotation>"


def read_voc(path, images, origin="one"):
    marks = MarkList(images)
    problems = collect_voc(path, marks, origin=origin)
    return marks.all(), problems


@pytest.fixture
def read(tmp_path):
    def read(images=IMAGES, origin="one", **files):
        for name, text in files.items():
            path = tmp_path / "marks" / f"{name.replace('__', '/')}.xml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return read_voc(tmp_path / "marks", images, origin=origin)

    return read


def test_pixels_are_counted_from_one_and_the_last_is_inside(read):
    # xmin 1 and xmax 3: the first three columns, so the edges 0 and 3.
    assert read(a=voc((1, 2, 3, 40))) == ((Annotation("cancer/a", "reader-1", Box(0, 1, 3, 40), "A"),), ())


def test_origin_zero_gives_edges(read):
    assert read(origin="zero", a=voc((1, 2, 3, 40)))[0][0].region == Box(1, 2, 3, 40)


def test_one_pixel_counted_from_one_has_area(read):
    assert read(a=voc((5, 5, 5, 5)))[0][0].region == Box(4, 4, 5, 5)


def test_a_box_from_zero_betrays_the_wrong_origin(read):
    with refused(
        "a.xml: object 2: the box from (-1, 4) to (5, 9) leaves the image of 60 × 40",
        "coordinates must belong to the image file itself; for Pascal VOC see data.annotations.origin",
    ):
        read(a=voc((1, 1, 2, 2), (0, 5, 5, 9)))


def test_a_file_is_matched_by_the_uid_that_names_it(read):
    (mark,), problems = read(**{UID: voc((1, 1, 2, 2))})
    assert (mark.case_id, problems) == ("s/1-04", ())


def test_a_file_is_matched_by_its_sub_folder_and_name(read):
    assert read(cancer__a=voc((1, 1, 2, 2)))[0][0].case_id == "cancer/a"


def test_a_file_without_objects_says_that_nothing_was_found(read):
    assert read(a=voc())[0] == (Annotation("cancer/a", "reader-1", None),)


@pytest.mark.parametrize(
    "more", ["<annotator>dr-2</annotator>", "<source>Unknow<annotator> dr-2 </annotator></source>"]
)
def test_the_reader_is_the_annotator_where_one_is_named(read, more):
    assert read(a=voc((1, 1, 2, 2), more=more))[0][0].reader_id == "dr-2"


def test_two_readers_may_annotate_one_image_in_two_folders(read):
    first, second = (voc((1, 1, n, n), more=f"<annotator>dr-{n}</annotator>") for n in (2, 3))
    images = ImageIndex({"a.png": "a"}, {"a": (40, 60)})
    found = read(images=images, one__a=first, two__a=second)[0]
    assert [(mark.reader_id, mark.region) for mark in found] == [
        ("dr-2", Box(0, 0, 2, 2)),
        ("dr-3", Box(0, 0, 3, 3)),
    ]


def test_the_same_reader_twice_on_one_image_is_refused(read):
    images = ImageIndex({"a.png": "a"}, {"a": (40, 60)})
    with refused(
        "two/a.xml: reader-1 annotated the image a in one/a.xml too",
        "join the two files, or name their readers in <annotator>",
    ):
        read(images=images, one__a=voc((1, 1, 2, 2)), two__a=voc((1, 1, 3, 3)))


def test_another_size_is_refused(read):
    with refused(
        "a.xml: drawn on 40 × 60 pixels, but the image cancer/a has 60 × 40",
        "give the image that was annotated, or annotate this one; sizes are not guessed",
    ):
        read(a=voc((1, 1, 2, 2), size=(40, 60)))


@pytest.mark.parametrize("size", [None, (0, 0)])
def test_a_size_that_the_tool_did_not_know_is_no_size(read, size):
    assert len(read(a=voc((1, 1, 2, 2), size=size))[0]) == 1


def test_an_unknown_image_is_refused(read):
    with refused(
        "b.xml: no image of the data is called 'b'",
        "add the image, take its annotation out, or set data.annotations.extra_images: ignore",
    ):
        read(b=voc())


def test_an_unknown_uid_is_refused_and_cut_short(read):
    with refused(
        "…99999999.xml: no image has this name or this DICOM instance UID",
        "add the image, take its annotation out, or set data.annotations.extra_images: ignore",
    ):
        read(**{UID[:-8] + "99999999": voc()})


def test_where_a_damaged_file_kept_its_uid_an_unknown_one_is_a_problem(read):
    images = ImageIndex(IMAGES.paths, IMAGES.frames, IMAGES.uids, complete=False)
    found, problems = read(images=images, **{UID[:-8] + "99999999": voc()})
    assert found == ()
    assert problems == (Problem("…99999999.xml", "load", "the image that it annotates could not be read"),)


def test_marks_on_an_image_that_could_not_be_read_are_left_out(read):
    assert read(bad=voc((1, 1, 2, 2), size=(1, 1))) == ((), ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (voc((1, 1, 2, "x")), "a.xml: object 1: ymax is 'x'"),
        (voc((3, 3, 2, 5)), "a.xml: object 1: the box from (2, 2) to (2, 5) has no area"),
        (voc((1, 1, "inf", 2)), "a.xml: object 1: the box from (0, 0) to (inf, 2) is not finite"),
        ("<annotation><object/></annotation>", "a.xml: object 1: xmin is missing"),
        ("<annotation>", "a.xml: line 1, column 12: not XML"),
        ("<html/>", "a.xml: not Pascal VOC: it begins with <html>"),
        ("", "a.xml: line 1, column 0: not XML"),
    ],
)
def test_a_file_that_means_nothing_is_refused(read, text, message):
    with pytest.raises(DataError, match="(?m)^" + re.escape(message) + "$") as caught:
        read(a=text)
    assert caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE annotation SYSTEM "file:///etc/passwd"><annotation/>',
        '<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;&x;">]><annotation>&z;</annotation>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_document_types_and_entities_are_refused(tmp_path, text, encoding):
    (tmp_path / "a.xml").write_bytes(text.encode(encoding))
    with refused(
        "a.xml: declares a document type or entities, which can pull in other files",
        "take the DOCTYPE out; Pascal VOC needs none",
    ):
        read_voc(tmp_path, IMAGES)


def test_a_folder_without_xml_is_refused(tmp_path):
    (tmp_path / "marks").mkdir()
    with refused("marks: holds no XML file", "give the folder of the Pascal VOC files, or a COCO file"):
        read_voc(tmp_path / "marks", IMAGES)
