"""The reference page of the run folder is the schemas', not somebody's memory of them."""

from pathlib import Path

import pytest

from xaudit.store.schema_page import TABLES, schema_markdown

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "run-folder.md"


def test_the_committed_page_is_what_the_schemas_give():
    assert PAGE.read_text(encoding="utf-8") == schema_markdown(), (
        "write it anew: Path('docs/reference/run-folder.md').write_text(xaudit.store.schema_page.schema_markdown())"
    )


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_says_what_it_means(table):
    assert [field.name for field in table.schema if not (field.metadata or {}).get(b"meaning")] == []


def test_a_column_means_the_same_in_every_table_that_has_it():
    shared = ("case_id", "patient_id", "model", "explainer", "explainer_hash", "target", "correct", "reader")
    for name in shared:
        fields = [table.schema.field(name) for table in TABLES if name in table.schema.names]
        assert len({(str(field.type), field.nullable) for field in fields}) == 1, name


def test_a_row_of_the_page_reads_like_this():
    row = (
        "| `spacing_row_mm` | float64 | yes | from one row to the next, in millimetres; empty where unknown |"
    )
    assert row in schema_markdown().splitlines()
