"""Names, links and empty cells as the command line answers them: exit code, one error line, one hint."""

import json

import numpy as np
import pytest
from known_study import xaudit_process
from PIL import Image

MARKS = {"p1/slice1.png": 5, "p2/slice1.png": 10, "p1/slice3.png": 5}
"""Side of the box on each image; that of p2 is an image that the data does not hold."""


@pytest.fixture
def flat(tmp_path):
    """Four images of the patient p1 in one folder, and marks of p1 and p2."""
    (tmp_path / "images").mkdir()
    rows = ["image,label,patient,split"]
    for n in range(1, 5):
        values = np.random.default_rng(n).integers(0, 255, (40, 40), dtype=np.uint8)
        Image.fromarray(values).save(tmp_path / "images" / f"slice{n}.png")
        rows.append(f"slice{n}.png,{'cancer' if n % 2 else 'normal'},p1,test")
    (tmp_path / "labels.csv").write_text("\n".join(rows) + "\n")
    content = {
        "images": [{"id": n, "file_name": name} for n, name in enumerate(MARKS)],
        "annotations": [
            {"id": n, "image_id": n, "bbox": [2, 2, side, side]} for n, side in enumerate(MARKS.values())
        ],
    }
    (tmp_path / "marks.json").write_text(json.dumps(content))
    (tmp_path / "audit.yaml").write_text(
        "data: {format: csv, images: images, labels: labels.csv, annotations: {path: marks.json}}\n"
        "models: [{id: m, source: torchvision, architecture: resnet18}]\n"
    )
    return tmp_path


def masks(folder):
    return {path.name: int((np.asarray(Image.open(path)) > 0).sum()) for path in folder.rglob("*.png")}


def test_a_mark_on_another_patients_image_is_refused_or_passed_over_and_named(flat):
    done = xaudit_process("data", "convert", "audit.yaml", "--to", "masks", "-o", "out", "-q", cwd=flat)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "error: marks.json: images[1]: no image of the data is called 'p2/slice1.png'; there is 'slice1.png', but in no folder 'p2'",
        "hint:  add the image, take its annotation out, or set data.annotations.extra_images: ignore",
    ]
    assert not (flat / "out").exists()
    (flat / "ignore.yaml").write_text(
        (flat / "audit.yaml").read_text().replace("marks.json", "marks.json, extra_images: ignore")
    )
    done = xaudit_process("data", "convert", "ignore.yaml", "--to", "masks", "-o", "out", "-q", cwd=flat)
    assert (done.returncode, done.stderr) == (0, "")
    assert "marks.json: not in the data: 'p2/slice1.png'" in done.stdout
    assert masks(flat / "out") == {"slice1.png": 25, "slice3.png": 25}


def test_a_patient_called_nan_is_an_empty_cell(flat):
    text = (flat / "labels.csv").read_text().replace("slice4.png,normal,p1", "slice4.png,normal,NaN")
    (flat / "labels.csv").write_text(text)
    done = xaudit_process("data", "check", "audit.yaml", "-q", cwd=flat)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "error: labels.csv: line 5: patient is empty ('NaN'), while line 2 has one",
        "hint:  fill it in for every image, or leave the column out",
    ]


def test_linked_patients_count_and_a_circle_is_refused(tmp_path):
    for n, place in enumerate(("images/cancer/p2", "images/normal/p4", "store/p1", "store/p3")):
        for k in range(3):
            (tmp_path / place).mkdir(parents=True, exist_ok=True)
            values = np.random.default_rng(3 * n + k).integers(0, 255, (16, 16), dtype=np.uint8)
            Image.fromarray(values).save(tmp_path / place / f"{place[-2:]}_{k}.png")
    (tmp_path / "images" / "cancer" / "p1").symlink_to("../../store/p1")
    (tmp_path / "images" / "normal" / "p3").symlink_to("../../store/p3")
    (tmp_path / "audit.yaml").write_text(
        "data: {images: images, patient_pattern: '(p[0-9])_'}\n"
        "models: [{id: m, source: torchvision, architecture: resnet18}]\n"
    )
    done = xaudit_process("data", "check", "audit.yaml", "-q", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("data: 12 images")
    assert "patients: 4\n" in done.stdout
    (tmp_path / "images" / "cancer" / "p2" / "loop").symlink_to("..")
    done = xaudit_process("data", "check", "audit.yaml", "-q", cwd=tmp_path)
    assert done.returncode == 2
    assert "error: images/cancer/p2/loop: a link back to a folder that it lies in" in done.stderr
