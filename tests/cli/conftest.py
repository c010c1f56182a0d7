import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "report"))


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
