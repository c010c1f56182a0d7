"""xaudit's own mark formats and sources of models: each in the file that bears its name, with functions that are there."""

from dataclasses import fields
from pathlib import Path

import pytest

import xaudit
from xaudit.cases.marks.kind import SUFFIXES
from xaudit.catalog import FORMAT_RECORDS, MODEL_RECORDS
from xaudit.catalog.formats import WRITABLE
from xaudit.catalog.models import holds_network
from xaudit.catalog.plugin_records import ImportPath
from xaudit.config import AnnotationSection, ModelSection

BUILTIN = Path(xaudit.__file__).parent / "builtin"
RECORDS = {"formats": FORMAT_RECORDS, "models": MODEL_RECORDS}


def import_paths():
    for kind, records in RECORDS.items():
        for name, record in records.items():
            for field in fields(record):
                value = getattr(record, field.name)
                if isinstance(value, ImportPath):
                    yield pytest.param(field.name, value, id=f"{kind}-{name}-{field.name}")


@pytest.mark.parametrize(("field", "path"), list(import_paths()))
def test_what_a_record_names_is_there(field, path):
    there = path.resolve()
    assert all(name == name.lower() for name in there) if field == "columns" else callable(there)


@pytest.mark.parametrize("kind", RECORDS)
def test_a_file_bears_the_id_of_its_record_and_no_place_is_given_twice(kind):
    records = RECORDS[kind]
    names = {path.stem for path in (BUILTIN / kind).glob("*.py")} - {"__init__"}
    assert names == {name.replace("-", "_") for name in records}
    places = [record.order for record in records.values()]
    assert len(places) == len(set(places))


@pytest.mark.parametrize("name", FORMAT_RECORDS)
def test_a_format_can_be_told_by_its_content_and_takes_settings_that_there_are(name):
    record = FORMAT_RECORDS[name]
    assert record.content in (*SUFFIXES, "png", "nifti")
    assert set(record.settings) <= set(AnnotationSection.model_fields)
    if record.content == "table":
        assert record.columns is not None
    elif record.content not in ("png", "nifti"):
        assert record.recognise is not None


def test_formats_that_can_be_written_are_those_with_a_writer():
    assert set(WRITABLE) == {name for name, record in FORMAT_RECORDS.items() if record.write is not None}
    assert WRITABLE[-1] == "nifti"


@pytest.mark.parametrize("name", MODEL_RECORDS)
def test_a_source_says_which_key_names_its_network_and_how_it_is_loaded(name):
    record = MODEL_RECORDS[name]
    assert record.key in ModelSection.model_fields
    assert bool(record.library) == bool(record.row.extra)
    assert holds_network(name) == (record.check_file is not None)
    assert record.architecture.format(ModelSection.model_construct(architecture="a", factory="f")) in (
        "",
        "a",
        "timm a",
        "f",
    )
