"""A folder that is there as a whole, or as it was before; and tables of flat records."""

from dataclasses import dataclass

import pyarrow.parquet as pq
import pytest

from xaudit.errors import OutputError
from xaudit.records import DataAudit, DataCheck
from xaudit.store import atomic_folder
from xaudit.store.atomic_folder import write_folder
from xaudit.store.data_audit_tables import encoded_tables


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    write_folder(tmp_path / "a", {"key.json": b"1", "old.txt": b"x"}, replaces_if="key.json")
    write_folder(tmp_path / "a", {"key.json": b"2"}, replaces_if="key.json")
    assert names(tmp_path) == ["a"]
    assert names(tmp_path / "a") == ["key.json"]
    assert (tmp_path / "a" / "key.json").read_bytes() == b"2"


def test_a_failure_keeps_what_was_there_and_leaves_nothing(tmp_path, monkeypatch):
    write_folder(tmp_path / "a", {"key.json": b"1"}, replaces_if="key.json")

    def refuse(path, data):
        if path.name == "second":
            raise OutputError(f"{path}: the disk is full")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    monkeypatch.setattr(atomic_folder, "write_atomically", refuse)
    with pytest.raises(OutputError):
        write_folder(tmp_path / "a", {"key.json": b"2", "second": b""}, replaces_if="key.json")
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a" / "key.json").read_bytes() == b"1"


def test_something_else_under_that_name_is_left_alone(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "mine").write_text("x")
    with pytest.raises(OutputError, match=r"is there already and holds no key\.json"):
        write_folder(tmp_path / "a", {"key.json": b"1"}, replaces_if="key.json")
    assert names(tmp_path / "a") == ["mine"]


@dataclass(frozen=True)
class Row:
    case_id: str
    group: str | None
    n: int
    share: float
    same: bool


def audit(tables):
    check = DataCheck("copies", "Copies", "data", tables=tables)
    return DataAudit("id", "name", "hash", "1", 0, (), (), (check,))


def test_tables_of_flat_records_are_parquet_and_groups_are_csv_too(tmp_path):
    rows = [Row("a,b", None, 2, 0.5, True), Row("c", "g", 3, 1.0, False)]
    files = encoded_tables(audit({"groups": rows, "empty": []}))
    assert sorted(files) == ["groups.csv", "groups.parquet"]
    assert files["groups.csv"].decode().splitlines() == [
        "case_id,group,n,share,same",
        '"a,b",,2,0.5,True',
        "c,g,3,1.0,False",
    ]
    (tmp_path / "groups.parquet").write_bytes(files["groups.parquet"])
    table = pq.read_table(tmp_path / "groups.parquet")
    assert table.to_pylist()[1] == {"case_id": "c", "group": "g", "n": 3, "share": 1.0, "same": False}


def test_a_row_that_is_not_flat_is_refused():
    @dataclass(frozen=True)
    class Nested:
        parts: tuple

    with pytest.raises(
        TypeError, match="the column 'parts' of 'pairs' is neither text, number nor truth value"
    ):
        encoded_tables(audit({"pairs": [Nested(())]}))
