"""One study on disk for all tests of the process; each test that changes it takes a copy."""

import shutil
import signal

import pytest
import torch
from known_study import only_run, tables, write_audit, write_study

from xaudit.cli.boundary import run_command_line


@pytest.fixture(autouse=True, scope="session")
def ordinary_interrupts():
    """Ctrl-C reaches the processes that are started here, also where a shell runs the tests in its background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def not_on_github(monkeypatch):
    """Commands in this process are not told that they run in GitHub Actions, where these tests may."""
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def pristine(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp("known") / "study")


@pytest.fixture
def study(pristine, tmp_path, monkeypatch):
    """A copy of the study, which is also the working folder."""
    folder = tmp_path / "study"
    shutil.copytree(pristine, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def whole(pristine, tmp_path_factory):
    """The tables of one unbroken run of the study, which every other way to carry it out must come to."""
    folder = tmp_path_factory.mktemp("whole") / "study"
    shutil.copytree(pristine, folder)
    assert run_command_line(["run", str(write_audit(folder)), "-q", "-o", str(folder / "runs")]) == 0
    return tables(only_run(folder / "runs"))
