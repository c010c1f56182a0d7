"""Rows that cannot be used, where all faults of a table are gathered, as `data check` does."""

import pytest
from case_files import write_image

from xaudit.cases.table import read_table
from xaudit.errors import DataError


@pytest.fixture
def table(tmp_path):
    for name in ("a", "b"):
        write_image(tmp_path / f"{name}.png")

    def write(*rows):
        file = tmp_path / "table.csv"
        file.write_text("\n".join(["image,label", *rows]) + "\n")
        return file

    return write


def test_rows_that_can_be_used_are_kept_beside_those_that_cannot(table, tmp_path):
    faults = []
    entries = read_table(table("a.png,cancer", "b.png,", "c.png,cancer"), tmp_path, faults=faults)
    assert [(entry.path, entry.label) for entry in entries] == [("a.png", "cancer")]
    assert [str(fault) for fault in faults] == [
        "table.csv: line 3: label is empty",
        "table.csv: line 4: no image 'c.png'",
    ]


def test_without_a_row_that_can_be_used_the_last_fault_is_raised(table, tmp_path):
    faults = []
    with pytest.raises(DataError, match=r"(?m)^table\.csv: line 3: no image 'c\.png'$"):
        read_table(table("b.png,", "c.png,cancer"), tmp_path, faults=faults)
    assert [str(fault) for fault in faults] == ["table.csv: line 2: label is empty"]


def test_where_nothing_gathers_faults_the_first_is_raised(table, tmp_path):
    with pytest.raises(DataError, match=r"(?m)^table\.csv: line 3: label is empty$"):
        read_table(table("a.png,cancer", "b.png,", "c.png,cancer"), tmp_path)
