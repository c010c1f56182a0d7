"""xaudit's own records: each in the file that bears its name, imported without a library, and found by being there."""

import importlib
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

import xaudit
from xaudit.catalog import EXPLAINER_RECORDS, EXPLAINERS, INFILLS, METRIC_RECORDS, METRICS
from xaudit.catalog.builtins import by_id, records_below
from xaudit.catalog.plugin_records import ExplainerPlugin, ImportPath, InfillRecord, MetricPlugin, not_alone

PACKAGE = Path(xaudit.__file__).parent
BUILTIN = PACKAGE / "builtin"
CHOSEN = ("localization", "faithfulness", "complexity")
"""Families of metrics that have a file each; a section of the audit file measures the others together."""

FUNCTIONS = [
    *((name, record.make) for name, record in EXPLAINER_RECORDS.items()),
    *((name, record.native_grid) for name, record in EXPLAINER_RECORDS.items()),
    *((name, record.measure) for name, record in METRIC_RECORDS.items()),
    *((name, record.without_map) for name, record in METRIC_RECORDS.items()),
    *((name, record.fill) for name, record in INFILLS.items()),
]


def import_paths(function):
    """Every import path within a function of a record."""
    if isinstance(function, ImportPath):
        yield function
    elif isinstance(function, partial):
        for part in (function.func, *function.args):
            yield from import_paths(part)


PATHS = sorted({(name, path.path) for name, function in FUNCTIONS for path in import_paths(function)})


@pytest.mark.parametrize(("name", "path"), PATHS, ids=lambda value: value)
def test_a_function_that_a_record_names_is_there(name, path):
    assert callable(ImportPath(path).resolve())


def test_every_record_that_is_chosen_by_name_has_a_function():
    silent = {name for name, function in FUNCTIONS if function is not_alone}
    assert silent == {
        *(row.id for row in EXPLAINERS if row.made_of != "image"),
        *(name for name, record in METRIC_RECORDS.items() if record.row.family not in CHOSEN),
        "sufficiency",
    }


def test_a_file_bears_the_id_of_its_record_and_lies_in_the_folder_of_its_family():
    for folder, records in (("explainers", EXPLAINER_RECORDS), ("metrics", METRIC_RECORDS)):
        for record in records.values():
            if record.row.family not in (
                *CHOSEN,
                "cam",
                "gradient",
                "surrogate",
                "occlusion",
                "attention",
                "control",
            ):
                continue
            family = BUILTIN / folder / record.row.family
            stems = {record.row.id, record.row.id.removesuffix("-lerf"), record.row.id.removesuffix("-mm")}
            assert any((family / f"{stem.replace('-', '_')}.py").is_file() for stem in stems), record.row.id
    assert {path.stem for path in (BUILTIN / "infills").glob("*.py")} == {
        "__init__",
        *(name.replace("-", "_") for name in INFILLS),
    }


def test_no_place_in_the_lists_is_given_twice():
    explainers = [(record.row.control, record.order) for record in EXPLAINER_RECORDS.values()]
    metrics = [(record.row.family, record.order) for record in METRIC_RECORDS.values()]
    for places in (explainers, metrics):
        assert len(places) == len(set(places))


def test_a_ceiling_follows_from_its_metric():
    ceilings = [row.id.removesuffix("-ceiling") for row in METRICS.own if row.id.endswith("-ceiling")]
    assert ceilings == [name for name, record in METRIC_RECORDS.items() if record.row.has_ceiling]


def test_the_catalog_imports_no_numpy():
    code = "import sys, xaudit.catalog; sys.exit('numpy' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Writes a package of records, and gives its name."""
    (tmp_path / "made_records").mkdir()
    (tmp_path / "made_records" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    def write(**files):
        for name, text in files.items():
            (tmp_path / "made_records" / f"{name}.py").write_text(text)
        importlib.invalidate_caches()
        return "made_records"

    yield write
    for name in [name for name in sys.modules if name.startswith("made_records")]:
        del sys.modules[name]


INFILL = "from xaudit.catalog.plugin_records import InfillRecord\nRECORD = InfillRecord('{0}', 'in words', len, order={1})\n"


def collected(package):
    return by_id(
        records_below(package, InfillRecord), lambda record: record.id, lambda record: (record.order,)
    )


def test_records_stand_by_their_order_and_then_by_their_id(package):
    written = package(a=INFILL.format("a", 20), b=INFILL.format("b", 10), c=INFILL.format("aa", 20))
    assert list(collected(written)) == ["b", "a", "aa"]


def test_an_id_that_two_files_give_is_told(package):
    written = package(a=INFILL.format("a", 20), b=INFILL.format("a", 10))
    with pytest.raises(ValueError, match=r"^two built-in records have the id 'a'$"):
        collected(written)


@pytest.mark.parametrize(("text", "kind"), [("", "NoneType"), ("RECORD = 3\n", "int")])
def test_a_file_without_a_record_is_told(package, text, kind):
    with pytest.raises(
        TypeError, match=rf"^made_records\.a: RECORD is a {kind}, expected (Explainer|Metric)Plugin$"
    ):
        list(records_below(package(a=text), ExplainerPlugin if text else MetricPlugin))
