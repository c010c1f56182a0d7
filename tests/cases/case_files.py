"""Small images written to disk, and how a refusal is checked word for word."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from xaudit.errors import DataError


def write_image(path: Path, height: int = 8, width: int = 10, level: int = 0) -> Path:
    """A grey PNG or JPEG, by the path's suffix, whose pixels differ from file to file with ``level``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = (np.arange(height * width).reshape(height, width) + level) % 256
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    return path


def refused(message: str, hint: str):
    """Expects a DataError with exactly this message and this hint."""
    return pytest.raises(DataError, check=lambda error: (str(error), error.hint) == (message, hint))
