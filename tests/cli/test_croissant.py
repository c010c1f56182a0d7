"""``xaudit report --croissant``, held to the run's own tables and to MLCommons' validator where it is installed."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xaudit.store.checksums import file_checksum
from xaudit.store.schema_page import TABLES


@pytest.fixture(scope="module")
def described(small_run):
    from xaudit.cli.boundary import run_command_line

    assert run_command_line(["report", str(small_run), "--croissant"]) == 0
    return small_run, json.loads((small_run / "croissant.json").read_text(encoding="utf-8"))


def test_every_table_and_every_column_is_described_or_named_as_not_described(described):
    run, plain = described
    stored = {table.name: table for table in TABLES if _paths(run, table)}
    assert {one["@id"] for one in plain["recordSet"]} == {*stored}
    for one in plain["recordSet"]:
        fields = {field["source"]["extract"]["column"] for field in one["field"]}
        columns = {field.name for field in stored[one["@id"]].schema}
        missing = {name for name in columns - fields if f"{one['@id']}.{name}" not in plain["description"]}
        assert fields <= columns
        assert missing == set()


def _paths(run: Path, table):
    return sorted(run.glob(f"{table.name}/part-*.parquet" if table.in_parts else f"{table.name}.parquet"))


def test_files_and_types_are_those_of_the_folder(described):
    run, plain = described
    kinds = {
        pa.string(): "sc:Text",
        pa.int64(): "sc:Integer",
        pa.float64(): "sc:Float",
        pa.bool_(): "sc:Boolean",
    }
    for one in plain["distribution"]:
        if one["@type"] == "cr:FileObject":
            assert one["sha256"] == file_checksum(run / one["contentUrl"])
        else:
            assert list(run.glob(one["includes"]))
    [scores] = [one for one in plain["recordSet"] if one["@id"] == "scores"]
    schema = pq.read_schema(next(run.glob("scores/part-*.parquet")))
    assert {field["name"]: field["dataType"] for field in scores["field"]} == {
        field.name: kinds[field.type] for field in schema
    }
    [predictions] = [one for one in plain["recordSet"] if one["@id"] == "predictions"]
    repeated = {field["name"] for field in predictions["field"] if field.get("repeated")}
    assert repeated == {"class_names", "logits", "probabilities"}


def test_no_id_of_a_case_or_patient_is_in_it(described):
    text = (described[0] / "croissant.json").read_text(encoding="utf-8")
    assert [
        word for word in ("scan0", "DOE-JANE", "ROE-RICHARD", str(described[0].parent)) if word in text
    ] == []


def test_it_is_written_into_the_run_folder_alone(small_run, refusal):
    error, _ = refusal("report", small_run, "--croissant", "--to", "x.json")
    assert error == "--to: only the page, the figures and the sign-off are written to a place of your choice"


@pytest.mark.filterwarnings("ignore")  # those of the packages that the validator imports
def test_the_validator_of_the_format_takes_it_and_reads_every_row(described):
    croissant = pytest.importorskip("mlcroissant")
    run, plain = described
    dataset = croissant.Dataset(jsonld=str(run / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    for one in plain["recordSet"]:
        table = next(table for table in TABLES if table.name == one["@id"])
        n_rows = sum(pq.read_metadata(path).num_rows for path in _paths(run, table))
        assert len(list(dataset.records(one["@id"]))) == n_rows
