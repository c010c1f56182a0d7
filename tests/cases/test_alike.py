"""Two spellings of one patient, class, site or reader are refused, for they would count as two."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from xaudit import cases
from xaudit.cases.dataset import Dataset
from xaudit.config import AnnotationSection, DataSection
from xaudit.errors import DataError


def folder_with(tmp_path: Path, table: str, marks: str = "") -> DataSection:
    for n in range(4):
        Image.fromarray(np.full((20, 20), 40 + n, np.uint8)).save(tmp_path / f"{n}.png")
    (tmp_path / "labels.csv").write_text(table)
    (tmp_path / "marks.csv").write_text(marks)
    return DataSection(
        format="csv",
        labels=tmp_path / "labels.csv",
        annotations=AnnotationSection(path=tmp_path / "marks.csv") if marks else None,
    )


def load(section: DataSection) -> Dataset:
    root = section.labels.parent if section.labels else Path()
    return cases.load_dataset(section, dataset_id="data", workspace=root, on_progress=lambda _: None)


def table_of(column: str, *cells: str) -> str:
    labels = ("cancer", "normal", "cancer", "normal")
    return f"image,label,{column}\n" + "".join(
        f"{n}.png,{labels[n]},{cell}\n" for n, cell in enumerate(cells)
    )


@pytest.mark.parametrize("other", ["1.0", "001", "01.00"])
def test_a_patient_whose_number_is_written_in_two_ways_is_refused(tmp_path: Path, other: str) -> None:
    data = folder_with(tmp_path, table_of("patient", "1", other, "2", "3"))
    with pytest.raises(DataError, match=rf"labels.csv: the patients .*'{other}'.* differ only in spelling"):
        load(data)


@pytest.mark.parametrize(("column", "names"), [("patient", "patients"), ("site", "sites")])
def test_capitals_make_no_second_patient_or_site(tmp_path: Path, column: str, names: str) -> None:
    data = folder_with(tmp_path, table_of(column, "P1", "p1", "p2", "p3"))
    with pytest.raises(DataError, match=f"the {names} 'P1' .0.png. and 'p1' .1.png."):
        load(data)


def test_classes_that_differ_in_capitals_are_joined_by_merge_and_refused_without(tmp_path: Path) -> None:
    table = "image,label\n0.png,cancer\n1.png,Cancer\n2.png,normal\n3.png,normal\n"
    data = folder_with(tmp_path, table)
    with pytest.raises(DataError, match="the classes 'Cancer'") as caught:
        load(data)
    assert "data.merge" in str(caught.value.hint)
    merged = load(data.model_copy(update={"merge": {"Cancer": "cancer"}}))
    assert merged.class_names == ("cancer", "normal")


def test_numbers_and_names_that_differ_are_left_alone(tmp_path: Path) -> None:
    data = folder_with(tmp_path, table_of("patient", "10", "1", "1.5", "1a"))
    assert len({case.patient_id for case in load(data).cases}) == 4


def test_readers_in_two_spellings_are_refused(tmp_path: Path) -> None:
    marks = "image,reader,x0,y0,x1,y1\n0.png,1,1,1,5,5\n1.png,1.0,1,1,5,5\n"
    data = folder_with(tmp_path, "image,label\n0.png,a\n1.png,b\n2.png,a\n3.png,b\n", marks)
    with pytest.raises(DataError, match=r"marks.csv: the readers '1' .* and '1.0'"):
        load(data)


def test_two_columns_of_one_name_that_say_different_things_are_refused(tmp_path: Path) -> None:
    labels = "image,label\n0.png,a\n1.png,b\n2.png,a\n3.png,b\n"
    marks = "image,x0,y0,x1,y1,X0\n0.png,1,1,5,5,{}\n"
    same = load(folder_with(tmp_path, labels, marks.format(1)))
    assert len(same.annotations) == 1
    with pytest.raises(
        DataError, match=r"marks.csv: line 2: two columns are called 'x0', of which one says '1'"
    ):
        load(folder_with(tmp_path, labels, marks.format(3)))


def test_columns_of_the_table_that_are_not_read_are_named(tmp_path: Path) -> None:
    table = "image,label,patient_id,fold\n0.png,a,p1,1\n1.png,b,p2,1\n2.png,a,p3,2\n3.png,b,p4,2\n"
    dataset = load(folder_with(tmp_path, table))
    assert dataset.passed_over == ("labels.csv: 2 columns are not read: 'patient_id', 'fold'",)
    assert not dataset.patients_known
