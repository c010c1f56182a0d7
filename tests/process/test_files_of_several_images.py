"""Frames, slices, pages and structure sets on the command line, as a process: what is said, the exit code, what is written."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from known_study import xaudit_process as process
from PIL import Image

pytest.importorskip("pydicom")
nibabel = pytest.importorskip("nibabel")

FILES = Path(__file__).parents[1] / "cases" / "files"
AUDIT = """\
data: {images: images, window: full, annotations: {path: marks, rename: {"2": nodule}}}
models: [{id: net, source: torchvision, architecture: resnet18, weights: w.pt}]
"""


def xaudit(*args):
    return process(*args, cwd=Path.cwd())


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A volume, an enhanced CT and a plain image, and one reader's mask of the volume, all its axes turned."""
    for label, name in (("sick", "axial.nii.gz"), ("sick", "enhanced-ct.dcm"), ("well", "pages-16.tif")):
        (tmp_path / "images" / label).mkdir(parents=True, exist_ok=True)
        shutil.copy(FILES / "frames" / name, tmp_path / "images" / label / name)
    (tmp_path / "marks" / "dr-a").mkdir(parents=True)
    shutil.copy(FILES / "frames" / "axial-mask-turned.nii.gz", tmp_path / "marks" / "dr-a" / "axial.nii.gz")
    (tmp_path / "xaudit.yaml").write_text(AUDIT)
    (tmp_path / "w.pt").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_image_of_a_file_is_counted_and_the_marks_lie_on_theirs(data):
    done = xaudit("data", "check", "xaudit.yaml")
    assert done.returncode == 0, done.stderr
    assert "data: 9 images, positive class 'sick'" in done.stdout
    assert "marked: 2 images by 1 reader" in done.stdout
    done = xaudit("data", "convert", "xaudit.yaml", "--to", "coco", "-o", "marks.json", "-q")
    assert done.returncode == 0, done.stderr
    assert "read back: 3 of 3 (image, reader) pairs cover exactly the same pixels" in done.stdout
    written = json.loads((data / "marks.json").read_text())
    names = {one["id"]: one["file_name"] for one in written["images"]}
    labels = {one["id"]: one["name"] for one in written["categories"]}
    assert {
        (names[mark["image_id"]], labels[mark["category_id"]], *mark["bbox"])
        for mark in written["annotations"]
    } == {
        # x, y, width, height of the two voxels that SimpleITK marked.
        ("sick/axial.nii.gz#1", "1", 3, 2, 1, 1),
        ("sick/axial.nii.gz#2", "nodule", 15, 8, 1, 1),
    }
    done = xaudit("data", "convert", "marks.json", "--images", "images", "--to", "masks", "-o", "masks")
    assert done.returncode == 0, done.stderr
    mask = np.asarray(Image.open(data / "masks" / "dr-a" / "sick" / "axial#2.png"))
    assert np.argwhere(mask).tolist() == [[8, 15]]


def test_marks_that_lie_elsewhere_are_refused_and_nothing_is_written(data):
    file = data / "marks" / "dr-a" / "axial.nii.gz"
    moved = nibabel.load(file)
    moved.affine[0, 3] += 0.8
    nibabel.save(nibabel.Nifti1Image(np.asarray(moved.dataobj), moved.affine), file)
    done = xaudit("data", "convert", "xaudit.yaml", "--to", "coco", "-o", "marks.json", "-q")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "error: axial.nii.gz: none of its slices lies where the image lies",
        "hint:  make the mask on the image itself, in its own grid; nifti.orientation: stored goes by numbers alone",
    ]
    assert not (data / "marks.json").exists()


def test_marks_are_written_as_nifti_in_the_grid_of_their_images(data):
    done = xaudit("data", "convert", "xaudit.yaml", "--to", "nifti", "-o", "volumes", "-q")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "volumes: 1 file",
        "2 marks and 1 vote that nothing is there, by 1 reader",
        "read back: 3 of 3 (image, reader) pairs cover exactly the same pixels",
        "note: the label '1' is the number 1; rename gives it back",
        "note: the label 'nodule' is the number 2; rename gives it back",
    ]
    written = nibabel.load(data / "volumes" / "dr-a" / "sick" / "axial.nii.gz")
    image = nibabel.load(data / "images" / "sick" / "axial.nii.gz")
    # Where SimpleITK's voxels (15, 8, 1) and (3, 2, 0) lie, by both files.
    for voxel, value in (((15, 8, 1), 2), ((3, 2, 0), 1)):
        at = image.affine @ [*voxel, 1]
        (found,) = np.argwhere(np.asarray(written.dataobj) == value)
        assert written.affine @ [*found, 1] == pytest.approx(at, abs=1e-4)


def test_nifti_is_not_written_for_images_that_lie_nowhere(data):
    (data / "marks.csv").write_text("image,x0,y0,x1,y1\nwell/pages-16.tif#2,1,1,3,3\n")
    done = xaudit("data", "convert", "marks.csv", "--images", "images", "--to", "nifti", "-o", "volumes")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "error: well/pages-16.tif#1: does not say where it lies in the patient, and a NIfTI mask must",
        "hint:  write COCO or masks",
    ]
    assert not (data / "volumes").exists()


def test_what_cannot_be_written_is_said(data):
    done = xaudit("data", "convert", "xaudit.yaml", "--to", "rtstruct", "-o", "out.dcm", "-q")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "error: --to: no format that can be written is called 'rtstruct'",
        "hint:  there are coco, voc, yolo, labelme, label-studio, cvat, boxes, chexlocalize, masks, nifti",
    ]


def test_a_damaged_file_of_several_images_is_a_problem_of_each_and_says_nothing_of_its_text(data):
    file = data / "images" / "sick" / "enhanced-ct.dcm"
    file.write_bytes(file.read_bytes()[:-100])
    done = xaudit("data", "check", "xaudit.yaml")
    assert done.returncode == 0, done.stderr
    assert "cannot be used: 3 images" in done.stdout
    assert "is truncated or damaged: its DICOM pixels do not fill the frame" in done.stdout
    assert "Made" not in done.stdout + done.stderr
    assert "made-up" not in done.stdout + done.stderr
