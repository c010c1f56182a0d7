import sys
from pathlib import Path

import numpy as np
import pytest

from given_maps_study import audited, write_study

sys.path.insert(0, str(Path(__file__).parent.parent / "report"))

PATIENTS = ["DOE-JANE", "ROE-RICHARD", "P003", "7"]


@pytest.fixture(scope="session")
def small_run(tmp_path_factory):
    """A finished run without a network: eight images of four patients, maps that hit the marks, predictions from a file."""
    place = tmp_path_factory.mktemp("signed")
    named = [(f"scan{k}", PATIENTS[k // 2]) for k in range(8)]
    write_study(place, named, lambda _, mark: mark * (1 + np.arange(32) / 32))
    return audited(place)


@pytest.fixture
def answer(capsys, monkeypatch, tmp_path):
    """One command line in this process, from an empty folder: its exit code, stdout and stderr."""
    from xaudit.cli.boundary import run_command_line

    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "XAUDIT_GITHUB", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)

    def answer(*args):
        capsys.readouterr()
        code = run_command_line([str(arg) for arg in args])
        return code, *capsys.readouterr()

    return answer


@pytest.fixture
def refusal(answer):
    """A command line that must be refused in two lines: its error and its hint."""

    def refusal(*args, code=2):
        found, out, err = answer(*args)
        lines = [line for line in err.splitlines() if not line.startswith("xaudit ")]
        assert found == code, err
        assert out == ""
        assert len(lines) == 2, err
        assert lines[0].startswith("error: ")
        assert lines[1].startswith("hint:  ")
        return lines[0].removeprefix("error: "), lines[1].removeprefix("hint:  ")

    return refusal
