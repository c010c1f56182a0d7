"""Every place at which a file comes in, against what is no file there: a pipe, a device, links in a circle, a folder, a hole."""

import os

import pytest
import seeds
from entry_points import read_image, read_map_file, read_marks, read_nifti, read_predictions, read_weights
from limits import refused
from stored_run import lay_stored_run, read_stored_run

from xaudit.cases.masks.raster import read_mask
from xaudit.cases.table import read_table
from xaudit.config import read_audit_file
from xaudit.models.network.sealed import read_sealed


def read_labels(path):
    read_table(path, path.parent)


def read_mask_file(path):
    read_mask(path, (seeds.HEIGHT, seeds.WIDTH))


def read_program(path):
    read_sealed(path, subject="model 'net'")


PLACES = {
    "images": (read_image, "a.png"),
    "labels": (read_labels, "labels.csv"),
    "marks": (read_marks, "marks.json"),
    "masks": (read_mask_file, "a.png"),
    "NIfTI masks": (read_nifti, "ct.nii.gz"),
    "weights": (read_weights, "net.pt"),
    "safetensors": (read_weights, "net.safetensors"),
    "programs": (read_program, "net.pt2"),
    "predictions": (read_predictions, "preds.csv"),
    "predictions in Parquet": (read_predictions, "preds.parquet"),
    "maps": (read_map_file, "a.npy"),
    "pickles": (read_map_file, "a.pkl"),
    "audit file": (read_audit_file, "audit.yaml"),
    "audit file in TOML": (read_audit_file, "audit.toml"),
}
EACH = pytest.mark.parametrize(("read", "name"), PLACES.values(), ids=PLACES)


@EACH
def test_a_pipe_is_refused(tmp_path, read, name):
    os.mkfifo(tmp_path / name)
    assert "device or a pipe" in refused(read, tmp_path / name)


@EACH
def test_a_device_is_refused(tmp_path, read, name):
    (tmp_path / name).symlink_to("/dev/zero")
    assert "device or a pipe" in refused(read, tmp_path / name)


@EACH
def test_links_in_a_circle_are_refused(tmp_path, read, name):
    (tmp_path / name).symlink_to(tmp_path / "other")
    (tmp_path / "other").symlink_to(tmp_path / name)
    assert refused(read, tmp_path / name)


@EACH
def test_a_folder_of_that_name_is_refused(tmp_path, read, name):
    (tmp_path / name).mkdir()
    assert refused(read, tmp_path / name)


@EACH
def test_a_hole_of_two_gigabytes_is_refused(tmp_path, read, name):
    with (tmp_path / name).open("wb") as hole:
        hole.truncate(2**31)
    assert refused(read, tmp_path / name)


@pytest.mark.parametrize("name", ["status.json", "cases.parquet", "audit.resolved.yaml", "log.jsonl"])
def test_a_pipe_in_a_run_is_refused(tmp_path, name):
    files = lay_stored_run(tmp_path)
    (file,) = [path for path in files if path.name == name]
    file.unlink()
    os.mkfifo(file)
    assert f"{name} is no file, but a device or a pipe | " in refused(read_stored_run, tmp_path, file)
