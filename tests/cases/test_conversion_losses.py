"""A conversion counts all that it loses, and refuses marks that it cannot place."""

import pytest
from case_files import write_image
from test_annotation_formats import FILES
from test_conversion import IMAGES

from xaudit.cases.conversion import marked_folder
from xaudit.cases.marks.writing import write_annotations
from xaudit.config import AnnotationSection
from xaudit.errors import DataError
from xaudit.records import Annotation, Box, Polygon


def losses(kind, marks, out):
    return write_annotations(kind, IMAGES, marks, out).losses


def test_marks_without_a_label_are_counted_and_votes_are_none(tmp_path):
    marks = (
        Annotation("one/a", "reader-1", Box(1, 2, 5, 6), "nodule"),
        Annotation("one/a", "reader-1", Box(7, 2, 9, 6), "nodule"),
        Annotation("one/a", "reader-1", Box(7, 8, 9, 16)),
        Annotation("two/a", "reader-1", None),
    )
    assert losses("cvat", marks, tmp_path / "a.xml") == (
        "1 mark without a label has an empty one, which CVAT does not import",
    )
    assert losses("cvat", marks[:2], tmp_path / "b.xml") == ()


def test_each_outline_that_becomes_a_box_is_counted(tmp_path):
    triangle = Polygon(((1.0, 1.0), (5.0, 1.0), (1.0, 5.0)))
    marks = (
        Annotation("one/a", "reader-1", triangle, "x"),
        Annotation("one/a", "reader-1", Box(1, 1, 2, 2), "x"),
        Annotation("two/a", "reader-1", triangle, "x"),
    )
    assert "2 outlines became the boxes around them" in losses("voc", marks, tmp_path / "voc")


def test_a_mark_on_an_image_that_is_not_in_the_folder_is_refused(tmp_path):
    write_image(tmp_path / "images" / "a.png")
    table = tmp_path / "marks.csv"
    table.write_text("image,x0,y0,x1,y1\na.png,1,1,3,3\nz.png,1,1,3,3\n")
    with pytest.raises(DataError, match=r"no image of the data is called 'z\.png'"):
        marked_folder(tmp_path / "images", AnnotationSection(path=table))


@pytest.mark.parametrize(
    ("kind", "n_files"),
    [("labelme", 2), ("voc", 2), ("coco", 1), ("cvat", 1), ("boxes", 1), ("label-studio", 1), ("masks", 2)],
)
def test_the_files_that_were_written_are_counted(tmp_path, kind, n_files):
    marks = (
        Annotation("one/a", "reader-1", Box(1, 1, 3, 3), "x"),
        Annotation("one/a", "reader-1", Box(5, 5, 9, 9), "x"),
        Annotation("two/a", "reader-1", Box(1, 1, 3, 3), "x"),
    )
    out = tmp_path / "marks"
    assert write_annotations(kind, IMAGES, marks, out).n_files == n_files
    assert sum(file.is_file() for file in [out, *out.rglob("*")]) == n_files


def test_a_segmentation_of_no_image_in_the_folder_is_refused(tmp_path):
    write_image(tmp_path / "images" / "a.png")
    section = AnnotationSection(path=FILES / "dicom-seg" / "binary.dcm")
    with pytest.raises(DataError, match=r"(?m)^binary\.dcm: segments no slice of the data$"):
        marked_folder(tmp_path / "images", section)
