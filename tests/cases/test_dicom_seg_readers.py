"""A DICOM segmentation is the reader's after whom its folder is called, below the folder that is given."""

import shutil

import pydicom
import pytest
from test_dicom_seg_fractions import FILE, images

from xaudit.cases.marks.annotation_files import read_annotations
from xaudit.config import AnnotationSection
from xaudit.errors import DataError


def readers(path):
    found, *_ = read_annotations(AnnotationSection(path=path), images(), merge={})
    return sorted({(mark.case_id, mark.reader_id) for mark in found})


def put(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(FILE, path)


def test_files_in_a_folder_for_each_reader_are_theirs(tmp_path):
    put(tmp_path / "seg" / "dr-a" / "1.dcm")
    put(tmp_path / "seg" / "dr-b" / "1.dcm")
    assert readers(tmp_path / "seg") == [("a", "dr-a"), ("a", "dr-b"), ("b", "dr-a"), ("b", "dr-b")]


def test_a_file_that_lies_in_no_readers_folder_is_the_only_readers(tmp_path):
    put(tmp_path / "seg" / "1.dcm")
    assert (
        readers(tmp_path / "seg")
        == readers(tmp_path / "seg" / "1.dcm")
        == [("a", "reader-1"), ("b", "reader-1")]
    )


def test_a_frame_of_a_segment_that_the_file_does_not_describe_is_refused(tmp_path):
    dataset = pydicom.dcmread(FILE)
    dataset.SegmentSequence[0].SegmentNumber = 9
    dataset.save_as(tmp_path / "seg.dcm")
    with pytest.raises(DataError, match=r"(?m)^the DICOM SEG: frame 1: belongs to no segment$"):
        readers(tmp_path / "seg.dcm")
