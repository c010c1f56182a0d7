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
    assert "Left and right lung: not told apart and counted together on 2 images." in shown
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


def everything_shown(folder, capsys):
    """Each report of the run by its name."""
    run = only_run(folder / "runs")
    shown = {}
    for name, options in {
        "screen": [],
        "full": ["--full"],
        "markdown": ["--format", "markdown"],
        "json": ["--format", "json"],
        "card": ["--model-card"],
        "page": ["--html", "--to", str(folder / "page.html")],
    }.items():
        capsys.readouterr()
        assert run_command_line(["report", str(run), *options]) == 0
        shown[name] = " ".join(capsys.readouterr().out.split())
    shown["page"] = (folder / "page.html").read_text(encoding="utf-8")
    assert run_command_line(["show", str(run), "a", "--no-images"]) == 0
    shown["case"] = " ".join(capsys.readouterr().out.split())
    return shown


def of_one_image(folder):
    masks(folder / "lungs", area(LEFT) + 2 * area(RIGHT))
    (folder / "lungs" / "b.png").unlink()
    return "lungs"


@pytest.mark.parametrize(("lungs", "places"), [(lambda _: None, {"miss_elsewhere"}), (of_one_image, None)])
def test_what_is_left_is_the_rest_of_the_image_where_the_lungs_are_not_known(tmp_path, capsys, lungs, places):
    path = study(tmp_path, lungs)
    assert run_command_line(["run", path, "-q", "-o", str(tmp_path / "runs")]) == 0
    shown = everything_shown(tmp_path, capsys)
    assert [
        name for name, text in shown.items() if "outside lungs" in text or "outside the lungs" in text
    ] == []
    assert {name for name, text in shown.items() if "rest of the image" in text} >= {
        "full",
        "markdown",
        "page",
    }
    if places is not None:
        assert categories(tmp_path) == places
        assert [name for name, text in shown.items() if "outside_lung" in text] == []
    else:
        assert categories(tmp_path) == {"miss_opposite_lung", "miss_elsewhere"}


def test_what_is_left_lies_outside_the_lungs_where_they_are_known_on_every_image(tmp_path, capsys):
    path = study(tmp_path, by_numbers)
    assert run_command_line(["run", path, "-q", "-o", str(tmp_path / "runs")]) == 0
    shown = everything_shown(tmp_path, capsys)
    assert "outside lungs" in shown["full"]
    assert "rest of the image" not in shown["full"]


def test_every_control_has_categories_in_table_page_and_json(tmp_path, capsys):
    controls = ["random", "centre", "mean-map", "shuffled-marks"]
    path = study(tmp_path, by_numbers)
    plain = yaml.safe_load((tmp_path / "audit.yaml").read_text())
    (tmp_path / "audit.yaml").write_text(yaml.safe_dump({**plain, "controls": controls}))
    assert run_command_line(["run", path, "-q", "-o", str(tmp_path / "runs")]) == 0
    named = {"random", "centre", "external-given.mean-map", "external-given.shuffled-marks"}
    table = pd.read_parquet(only_run(tmp_path / "runs") / "categories.parquet")
    assert set(table["explainer"]) == {"external-given", *named}
    # Of both sick images the mark is the same, and so is the map: the mean of the others is it, under either mark.
    own = table[table["case_id"] == "a"].set_index("explainer")["category"]
    assert own["external-given.mean-map"] == own["external-given.shuffled-marks"] == "miss_opposite_lung"
    shown = everything_shown(tmp_path, capsys)
    assert {one["explainer_id"] for one in json.loads(shown["json"])["categories"]} == {
        "external-given",
        *named,
    }
    for name in ("full", "page"):
        assert "mean-map" in shown[name].split("How the maps fail")[1]
        assert "shuffled-marks" in shown[name].split("How the maps fail")[1]
    # A control does not ask the model, and of maps made elsewhere nobody knows what they show of it: none gives a reason.
    counted = json.loads(shown["json"])["categories"]
    assert {(one["n_wrong_reason"], one["n_judged"], one["n_no_reason"]) for one in counted} == {(0, 0, 0)}
    assert [one["category"] for one in counted if one["explainer_id"] == "centre"] == ["diffuse"]
    assert "right for the wrong reason - - -" in shown["full"]
    assert "correct, not judged" not in shown["full"]
