"""The rules that keep the source readable: small folders, files and functions, docstrings that say what a thing does."""

import ast
from functools import cache
from pathlib import Path

import xaudit

SRC = Path(xaudit.__file__).parent

FORBIDDEN_OPENINGS = frozenset({"Of", "Whether", "What", "One", "Where", "Which", "How"})

MOST_FILES = 25
LISTS_OF_NOUNS = ("records",)

MOST_LINES = 350

MOST_FUNCTION_LINES = 60


@cache
def files() -> tuple[tuple[str, str, ast.Module], ...]:
    """Return the name, text and syntax tree of each file, read once for all tests."""
    texts = {path.relative_to(SRC).as_posix(): path.read_text() for path in sorted(SRC.rglob("*.py"))}
    return tuple((name, text, ast.parse(text)) for name, text in texts.items())


def opening(docstring: str) -> str:
    return docstring.split(maxsplit=1)[0].strip(",.:;'`") if docstring.strip() else ""


def test_no_folder_has_more_files_than_a_screen_shows():
    counts = {}
    for name, _, _ in files():
        folder = name.rpartition("/")[0]
        counts[folder] = counts.get(folder, 0) + 1
    assert {
        folder: count
        for folder, count in counts.items()
        if count > MOST_FILES and folder not in LISTS_OF_NOUNS
    } == {}


def test_no_file_is_longer_than_its_noun_needs():
    long = {name for name, text, _ in files() if text.count("\n") > MOST_LINES}
    assert sorted(long) == []


def test_no_function_is_longer_than_a_screen():
    long = {
        f"{name}: {node.name}"
        for name, _, tree in files()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > MOST_FUNCTION_LINES
    }
    assert sorted(long) == []


def test_docstrings_say_what_a_thing_does():
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    assert [
        f"{name}:{getattr(node, 'lineno', 1)}: {docstring.splitlines()[0]}"
        for name, _, tree in files()
        for node in ast.walk(tree)
        if isinstance(node, documented)
        and (docstring := ast.get_docstring(node))
        and opening(docstring) in FORBIDDEN_OPENINGS
    ] == []


def test_the_opening_of_a_docstring_is_its_first_word():
    assert opening("Whether, by now, it runs.") == "Whether"
    assert opening("Wherever it lies.") == "Wherever"
    assert opening("") == ""
