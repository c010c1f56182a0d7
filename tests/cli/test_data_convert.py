"""``xaudit data convert`` and ``xaudit data check`` on small files, as a person would type them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

AUDIT = """\
data: {images: images, annotations: {path: marks.csv}}
models: [{id: net, source: torchvision, architecture: resnet18, weights: w.pt}]
"""
MARKS = "image,reader,label,x0,y0,x1,y1\nsick/a.png,dr-a,nodule,10,5,20,17\nwell/b.png,dr-a,,,,,\n"


@pytest.fixture
def data(tmp_path):
    """Two images of 60 × 40 and a table of marks, in the current folder."""
    for name in ("sick/a.png", "well/b.png"):
        file = tmp_path / "images" / name
        file.parent.mkdir(parents=True)
        pixels = np.arange(2400).reshape(40, 60) % 251 + (name == "sick/a.png")
        Image.fromarray(pixels.astype(np.uint8)).save(file)
    (tmp_path / "marks.csv").write_text(MARKS)
    (tmp_path / "xaudit.yaml").write_text(AUDIT)
    (tmp_path / "w.pt").write_bytes(b"")
    return tmp_path


def test_annotations_are_converted_and_what_is_lost_is_said(answer, data):
    code, out, err = answer(
        "data", "convert", "marks.csv", "--images", "images", "--to", "yolo", "-o", "out/yolo"
    )
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "out/yolo: 3 files",
        "1 mark and 1 vote that nothing is there, by 1 reader",
        "read back: 2 of 2 (image, reader) pairs cover exactly the same pixels",
        "note: readers are 1 folder, which other tools take for other images",
    ]
    # (10 + 20) / 2 / 60, (5 + 17) / 2 / 40, 10 / 60, 12 / 40
    assert Path("out/yolo/dr-a/sick/a.txt").read_text() == "0 0.25 0.275 0.166666666667 0.3\n"
    assert Path("out/yolo/dr-a/well/b.txt").read_text() == ""
    code, out, _ = answer("data", "convert", "out/yolo", "--images", "images", "--to", "voc", "-o", "voc")
    assert code == 0
    assert "<xmin>11</xmin>" in Path("voc/dr-a/sick/a.xml").read_text()


def test_the_annotations_of_an_audit_are_converted(answer, data):
    code, out, _ = answer("data", "convert", "xaudit.yaml", "--to", "coco", "-o", "marks.json", "-q")
    assert (code, out.splitlines()[0]) == (0, "marks.json: 1 file")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("marks.csv", "--to", "coc", "-o", "x"), "--to: no format that can be written is called 'coc'"),
        (("marks.csv", "--to", "coco", "-o", "images"), "images: is there already"),
        (("mark.csv", "--to", "coco", "-o", "x"), "mark.csv: no such annotations"),
        (("marks.csv", "--to", "coco", "-o", "x", "--from", "yol"), "--from: no format is called 'yol'"),
        (("marks.csv", "--to", "coco", "-o", "x", "--origin", "two"), "--origin: 'two'"),
        (("marks.csv", "--to", "coco", "-o", "x", "--images", "none"), "{}/none: no such folder of images"),
    ],
)
def test_what_cannot_be_converted_is_refused(refusal, data, args, message):
    assert refusal("data", "convert", *args)[0] == message.format(data)
    assert not Path("x").exists()


def test_check_lists_every_fault_at_once(answer, data):
    Path("marks.csv").write_text(
        MARKS + "sick/a.png,dr-a,x,50,5,70,9\nc.png,dr-a,x,1,1,2,2\nsick/a.png,dr-a,x,1,nan,2,2\n"
    )
    code, out, err = answer("data", "check", "-q")
    assert code == 2
    assert [line for line in out.splitlines() if line[:1].isdigit()] == [
        "1. marks.csv: line 4: the box from (50, 5) to (70, 9) leaves the image of 60 × 40",
        "2. marks.csv: line 5: no image of the data is called 'c.png'",
        "3. marks.csv: line 6: y0 holds 'nothing'",
    ]
    assert "data: 2 images, positive class 'sick'" in out
    assert err.splitlines()[0] == "error: xaudit.yaml: 3 faults in the data"


def test_a_single_fault_is_an_error_as_everywhere(refusal, data):
    Path("marks.csv").write_text(MARKS + "sick/a.png,dr-a,x,50,5,70,9\n")
    assert refusal("data", "check", "-q")[0] == (
        "marks.csv: line 4: the box from (50, 5) to (70, 9) leaves the image of 60 × 40"
    )


def test_check_draws_marked_images(answer, data):
    code, _, err = answer("data", "check", "--pictures", "seen")
    assert code == 0
    assert "pictures of the marks: seen/data" in err
    assert sorted(path.relative_to("seen").as_posix() for path in Path("seen").rglob("*.png")) == [
        "data/contact-sheet.png",
        "data/sick/a.png",
    ]
    plain = np.asarray(Image.open("images/sick/a.png"))
    drawn = np.asarray(Image.open("seen/data/sick/a.png"))
    scale = drawn.shape[1] // 60
    # The outline runs inside the mark: its corner pixel is coloured, the pixel up and left of it is as it was.
    assert len(set(drawn[5 * scale, 10 * scale].tolist())) > 1
    assert drawn[5 * scale - 1, 10 * scale - 1].tolist() == [plain[4, 9]] * 3
    assert answer("data", "check", "--pictures", "seen")[0] == 2
