"""``xaudit data check`` and ``data convert`` on folders of annotations, as a person would type them."""

import json

import numpy as np
import pytest
from PIL import Image

AUDIT = """\
data: {format: csv, images: images, labels: labels.csv, annotations: {path: marks}}
models: [{id: m, source: torchvision, architecture: resnet18}]
"""


@pytest.fixture
def study(tmp_path):
    """Four images of 60 × 40 pixels of two patients, and a folder of marks to be filled."""
    rows = ["image,label,patient"]
    for number, name in enumerate(("p1/s1", "p1/s2", "p2/s1", "p2/s2")):
        file = tmp_path / "images" / f"{name}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((40, 60), 10 * number, dtype=np.uint8)).save(file)
        rows.append(f"{name}.png,{'cancer' if name.endswith('s1') else 'normal'},{name[:2]}")
    (tmp_path / "labels.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "audit.yaml").write_text(AUDIT)
    (tmp_path / "marks").mkdir()
    return tmp_path


def coco(name, side):
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 10, side, side]}
    return json.dumps(
        {
            "images": [{"id": 1, "file_name": f"{name}.png", "height": 40, "width": 60}],
            "annotations": [box],
            "categories": [{"id": 1, "name": "cancer"}],
        }
    )


def converted(study):
    return {
        file.relative_to(study / "out").as_posix(): int((np.asarray(Image.open(file)) > 0).sum())
        for file in (study / "out").rglob("*.png")
    }


def test_both_of_two_coco_files_are_read_and_shown(study, answer):
    (study / "marks" / "train.json").write_text(coco("p1/s1", 5))
    (study / "marks" / "val.json").write_text(coco("p2/s1", 6))
    (study / "marks" / "README.md").write_text("about")
    code, out, _ = answer("data", "check", "audit.yaml", "-q")
    assert code == 0
    assert "marked: 2 images by 1 reader (reader-1)" in out
    assert (
        "annotations: 2 files read\n"
        "  COCO by reader-1: 2 files (train.json, val.json); 2 marks on 2 images, nothing found on 0 images\n"
        "passed over: 1 file beside the annotations\n"
        "  a text about the data: 1 file (README.md)\n"
    ) in out
    code, out, _ = answer("data", "convert", "audit.yaml", "--to", "masks", "-o", "out", "-q")
    assert code == 0
    assert "note: passed over 1 of the files beside the annotations: a text about the data (README.md)" in out
    assert converted(study) == {"p1/s1.png": 25, "p2/s1.png": 36}


def test_a_readers_masks_beside_anothers_labelme_files_are_read(study, answer):
    mask = np.zeros((40, 60), dtype=np.uint8)
    mask[5:15, 5:15] = 255
    for reader in ("dr-a", "dr-b"):
        (study / "marks" / reader / "p1").mkdir(parents=True)
    Image.fromarray(mask).save(study / "marks" / "dr-a" / "p1" / "s1.png")
    shape = {"label": "cancer", "shape_type": "rectangle", "points": [[20, 20], [30, 30]]}
    (study / "marks" / "dr-b" / "p1" / "s1.json").write_text(
        json.dumps({"shapes": [shape], "imagePath": "s1.png"})
    )
    code, out, _ = answer("data", "check", "audit.yaml", "-q")
    assert code == 0
    assert "marked: 1 image by 2 readers (dr-a, dr-b)" in out
    assert answer("data", "convert", "audit.yaml", "--to", "masks", "-o", "out", "-q")[0] == 0
    assert converted(study) == {"dr-a/p1/s1.png": 100, "dr-b/p1/s1.png": 100}


def test_images_of_the_data_in_the_folder_of_marks_are_no_masks(study, answer):
    (study / "audit.yaml").write_text(AUDIT.replace("path: marks", "path: images"))
    (study / "images" / "coco.json").write_text(coco("p1/s1", 5))
    code, out, _ = answer("data", "check", "audit.yaml", "-q")
    assert code == 0
    assert "  an image of the data: 4 files (p1/s1.png, p1/s2.png, p2/s1.png, p2/s2.png)" in out


def test_a_reader_in_two_formats_is_refused_with_both_files(study, refusal):
    (study / "marks" / "coco.json").write_text(coco("p1/s1", 5))
    (study / "marks" / "t.csv").write_text("image,x0,y0,x1,y1\np1/s1.png,1,1,5,5\n")
    error, hint = refusal("data", "check", "audit.yaml", "-q")
    assert error == (
        "marks: holds several kinds of annotations: reader-1 marks the image p1/s1 in COCO (coco.json) and in "
        "a table of boxes (t.csv)"
    )
    assert hint.startswith("give one of them, put each reader's files into a folder of the reader's name")


def test_a_damaged_file_among_others_is_refused(study, refusal):
    (study / "marks" / "train.json").write_text(coco("p1/s1", 5))
    (study / "marks" / "val.json").write_text(coco("p2/s1", 6)[:-9])
    assert refusal("data", "check", "audit.yaml", "-q")[0].startswith("val.json: line 1: not JSON")


def test_a_polygon_beside_a_box_counts(study, answer):
    box = "<bndbox><xmin>11</xmin><ymin>11</ymin><xmax>30</xmax><ymax>30</ymax></bndbox>"
    half = "<polygon><x1>10</x1><y1>10</y1><x2>30</x2><y2>10</y2><x3>10</x3><y3>30</y3></polygon>"
    (study / "marks" / "p1").mkdir()
    (study / "marks" / "p1" / "s1.xml").write_text(
        f"<annotation><object><name>cancer</name>{box}{half}</object></annotation>"
    )
    assert answer("data", "convert", "audit.yaml", "--to", "masks", "-o", "out", "-q")[0] == 0
    assert converted(study) == {
        "p1/s1.png": 190
    }  # 19 + 18 + … + 1: the centres below the diagonal of 20 × 20
