"""The self-test that `xaudit doctor` runs."""

import json

import numpy as np
import pytest

from xaudit.cases.self_test import check_geometry, check_reading
from xaudit.errors import OutputError


def test_files_written_here_are_read_aligned(tmp_path):
    assert check_reading(tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize("shift", [(0, 1), (1, 0)])
def test_a_shift_by_one_pixel_is_noticed(tmp_path, monkeypatch, shift):
    from xaudit.cases import dataset

    read = dataset.read_pixels
    monkeypatch.setattr(dataset, "read_pixels", lambda *given: np.roll(read(*given), shift, axis=(0, 1)))
    assert not check_reading(tmp_path)


def test_a_workspace_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"(?m)file/new: cannot be written: Not a directory$"):
        check_reading(tmp_path / "file" / "new")


@pytest.mark.parametrize("fit", ["stretch", "pad", "crop"])
def test_a_case_is_checked_at_the_corners_of_its_mark(two_classes, load, tmp_path, fit):
    marks = {
        "images": [{"id": 1, "file_name": "cancer-0.png"}],
        "annotations": [{"image_id": 1, "bbox": [3, 1, 5, 6]}],
    }
    (tmp_path / "marks.json").write_text(json.dumps(marks))
    dataset = load(images=two_classes, annotations={"path": tmp_path / "marks.json"})
    planted = check_geometry(dataset, dataset.cases[0], fit=fit, model_hw=(32, 48), flip=True)
    # A block of 3 × 3 inside the box from (3, 1) to (8, 7): its centre is 1.5 from each edge.
    assert [block.planted for block in planted] == [(4.5, 2.5), (6.5, 2.5), (4.5, 5.5), (6.5, 5.5)]
    assert all(block.aligned for block in planted)


def test_a_case_without_a_mark_is_checked_at_its_own_corners(two_classes, load):
    dataset = load(images=two_classes)
    planted = check_geometry(dataset, dataset.cases[0], fit="stretch", model_hw=(16, 16))
    assert [block.planted for block in planted] == [(1.5, 1.5), (8.5, 1.5), (1.5, 6.5), (8.5, 6.5)]
    assert all(block.aligned for block in planted)
