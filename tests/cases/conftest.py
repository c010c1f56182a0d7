"""Small data sets written to disk, and the shortest way to load one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from case_files import write_image

from xaudit.cases import load_dataset
from xaudit.cases.dataset import Dataset
from xaudit.config import DataSection


@pytest.fixture
def two_classes(tmp_path: Path) -> Path:
    """A folder of three cancer and three normal images of 8 × 10 pixels."""
    root = tmp_path / "images"
    for index, label in enumerate(("cancer", "normal")):
        for number in range(3):
            write_image(root / label / f"{label}-{number}.png", level=10 * index + number)
    return root


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Dataset]:
    """Loads a section given by its keys."""

    def load(dataset_id: str = "data", **keys: object) -> Dataset:
        section = DataSection.model_validate(keys)
        return load_dataset(
            section, dataset_id=dataset_id, workspace=tmp_path / "workspace", on_progress=lambda _: None
        )

    return load
