"""The page of dependencies has a line for each one in pyproject.toml, and names its licence as the package does."""

import importlib.util
import re
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "dependencies.md"
ROW = re.compile(
    r"^\| ([\w-]+) \| (?:`(\w+(?:-\w+)*)`)? ?\| .+? \| (.+?) \| (.+?) \| ([\d.]+) \| ([\d.]+) \|$",
    re.MULTILINE,
)
ROWS = {
    name: (extra, why, licence, own, both)
    for name, extra, why, licence, own, both in ROW.findall(PAGE.read_text())
}
SAME = {
    "mit": "mit",
    "bsd": "bsd",
    "apache": "apache",
    "gnu": "gpl",
    "gpl": "gpl",
    "python": "psf",
    "psf": "psf",
}


def measured():
    found = importlib.util.spec_from_file_location(
        "dependency_sizes", ROOT / "fixtures" / "dependency_sizes.py"
    )
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


REQUIRED = measured().required()


def test_every_dependency_of_the_project_has_its_line_and_no_other_has():
    assert {name: extra for name, (extra, *_) in ROWS.items()} == REQUIRED


@pytest.mark.parametrize("name", REQUIRED)
def test_a_line_says_why_and_names_the_licence_that_the_package_names(name):
    _, why, licence, own, both = ROWS[name]
    assert len(why) > 4
    assert float(own) <= float(both)
    if not measured().closure(name):
        pytest.skip(f"{name} is an extra that is not installed here")
    said = measured().licence(distribution(name)).lower()
    kinds = {kind for word, kind in SAME.items() if word in said}
    named = {kind for word, kind in SAME.items() if word in licence.lower()}
    assert kinds & named, (said, licence)


def test_the_sizes_are_those_of_the_files():
    """Of two small ones, which differ little between machines."""
    module = measured()
    for name in ("pyyaml", "pydantic"):
        assert module.own_bytes(distribution(name)) / 1e6 == pytest.approx(float(ROWS[name][3]), rel=0.5)
    assert set(module.closure("pydantic")) >= {"pydantic", "pydantic-core", "typing-extensions"}
