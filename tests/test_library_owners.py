"""Libraries that one file owns: no other imports them, and none of them is imported before it is needed."""

import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "xaudit"


def importers(package):
    """Indentations of every import of a package, by file."""
    importing = re.compile(rf"^( *)(?:from|import) {package}\b", re.MULTILINE)
    found = {
        path.relative_to(SOURCE).as_posix(): importing.findall(path.read_text())
        for path in SOURCE.rglob("*.py")
    }
    return {name: indents for name, indents in found.items() if indents}


@pytest.mark.parametrize(
    ("package", "owner"),
    [
        ("lime", "explainers/lime.py"),
        ("quantus", "metrics/quantus_adapter.py"),
        ("zennit", "explainers/lrp.py"),
        ("mlflow", "report/mlflow_log.py"),
    ],
)
def test_one_file_imports_it_inside_the_functions_that_need_it(package, owner):
    found = importers(package)
    assert found.keys() == {owner}
    assert all(found[owner])


def test_one_file_imports_grad_cam_and_is_itself_imported_inside_functions():
    assert importers("pytorch_grad_cam").keys() == {"explainers/cam_library.py"}
    for indents in importers("xaudit.explainers.cam_library").values():
        assert all(indents)
