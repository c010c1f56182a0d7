"""Which files a digest of code stands for, and what changes it."""

import os
import py_compile
import shutil
import sys

import pytest

from xaudit.catalog.source_code import code_digest, code_files, stale_cache


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A package of a user's own: nets builds with blocks, which imports a constant; other is used by nobody."""
    folder = tmp_path / "project"
    (folder / "mine").mkdir(parents=True)
    for name, text in {
        "mine/__init__.py": "",
        "mine/nets.py": "import json\nfrom .blocks import block\n\ndef late():\n    from mine import within\n",
        "mine/blocks.py": "import numpy\nfrom constants import GAIN\n\ndef block():\n    return GAIN\n",
        "mine/within.py": "X = 1\n",
        "mine/other.py": "Y = 1\n",
        "constants.py": "GAIN = 2\n",
    }.items():
        (folder / name).write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    forget()
    __import__("mine.nets")
    yield folder
    forget()


def forget():
    for name in [name for name in sys.modules if name == "constants" or name.partition(".")[0] == "mine"]:
        del sys.modules[name]


def test_the_files_are_the_users_own_that_are_imported_wherever_in_the_text(project):
    assert set(code_files("mine.nets")) == {"mine", "mine.nets", "mine.blocks", "mine.within", "constants"}
    assert set(code_files("mine.nets", ["mine.other"])) == {*code_files("mine.nets"), "mine.other"}


@pytest.mark.parametrize("name", ["mine/nets.py", "mine/blocks.py", "mine/within.py", "constants.py"])
def test_an_edit_of_any_of_them_changes_the_digest_and_one_of_another_file_does_not(project, name):
    before = code_digest("mine.nets")
    (project / "mine" / "other.py").write_text("Y = 2\n")
    assert code_digest("mine.nets") == before
    with (project / name).open("a") as file:
        file.write("# edited\n")
    assert code_digest("mine.nets") != before


def test_the_digest_does_not_depend_on_where_the_project_lies(project, tmp_path, monkeypatch):
    before = code_digest("mine.nets")
    elsewhere = shutil.copytree(project, tmp_path / "on another disk")
    forget()
    sys.path.remove(str(project))
    monkeypatch.syspath_prepend(str(elsewhere))
    __import__("mine.nets")
    assert code_digest("mine.nets") == before


def test_a_module_that_is_fetched_by_a_text_counts_through_what_it_gave(project):
    (project / "mine" / "nets.py").write_text(
        "import importlib\nGot = importlib.import_module('mine.' + 'other')\n"
    )
    forget()
    __import__("mine.nets")
    assert "mine.other" in code_files("mine.nets")


def test_of_an_installed_package_every_file_counts_and_of_others_none(tmp_path, monkeypatch):
    site = tmp_path / "site-packages"
    (site / "bought" / "deep").mkdir(parents=True)
    for name in ("bought/__init__.py", "bought/net.py", "bought/deep/part.py"):
        (site / name).write_text("import numpy\n")
    monkeypatch.syspath_prepend(str(site))
    __import__("bought.net")
    assert set(code_files("bought.net")) == {"bought/__init__.py", "bought/net.py", "bought/deep/part.py"}
    for name in ("bought", "bought.net"):
        del sys.modules[name]


def test_a_compiled_copy_that_python_wrongly_takes_for_current_is_found(project):
    path = project / "constants.py"
    py_compile.compile(str(path))
    assert stale_cache([path]) is None
    before = path.stat()
    path.write_text("GAIN = 3\n")  # as many bytes, and the time is put back
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    cached = stale_cache([path])
    assert cached is not None
    assert cached.parent.name == "__pycache__"
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 10**10))
    assert stale_cache([path]) is None, "Python compiles it again by itself"
