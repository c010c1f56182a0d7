"""Files made to do harm, on the command line as a process: named, with the exit code of a file that somebody can mend."""

import json
import os
import zlib

import numpy as np
import pytest
from known_study import xaudit_process
from PIL import Image

nibabel = pytest.importorskip("nibabel")

AUDIT = """\
data: {images: images, window: full}
models: [{id: net, source: torchvision, architecture: resnet18, weights: w.pt}]
"""


@pytest.fixture
def study(tmp_path):
    for label in ("sick", "well"):
        (tmp_path / "images" / label).mkdir(parents=True)
        Image.fromarray(np.zeros((1024, 1024), np.uint8)).save(tmp_path / "images" / label / f"{label}.png")
    (tmp_path / "xaudit.yaml").write_text(AUDIT)
    (tmp_path / "w.pt").write_bytes(b"")
    return tmp_path


def bomb():
    """A volume of eight gigabytes in eight megabytes."""
    header = nibabel.Nifti1Header()
    header.set_data_dtype(np.float64)
    header.set_data_shape((1024, 1024, 1000))
    header["magic"], header["vox_offset"] = b"n+1\0", 352
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = packer.compress(bytes(header.binaryblock) + bytes(4)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(2**24)) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + block * 500


def test_a_volume_that_unpacks_to_gigabytes_is_named(study):
    (study / "images" / "sick" / "ct.nii.gz").write_bytes(bomb())
    done = xaudit_process("data", "check", "xaudit.yaml", cwd=study)
    assert "sick/ct" in done.stdout
    assert "GB of memory, and 1 GB is used for an image at most" in done.stdout + done.stderr
    assert done.returncode == 0, done.stderr  # one image that cannot be used is a note
    assert "Traceback" not in done.stderr


def test_outlines_longer_than_anybody_draws_end_the_check_by_name(study):
    drawn = [x for n in range(20_000) for x in (1 + n * 0.05, 1 + n % 2 * 1022)]
    marks = [{"image_id": 1, "segmentation": [drawn]}] * 2
    (study / "marks.json").write_text(
        json.dumps({"images": [{"id": 1, "file_name": "sick.png"}], "annotations": marks})
    )
    (study / "xaudit.yaml").write_text(
        AUDIT.replace("window: full", "window: full, annotations: {path: marks.json}")
    )
    done = xaudit_process("data", "check", "xaudit.yaml", cwd=study)
    assert "its outlines are more than 25 million pixels long in all" in done.stdout + done.stderr
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_pipe_is_no_audit_file_and_is_not_waited_for(study):
    os.mkfifo(study / "pipe.yaml")
    done = xaudit_process("data", "check", "pipe.yaml", cwd=study)
    assert "pipe.yaml: no file, but a device or a pipe" in done.stderr
    assert done.returncode == 2
