"""What an external model said, from tables as people write them."""

import numpy as np
import pandas as pd
import pytest

from xaudit.cases.names.image_index import ImageIndex
from xaudit.cases.names.name_match import ImageFacts
from xaudit.errors import DataError, ModelError
from xaudit.stages.work.external_predictions import answers_of
from xaudit.store.foreign_table import read_foreign_table

IMAGES = ImageIndex({"test/a.png": "test/a", "test/b.png": "test/b", "train/b.png": "train/b"}, {})
CLASSES = ("cancer", "normal")


def answers(path, text=None, *, class_names=CLASSES, values="probability"):
    if text is not None:
        path.write_text(text, encoding="utf-8")
    rows = read_foreign_table(path, what="predictions")
    return answers_of(rows, IMAGES, class_names=class_names, values=values)


def softmax(logits):
    shares = np.exp(logits - logits.max())
    return shares / shares.sum()


@pytest.fixture
def table(tmp_path):
    return tmp_path / "preds.csv"


@pytest.mark.parametrize(
    "text",
    [
        "image,cancer,normal\ntest/a.png,0.8,0.2\ntest/b.png,0,1\n",
        "normal;image;cancer;note\n0.2;a.png;0.8;x\n1.0;test/b;0;y\n",
        "case_id\tcancer\ntest/a\t0.8\ntest/b\t0\n",
        "image,normal\na,0.2\ntest/b.png,1\n",
        "image,label,score\na.png,cancer,0.8\ntest/b.png,normal,1\n",
        "image,cancer,normal\ntest/a.png,0.8,0.2\ntest/b.png,0,1\nelsewhere.png,0.1,0.9\n",
    ],
)
def test_every_way_to_write_probabilities_gives_them_back(table, text):
    found = answers(table, text)
    assert sorted(found) == ["test/a", "test/b"]
    np.testing.assert_allclose(softmax(found["test/a"]), [0.8, 0.2], atol=1e-12)
    np.testing.assert_allclose(softmax(found["test/b"]), [0, 1], atol=1e-12)
    assert np.isfinite(found["test/b"]).all()


def test_logits_are_taken_as_they_are_and_one_of_two_is_against_zero(table):
    text = "image,cancer,normal\na.png,3.5,-1\n"
    assert answers(table, text, values="logit")["test/a"].tolist() == [3.5, -1]
    assert answers(table, "image,normal\na.png,2\n", values="logit")["test/a"].tolist() == [0, 2]


def test_parquet_says_the_same_as_csv(tmp_path, table):
    text = "image,cancer,normal\ntest/a.png,0.8,0.2\ntest/b.png,0.25,0.75\n"
    from_csv = answers(table, text)
    pd.read_csv(table).to_parquet(tmp_path / "preds.parquet")
    from_parquet = answers(tmp_path / "preds.parquet")
    assert {name: one.tolist() for name, one in from_parquet.items()} == {
        name: one.tolist() for name, one in from_csv.items()
    }


def test_rounded_probabilities_of_three_classes_are_brought_to_one(table):
    found = answers(table, "image,x,y,z\na.png,0.33,0.33,0.33\n", class_names=("x", "y", "z"))
    np.testing.assert_allclose(softmax(found["test/a"]), [1 / 3] * 3)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("file,cancer\na.png,1\n", "preds.csv: no column is called 'image' or 'case_id'; the columns are 'file', 'cancer'", "by its path"),
        ("image,p\na.png,1\n", "preds.csv: no column is called like the class 'cancer'", "a column for each of cancer, normal"),
        ("image,cancer,Normal\na.png,0.9,0.1\n", "preds.csv: no column is called like the class 'normal'", "did you mean 'Normal'?"),
        ("image,cancer,normal\nb.png,1,0\n", "line 2: 'b.png' can be the image test/b or train/b", "with its sub-folder"),
        ("image,cancer,normal\na.png,1,0\ntest/a,1,0\n", "line 3: the image test/a was told of already (line 2)", "keep one row"),
        ("image,cancer,normal\na.png,1.4,-0.4\n", "line 2: cancer is 1.4, and a probability lies between 0 and 1", "values: logit"),
        ("image,cancer,normal\na.png,90,10\n", "line 2: cancer is 90, and a probability lies between 0 and 1", "divide them by 100"),
        ("image,cancer\na.png,90\n", "line 2: cancer is 90, and a probability lies between 0 and 1", "values: logit}`; if they are percentages"),
        ("image;cancer;normal\na.png;0,9;0,1\n", "line 2: cancer is '0,9', not a number", "with a point"),
        ("image,cancer,normal\na.png,0.9,0.8\n", "line 2: the probabilities of the classes sum to 1.7, not to 1", "a softmax"),
        ("image,cancer,normal\na.png,nan,0.2\n", "line 2: cancer is 'nan', not a number", "for every class"),
        ("image,cancer,normal\na.png,,0.2\n", "line 2: cancer is '', not a number", "for every class"),
        ("image,label,score\na.png,cancer,0.3\n", "line 2: score is 0.3, and of two classes the one", "if label is the truth"),
        ("image,label,score\na.png,cancre,0.9\n", "line 2: label is 'cancre', which is no class of the data", "did you mean 'cancer'?"),
        ("image,cancer,normal\nzz.png,1,0\n", "preds.csv: no row names an image of the data, 'zz.png' for one", "such as test/a.png"),
    ],
)  # fmt: skip
def test_what_a_table_does_not_tell_is_named(table, text, message, hint):
    with pytest.raises(ModelError) as caught:
        answers(table, text)
    assert message in str(caught.value)
    assert hint in caught.value.hint


