"""A column that says of each image whether it shows a finding."""

import numpy as np
import pytest
from PIL import Image

from xaudit.cases import load_dataset
from xaudit.config import DataSection
from xaudit.errors import DataError


def loaded(folder, *rows, names="image,patient,nodule,other", **settings):
    for row in rows:
        name = row.split(",")[0]
        (folder / name).parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((20, 20), len(name), dtype=np.uint8)).save(folder / name)
    (folder / "labels.csv").write_text("\n".join([names, *rows]) + "\n")
    section = DataSection(
        format="csv", images=folder, labels=folder / "labels.csv",
        **{"label_column": "Nodule", "positive": "nodule", "classes": ("no nodule", "nodule"), **settings},
    )  # fmt: skip
    return load_dataset(section, dataset_id="nodule", workspace=folder, on_progress=lambda _: None)


ROWS = ("a.png,p1,1,0.5", "b.png,p2,0.0,7", "c.png,p3,nan,x", "d.png,p3,,x", "e.png,p4,1.0,x")


def test_ones_and_zeros_are_the_two_classes_and_what_is_not_known_is_counted_and_left_out(tmp_path):
    data = loaded(tmp_path, *ROWS)
    assert [(case.case_id, case.label, case.finding) for case in data.cases] == [
        ("nodule/a", "nodule", "nodule"),
        ("nodule/b", "no nodule", "nodule"),
        ("nodule/e", "nodule", "nodule"),
    ]
    assert (
        "'Nodule' is empty for 2 of 5 images (1 patient): the model was not asked about 'nodule' there"
        in data.notes
    )
    assert not any("does not list" in note for note in data.notes)


def test_the_same_image_has_the_same_random_choices_in_the_data_sets_of_all_findings(tmp_path):
    assert [case.image_id for case in loaded(tmp_path, *ROWS).cases] == ["a", "b", "e"]


@pytest.mark.parametrize(
    ("rows", "complaint", "advice"),
    [
        (["a.png,p1,1,0", "b.png,p2,0.73,0"], "line 3: Nodule is '0.73', a continuous value; scores of a regression", "write 1"),
        (["a.png,p1,-1,0", "b.png,p2,0,0"], "line 2: Nodule is '-1', as some data sets write what is uncertain", "nothing if"),
        (["a.png,p1,yes,0", "b.png,p2,0,0"], "line 2: Nodule is 'yes', and not 1, 0 or empty", "write 1"),
        (["a.png,p1,,0", "b.png,p2,nan,0"], "the column 'Nodule' says 1 of no image", "leave the finding out"),
        (["a.png,p1,0,0", "b.png,p2,0,0"], "the column 'Nodule' says 1 of no image", "leave the finding out"),
        (["a.png,p1,1,0", "b.png,p2,,0"], "the column 'Nodule' says 0 of no image", "leave the finding out"),
    ],
)  # fmt: skip
def test_labels_that_are_no_finding_are_refused_with_their_line(tmp_path, rows, complaint, advice):
    with pytest.raises(DataError) as caught:
        loaded(tmp_path, *rows)
    assert str(caught.value).startswith("labels.csv: ")
    assert complaint in str(caught.value)
    assert advice in caught.value.hint


def test_a_column_that_is_not_there_or_twice_is_refused(tmp_path):
    with pytest.raises(
        DataError, match="no column is called 'Nodule', which would hold the labels of 'nodule'"
    ) as caught:
        loaded(tmp_path, *ROWS, names="image,patient,noduls,other")
    assert "nodul" in caught.value.hint
    with pytest.raises(DataError, match="two columns are called 'Nodule'"):
        loaded(tmp_path, *ROWS, names="image,patient,nodule,NODULE")


def test_a_column_called_label_is_not_read_beside_it(tmp_path):
    data = loaded(tmp_path, *ROWS, names="image,patient,nodule,label")
    assert {case.label for case in data.cases} == {"nodule", "no nodule"}


def test_labels_that_are_scores_of_a_regression_are_refused(tmp_path):
    rows = ("a.png,0.71,p1,x", "b.png,2,p2,x")
    with pytest.raises(
        DataError, match=r"labels\.csv: every label is a number, such as '0\.71': .* regression"
    ):
        loaded(
            tmp_path, *rows, names="image,label,patient,other", label_column=None, positive=None, classes=()
        )
