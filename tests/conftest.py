"""What tests of any room may need."""

import pytest

from plugin_site import forget
from xaudit.engine.allocator import keep_freed_memory

keep_freed_memory()  # as the command line does

collect_ignore = ["conftest.py"]
"""Doctests are looked for in every file, and another folder's ``conftest`` may be imported by then."""


@pytest.fixture(scope="module")
def forgotten_afterwards():
    """Takes what a module's tests brought into the catalog out again: other tests look at xaudit's own rows."""
    yield
    forget()