def test_label_and_score_are_too_little_for_three_classes(table):
    with pytest.raises(ModelError, match="only between two classes, and the data has 3"):
        answers(table, "image,label,score\na.png,x,0.9\n", class_names=("x", "y", "z"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image,cancer\n", "preds.csv: the table has no rows"),
        ("", "preds.csv: the table has no rows"),
        ("image,cancer,cancer\na,1,0\n", "preds.csv: two columns are called 'cancer'"),
        ("image,cancer\na,1,0\n", "preds.csv: line 2: 3 cells under 2 columns"),
    ],
)
def test_a_table_that_is_none_is_refused(table, text, message):
    with pytest.raises(DataError) as caught:
        answers(table, text)
    assert str(caught.value) == message


def test_a_missing_or_damaged_file_is_said_so(tmp_path):
    (tmp_path / "predictions.csv").write_text("image,cancer\na,1\n")
    with pytest.raises(DataError, match="no such file of predictions") as caught:
        answers(tmp_path / "prediction.csv")
    assert caught.value.hint.startswith("did you mean 'predictions.csv'?")
    with pytest.raises(DataError, match="no such file of predictions"):
        answers(tmp_path / "preds.parquet")
    (tmp_path / "preds.parquet").write_text("image,cancer\na,1\n")
    with pytest.raises(DataError, match=r"preds\.parquet: cannot be read as Parquet"):
        answers(tmp_path / "preds.parquet")


FLAT = ImageIndex(
    {f"slice{n}.png": f"slice{n}" for n in (1, 2, 3)},
    {},
    facts={f"slice{n}": ImageFacts(patient="p1") for n in (1, 2, 3)},
)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_a_row_of_another_patients_image_is_left_out_and_counted(order):
    names = ["p1/slice1.png", "p2/slice1.png", "p1/slice3.png"]
    rows = [(f"preds.csv: line {n}", {"image": names[n], "cancer": str(0.2 + n / 10)}) for n in order]
    extra = []
    found = answers_of(rows, FLAT, class_names=CLASSES, values="probability", extra=extra)
    assert sorted(found) == ["slice1", "slice3"]
    np.testing.assert_allclose(softmax(found["slice1"]), [0.2, 0.8])  # that of p1, not the 0.3 of p2
    assert extra == ["p2/slice1.png"]


def test_two_names_of_one_image_are_both_named(table):
    with pytest.raises(ModelError) as caught:
        answers(table, "image,cancer\na.png,0.5\ntest/a.png,0.6\n")
    assert "told of already (line 2) as 'a.png', and here as 'test/a.png'" in str(caught.value)


@pytest.mark.parametrize("cell", ["", "nan", "N/A", "None"])
def test_a_row_that_names_no_image_is_refused(table, cell):
    with pytest.raises(ModelError, match="line 3: image is empty"):
        answers(table, f"image,cancer,normal\na.png,1,0\n{cell},0.5,0.5\n")


def test_empty_cells_at_the_end_of_a_line_mean_nothing(table):
    found = answers(table, "image,cancer,normal,,\na.png,0.8,0.2\ntest/b.png,0.1,0.9,,,,\n")
    assert sorted(found) == ["test/a", "test/b"]


def test_an_excel_file_is_called_one(table):
    table.write_bytes(b"PK\x03\x04" + b"\0" * 26 + b"xl/workbook.xml")
    with pytest.raises(DataError, match=r"preds\.csv: is an Excel file, and tables are read as text"):
        answers(table)
