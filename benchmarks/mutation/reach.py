"""Reach: which tests run which lines of the program."""

import ast
import re
import sys
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import coverage
import pytest

EXAMPLE = re.compile(r"^ *>>> ", re.MULTILINE)


@dataclass(frozen=True)
class Reach:
    """The lines that the tests of some rooms run.

    Attributes:
        tests: by file and line, what to give to pytest. A line that runs while a fixture is made stands for the whole file of
            tests, which may share that fixture.
        imported: modules that are not the program's, to be imported ahead.
    """

    tests: dict[str, dict[int, list[str]]]
    imported: list[str]

    def of(self, path: str, line: int) -> list[str]:
        """The tests of a line, those that run the least first; of a line that runs on import, those of all lines of its file."""
        lines = self.tests.get(path, {})
        everywhere = {test for tests in lines.values() for test in tests}
        # A file that is imported by a function runs under the test that happened to come first, and of a statement over
        # several lines some may not count.
        named = set(lines.get(line, ())) if line in _in_functions(path) else set()
        named = named or everywhere
        files = {test for test in named if "::" not in test}
        alone = {test for test in named if test.partition("::")[0] not in files}
        return sorted(files | alone, key=lambda test: (self._n_lines[test], test))

    @cached_property
    def _n_lines(self) -> Counter[str]:
        return Counter(test for lines in self.tests.values() for tests in lines.values() for test in tests)


@cache
def _in_functions(path: str) -> frozenset[int]:
    """The lines of the bodies of functions, which do not run when the file is imported."""
    functions = [
        node
        for node in ast.walk(ast.parse(Path(path).read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return frozenset(
        line for one in functions for line in range(one.body[0].lineno, (one.end_lineno or one.lineno) + 1)
    )


class _Contexts:
    """Tells coverage.py which test is running."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self._measured = measured

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None]:
        self._measured.switch_context(item.nodeid.partition("::")[0])
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None]:
        self._measured.switch_context(item.nodeid)
        return (yield)


def test_files(rooms: Sequence[str]) -> list[str]:
    """The files of tests of the rooms, the references, and the program's files with examples."""
    files = [
        str(path)
        for folder in [*rooms, "references"]
        for path in sorted(Path("tests", folder).rglob("test_*.py"))
    ]
    examples = [path for room in rooms for path in sorted(Path("src/xaudit", room).rglob("*.py"))]
    return files + [str(path) for path in examples if EXAMPLE.search(path.read_text("utf-8"))]


def measure(rooms: Sequence[str], options: Sequence[str]) -> Reach:
    """Runs all tests of the rooms once.

    Raises:
        RuntimeError: where a test fails without any mutant.
    """
    measured = coverage.Coverage(data_file=None, source=[f"src/xaudit/{room}" for room in rooms])
    measured.start()
    code = pytest.main([*options, *test_files(rooms)], plugins=[_Contexts(measured)])
    measured.stop()
    if code != 0:
        raise RuntimeError("a test fails without any mutant")
    data = measured.get_data()
    tests: dict[str, dict[int, list[str]]] = {}
    for file in data.measured_files():
        lines = data.contexts_by_lineno(file)
        named = {line: sorted({test for test in contexts if test}) for line, contexts in lines.items()}
        tests[str(Path(file).relative_to(Path.cwd()))] = named
    ours = {"xaudit", "conftest", *(Path(file).stem for file in Path("tests").rglob("*.py"))}
    return Reach(tests, sorted(name for name in sys.modules if name.partition(".")[0] not in ours))
