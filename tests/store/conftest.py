"""A fresh run for each test."""

import pytest
from store_records import HASH, NOON

from xaudit.store import RunFolder


@pytest.fixture
def run(tmp_path):
    return RunFolder.create(tmp_path / "runs", name="chest", config_hash=HASH, now=NOON)
