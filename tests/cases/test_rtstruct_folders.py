"""Structure sets in a folder for each reader, told by their content alone."""

import shutil

from test_annotation_formats import FILES, SMALL, index

from xaudit.cases.marks.annotation_files import read_annotations
from xaudit.config import AnnotationSection


def test_every_file_of_a_folder_is_read_where_no_format_is_named(tmp_path):
    for reader in ("dr-a", "dr-b"):
        (tmp_path / "sets" / reader).mkdir(parents=True)
        shutil.copyfile(FILES / "rtstruct/axial.dcm", tmp_path / "sets" / reader / "1.dcm")
    found, *_ = read_annotations(
        AnnotationSection(path=tmp_path / "sets"), index(SMALL, "rtstruct/axial.dcm"), merge={}
    )
    assert [(mark.case_id, mark.reader_id, mark.label) for mark in found if mark.region is not None] == [
        ("a", "dr-a", "nodule"),
        ("a", "dr-b", "nodule"),
    ]
