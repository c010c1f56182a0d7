"""What the explainers' tests share: slow re-derivations on the path, one torch thread, textured images."""

import sys
from pathlib import Path

import pytest
import torch
from evidence_models import textured_images

sys.path.insert(0, str(Path(__file__).parents[1]))


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def images():
    """Three different textured images, (3, 3, 32, 32), normalised."""
    return textured_images(3)
