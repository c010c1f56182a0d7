"""CONTRIBUTING shows a mark format as one new file with its example: with no other edit, all of xaudit knows it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import xaudit

PACKAGE = Path(xaudit.__file__).parent
ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
(CODE,) = re.findall(r"^```python\n(\"\"\"JSON of the VGG.*?)^```$", PAGE, re.S | re.M)
(EXAMPLE,) = re.findall(r"^  ```json\n(.*?)^  ```$", PAGE, re.S | re.M)


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A copy of the package and of its tests of formats, with the two files that the page shows and nothing else changed."""
    copy = tmp_path_factory.mktemp("extended")
    shutil.copytree(PACKAGE, copy / "xaudit", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("cases", "hostile"):
        shutil.copytree(
            ROOT / "tests" / name, copy / "tests" / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", copy)
    record, example = copy / "xaudit/builtin/formats/via.py", copy / "tests/cases/files/via/box.json"
    assert not record.exists()
    record.write_text(CODE, encoding="utf-8")
    example.parent.mkdir()
    example.write_text(EXAMPLE, encoding="utf-8")
    return copy


def python(copy, *arguments, folder=None):
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=folder or copy,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (copy, ROOT / "tests" / "cases")))},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_the_format_is_listed_once_its_one_file_is_there(extended):
    rows = python(extended, "-m", "xaudit", "list", "formats", "--format", "csv").splitlines()
    names = [row.partition(",")[0] for row in rows]
    assert names[names.index("masks") + 1] == "via"


def test_marks_are_written_in_the_format_and_told_by_their_content(extended, tmp_path):
    Image.new("L", (60, 40)).save(tmp_path / "a.png")
    shutil.copy(ROOT / "tests/cases/files/coco/box.json", tmp_path / "box.json")
    converted = python(
        extended,
        "-m",
        "xaudit",
        "data",
        "convert",
        "box.json",
        "--to",
        "via",
        "-o",
        "via.json",
        folder=tmp_path,
    )
    assert "read back: 1 of 1 (image, reader) pairs cover exactly the same pixels" in converted
    written = json.loads((tmp_path / "via.json").read_text())
    assert list(written.values()) == list(json.loads(EXAMPLE).values())
    (tmp_path / "box.json").unlink()
    converted = python(
        extended,
        "-m",
        "xaudit",
        "data",
        "convert",
        "via.json",
        "--to",
        "coco",
        "-o",
        "back.json",
        folder=tmp_path,
    )
    assert converted.splitlines()[1] == "1 mark and 0 votes that nothing is there, by 1 reader"


@pytest.mark.slow
def test_the_contract_tests_take_the_format_without_being_told(extended):
    names = ("cases/test_annotation_formats", "hostile/test_damaged_files", "hostile/test_entry_points")
    files = [f"tests/{name}.py" for name in names]
    run = python(extended, "-m", "pytest", "-p", "no:cacheprovider", "-k", "via or marks", *files)
    assert int(re.search(r"(\d+) passed", run).group(1)) >= 8, run
