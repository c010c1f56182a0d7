"""YOLO's shares of the image near its edges, and files without a line."""

import numpy as np
import pytest
from test_annotation_formats import SMALL, index

from xaudit.cases.marks.annotation_files import read_annotations
from xaudit.config import AnnotationSection
from xaudit.errors import DataError
from xaudit.geometry import rasterise
from xaudit.records import Annotation


def read(folder, **settings):
    return read_annotations(AnnotationSection(path=folder, **settings), index(SMALL), merge={})[0]


def test_an_outline_that_runs_a_little_over_the_edge_is_taken_and_pixels_are_not(tmp_path):
    # 60 × 40: columns 54 to 59, rows 20 to 39; the edge itself is 1.
    (tmp_path / "a.txt").write_text("0 .9 .5 1.005 .5 1.005 1.005 .9 1.005\n")
    [mark] = read(tmp_path, format="yolo")
    expected = np.zeros(SMALL, dtype=bool)
    expected[20:, 54:] = True
    assert np.array_equal(rasterise(mark.region, SMALL), expected)
    (tmp_path / "a.txt").write_text("0 .9 .5 2.1 .5 2.1 1 .9 1\n")
    with pytest.raises(DataError, match=r"(?m)^a\.txt: line 1: 2\.1 is no share of the image$"):
        read(tmp_path, format="yolo")


def test_a_folder_of_empty_files_alone_says_that_nothing_was_found(tmp_path):
    (tmp_path / "a.txt").write_text("")
    (tmp_path / "b.txt").write_text("")
    assert read(tmp_path) == (Annotation("a", "reader-1", None), Annotation("b", "reader-1", None))


def test_a_file_of_one_byte_is_no_empty_one(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(DataError):
        read(tmp_path)
