"""A map in the lung opposite the mark is called so wherever the file says which lung is which, touching or not."""

import csv
import json

import numpy as np
import pandas as pd
import pytest
import yaml
from known_study import only_run
from PIL import Image

from xaudit.cli.boundary import run_command_line

SIDE = 64
LEFT, RIGHT = (10, 20, 28, 26), (38, 20, 16, 26)
"""Boxes x, y, width, height that touch in column 38; the middle of both is column 32, within the mark."""
MARK, SPOT = (29, 28, 6, 6), (44, 30, 6, 6)


def area(box):
    x, y, width, height = box
    mask = np.zeros((SIDE, SIDE), dtype=np.uint8)
    mask[y : y + height, x : x + width] = 1
    return mask


def coco(path, drawn):
    names = sorted({name for name, _ in drawn})
    images = [
        {"id": n, "file_name": f"{name}.png", "height": SIDE, "width": SIDE} for n, name in enumerate("ab")
    ]
    marks = [
        {"id": 10 * image + number, "image_id": image, "category_id": names.index(name), "bbox": list(box)}
        for image in range(2)
        for number, (name, box) in enumerate(drawn)
    ]
    categories = [{"id": number, "name": name} for number, name in enumerate(names)]
    path.write_text(json.dumps({"images": images, "annotations": marks, "categories": categories}))


def masks(folder, values):
    folder.mkdir(parents=True)
    for name in "ab":
        Image.fromarray(values).save(folder / f"{name}.png")


def by_categories(folder):
    coco(folder / "anatomy.json", [("left lung", LEFT), ("right lung", RIGHT)])
    return "anatomy.json"


def by_numbers(folder):
    masks(folder / "lungs", area(LEFT) + 2 * area(RIGHT))
    return "lungs"


def by_folders(folder):
    masks(folder / "lungs" / "left lung", area(LEFT))
    masks(folder / "lungs" / "right lung", area(RIGHT))
    return "lungs"


def by_the_audit_file(folder):
    masks(folder / "lungs", 7 * area(LEFT) + 9 * area(RIGHT) + 3 * area((0, 0, 2, 2)))
    return {"path": "lungs", "left": 7, "right": 9}


def merged(folder):
    masks(folder / "lungs", area(LEFT) + area(RIGHT))
    return "lungs"


def study(folder, lungs):
    (folder / "images").mkdir(parents=True)
    (folder / "maps").mkdir()
    rows = [["image", "label", "patient", "split"]]
    said = [["image", "sick", "well"]]
    for number, name in enumerate("abcd"):
        pixels = np.random.default_rng(number).integers(0, 200, (SIDE, SIDE)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / "images" / f"{name}.png")
        np.save(folder / "maps" / f"{name}.npy", area(SPOT).astype(np.float32))
        sick = number < 2
        rows.append([f"{name}.png", "sick" if sick else "well", name, "test"])
        said.append([f"{name}.png", 0.9 if sick else 0.2, 0.1 if sick else 0.8])
    for file, lines in (("labels.csv", rows), ("preds.csv", said)):
        with (folder / file).open("w", newline="") as stream:
            csv.writer(stream).writerows(lines)
    coco(folder / "marks.json", [("sick", MARK)])
    audit = {
        "name": "lungs",
        "data": {
            "format": "csv",
            "images": "images",
            "labels": "labels.csv",
            "annotations": {"path": "marks.json"},
            "regions": {"lungs": lungs(folder)},
        },
        "models": [{"id": "m", "source": "external", "predictions": "preds.csv", "maps": {"given": "maps"}}],
        "metrics": ["iou"],
        "controls": ["centre"],
        "statistics": {"replicates": 100},
        "report": {"html": False},
        "run": {"figures": 0},
    }
    path = folder / "audit.yaml"
    path.write_text(yaml.safe_dump(audit))
    return str(path)


def categories(folder):
    table = pd.read_parquet(only_run(folder / "runs") / "categories.parquet")
    own = table[(table["explainer"] == "external-given") & table["case_id"].isin(["a", "b"])]
    return set(own["category"])


@pytest.mark.parametrize("lungs", [by_categories, by_numbers, by_folders, by_the_audit_file])
def test_a_map_in_the_other_named_lung_misses_in_the_opposite_lung(tmp_path, lungs, capsys):
    path = study(tmp_path, lungs)
    assert run_command_line(["run", path, "-q", "-o", str(tmp_path / "runs")]) == 0
    assert categories(tmp_path) == {"miss_opposite_lung"}
    capsys.readouterr()
    assert run_command_line(["data", "check", path]) == 0
    assert "lung masks: 2 images; left " in " ".join(capsys.readouterr().out.split())
    assert run_command_line(["data", "regions", path, "--format", "json"]) == 0
    shown = {one["case_id"]: one["sides"] for one in json.loads(capsys.readouterr().out)["cases"]}
    assert shown == {"a": "named", "b": "named", "c": None, "d": None}


def test_one_mask_without_a_neck_tells_no_side(tmp_path, capsys):
    path = study(tmp_path, merged)
    assert run_command_line(["run", path, "-q", "-o", str(tmp_path / "runs")]) == 0
    assert categories(tmp_path) == {"miss_lungs"}
    capsys.readouterr()
    assert run_command_line(["report", str(only_run(tmp_path / "runs")), "--full"]) == 0
    assert "misses: a lung, side unknown" in capsys.readouterr().out
    scores = pd.concat(
        [pd.read_parquet(part) for part in (only_run(tmp_path / "runs") / "scores").glob("part-*.parquet")]
    )
    own = scores[(scores["explainer"] == "external-given") & (scores["case_id"] == "a")].set_index("metric")
    assert own.loc["mass-lungs", "value"] == 1
    assert (
        own.loc["mass-same-lung", "reason"]
        == "the left and the right lung cannot be told apart on this image"
    )
    assert run_command_line(["data", "regions", path]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Left and right lung: not told apart, so both count together on 2 images." in shown
    assert "name them under data.regions.lungs" in shown


@pytest.mark.parametrize(
    ("lungs", "problem", "hint"),
    [
        ({"left": "lungs"}, "data.regions.lungs: right: is missing", "give both lungs"),
        ({"left": 1, "right": 2}, "data.regions.lungs: left: 1 is no path", "path: masks/lungs"),
        (
            {"left": "one", "right": "two", "middle": "three"},
            "data.regions.lungs: middle: no key is called so",
            "the lungs have the keys left, right and path",
        ),
    ],
)
def test_lungs_that_are_named_badly_are_refused_by_name(tmp_path, capsys, lungs, problem, hint):
    path = study(tmp_path, lambda _: lungs)
    assert run_command_line(["data", "check", path]) == 2
    told = capsys.readouterr().err
    error, advice = told.splitlines()[-2:]
    assert error.startswith("error: audit.yaml: ")
    assert problem in error
    assert hint in advice
