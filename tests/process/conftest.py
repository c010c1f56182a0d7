"""One study on disk for all tests of the process; each test that changes it takes a copy."""

import shutil

import pytest
import torch
from known_study import write_study


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
