"""Label Studio: what stands beside a region that names its label, and how brush strokes are packed."""

import json

import numpy as np
import pytest
from test_annotation_formats import SMALL, index

from xaudit.cases.marks.annotation_files import read_annotations
from xaudit.cases.marks.encodings.brush import decode_brush, encode_brush
from xaudit.config import AnnotationSection


def marks(tmp_path, *result):
    file = tmp_path / "export.json"
    task = {"id": 1, "data": {"image": "/data/upload/1/a.png"}, "annotations": [{"result": list(result)}]}
    file.write_text(json.dumps([task]))
    return read_annotations(AnnotationSection(path=file), index(SMALL), merge={})[0]


def region(identity, **value):
    place = {"x": 25, "y": 25, "width": 50, "height": 50}
    return {
        "id": identity, "type": "rectangle", "original_width": 60, "original_height": 40, "value": place | value,
    }  # fmt: skip


def test_a_label_that_stands_beside_its_region_belongs_to_it(tmp_path):
    found = marks(
        tmp_path,
        region("r1"),
        {"id": "r1", "type": "labels", "value": {"labels": ["nodule"]}},
        region("r2"),
        {"id": "r2", "type": "labels", "value": {"labels": ["mass"]}},
        region("r3"),
    )
    assert [mark.label for mark in found] == ["nodule", "mass", None]


def test_a_label_of_its_own_goes_before_one_that_stands_beside(tmp_path):
    own = region("r1", rectanglelabels=["own"]) | {"type": "rectanglelabels"}
    [mark] = marks(tmp_path, {"id": "r1", "type": "labels", "value": {"labels": ["beside"]}}, own)
    assert mark.label == "own"


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 64, 65, 16384, 16385, 40000])
def test_a_run_of_any_length_is_packed_in_the_fewest_runs_that_the_code_allows(length):
    # 4 values a pixel; a run holds at most 2^16 of them. The head has 32 + 5 + 4 · 4 = 53 bits; a run of n values has 1 + 2 bits
    # for its kind, 3, 4, 8 or 16 bits for n - 1, and 8 for the value; with zeros to the next byte.
    inside = np.ones((1, length), dtype=bool)
    n_values, bits = 4 * length, 53
    while n_values:
        run = min(n_values, 2**16)
        bits += 1 + 2 + next(size for size in (3, 4, 8, 16) if run <= 2**size) + 8
        n_values -= run
    packed = encode_brush(inside)
    assert decode_brush(packed, length).tolist() == [True] * length
    assert len(packed) == -(-bits // 8)


def test_what_is_inside_is_opaque_white():
    # One pixel: 4 values in 32 bits, 8 bits a value, four sizes; then a run (1) of the first size (00) of 4 - 1 values (011), 255.
    head = f"{4:032b}" + f"{7:05b}" + f"{2:04b}{3:04b}{7:04b}{15:04b}"
    text = head + "1" + "00" + "011" + "11111111"
    text += "0" * (-len(text) % 8)
    assert encode_brush(np.ones((1, 1), dtype=bool)) == list(int(text, 2).to_bytes(len(text) // 8, "big"))
