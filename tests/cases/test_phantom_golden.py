"""The phantom as it was when the numbers in the documents were measured on it: people, pictures, marks and planted evidence.

A change of the simulator moves every stored score of the phantom, so it must not happen unseen. `XAUDIT_GOLDEN=write pytest
tests/cases/test_phantom_golden.py` writes the golden file anew; read the difference before you commit it. Pictures are held to their means
and deviations in 8 × 8 fields, in grey levels, since sines differ in their last bit from one processor to the next.
"""

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from xaudit.cases.phantom.study import write_phantom
from xaudit.config import PhantomSection

GOLDEN = Path(__file__).parent.parent / "golden" / "phantom.json"
N_FIELDS = 8
# A pixel may turn over by one grey level, and an edge by its last digit: a field holds 256 pixels.
TOLERANCE = {"pictures": 0.02, "lungs": 1, "body": 1, "marks": 0.11, "votes": 0, "planted": 3}
PLANTS = ("corner-marker", "border-tone", "opposite-tag")


def study(folder, **settings):
    section = PhantomSection.model_validate({"patients": 8, "slices": 2, "size": 128, **settings})
    write_phantom(section, folder, on_progress=lambda _: None)
    return folder


def grey(path):
    with Image.open(path) as image:
        return np.asarray(image, dtype=np.float64)


def fields(pixels):
    height, width = pixels.shape
    parts = pixels.reshape(N_FIELDS, height // N_FIELDS, N_FIELDS, width // N_FIELDS)
    return {
        "mean": parts.mean((1, 3)).ravel().round(2).tolist(),
        "deviation": parts.std((1, 3)).ravel().round(2).tolist(),
    }


def extent(mask):
    rows, columns = np.nonzero(mask)
    return [int(mask.sum()), int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())]


def seen(tmp_path):
    folder = study(tmp_path / "plain")
    with (folder / "labels.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    coco = json.loads((folder / "annotations.json").read_text("utf-8"))
    return {
        "rows": rows,
        "pictures": {row["image"]: fields(grey(folder / "images" / row["image"])) for row in rows},
        "lungs": {row["image"]: extent(grey(folder / "lungs" / row["image"]) > 0) for row in rows},
        "body": {row["image"]: extent(grey(folder / "body" / row["image"]) > 0) for row in rows},
        "marks": [
            {"image": one["image_id"], "reader": one["reader_id"], "box": [round(edge, 1) for edge in one["bbox"]], "area": round(one["area"], 1)}
            for one in coco["annotations"]
        ],
        "votes": [[one["image_id"], one["reader_id"]] for one in coco["votes"]],
        "planted": {plant: planted(folder, study(tmp_path / plant, plant=plant, strength=1.0), rows) for plant in PLANTS},
    }  # fmt: skip


def planted(before, after, rows):
    """The place at which evidence changed each picture of a cancer, and the sum of the change."""
    found = {}
    for row in rows:
        change = grey(after / "images" / row["image"]) - grey(before / "images" / row["image"])
        if change.any():
            found[row["image"]] = {"extent": extent(change != 0), "sum": round(float(change.sum()), 0)}
    return found


def flat(tree, place=""):
    """The leaves of a tree of tables and lists, by where they stand."""
    match tree:
        case dict():
            return {
                key: leaf
                for name, part in tree.items()
                for key, leaf in flat(part, f"{place}/{name}").items()
            }
        case list():
            return {
                key: leaf
                for name, part in enumerate(tree)
                for key, leaf in flat(part, f"{place}/{name}").items()
            }
        case _:
            return {place: tree}


def test_the_phantom_is_the_one_on_which_the_documents_numbers_were_measured(tmp_path):
    found = seen(tmp_path)
    if os.environ.get("XAUDIT_GOLDEN") == "write":
        GOLDEN.write_text(json.dumps(found) + "\n", "utf-8")
    leaves, expected = flat(found), flat(json.loads(GOLDEN.read_text("utf-8")))
    assert leaves.keys() == expected.keys()
    numbers = [place for place, leaf in expected.items() if isinstance(leaf, int | float)]
    assert {p: leaves[p] for p in leaves if p not in numbers} == {
        p: expected[p] for p in expected if p not in numbers
    }
    moved = {
        p: (expected[p], leaves[p])
        for p in numbers
        if leaves[p] != pytest.approx(expected[p], rel=0, abs=TOLERANCE[p.split("/")[1]])
    }
    assert moved == {}
