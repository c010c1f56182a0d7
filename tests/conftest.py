"""What tests of any room may need."""

import pytest

from plugin_site import forget


@pytest.fixture(scope="module")
def forgotten_afterwards():
    """Takes what a module's tests brought into the catalog out again: other tests look at xaudit's own rows."""
    yield
    forget()
