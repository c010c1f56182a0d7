"""Maps are scored to the last bit of float32, whether they come from files or were made here, at once or after a break."""

import csv
import json

import numpy as np
import pandas as pd
import pytest
from known_study import everything, only_run, study_audit, write_audit, xaudit_process
from PIL import Image
from scipy.stats import rankdata

from xaudit.cli.boundary import run_command_line

SIDE = 32
NAMES = ("a", "b", "c", "d")
MARK = (slice(10, 16), slice(10, 16))
STEP = np.float32(2.0**-20)
"""About a millionth. Near 1 float16 has steps of 1/2048, so it could not tell two such values apart."""


def write_files(folder, values):
    """Four images, two of them sick with a mark of 6 × 6, predictions that are right, and one map for each."""
    (folder / "images").mkdir(parents=True)
    (folder / "maps").mkdir()
    rng = np.random.default_rng(3)
    rows, images, marks, said = [], [], [], []
    for number, name in enumerate(NAMES):
        Image.fromarray(rng.integers(0, 255, (SIDE, SIDE)).astype(np.uint8)).save(
            folder / "images" / f"{name}.png"
        )
        sick = number < 2
        rows.append([f"{name}.png", "sick" if sick else "well", name, "test"])
        said.append([f"{name}.png", 0.9 if sick else 0.1, 0.1 if sick else 0.9])
        images.append({"id": number, "file_name": f"{name}.png", "height": SIDE, "width": SIDE})
        if sick:
            marks.append({"id": number, "image_id": number, "category_id": 1, "bbox": [10, 10, 6, 6]})
        np.save(folder / "maps" / f"{name}.npy", values[number])
    for file, head, body in (
        ("labels.csv", ["image", "label", "patient", "split"], rows),
        ("preds.csv", ["image", "sick", "well"], said),
    ):
        with (folder / file).open("w", newline="") as stream:
            csv.writer(stream).writerows([head, *body])
    coco = {"images": images, "annotations": marks, "categories": [{"id": 1, "name": "sick"}]}
    (folder / "marks.json").write_text(json.dumps(coco))
    audit = {
        "data": study_audit()["data"],
        "models": [{"id": "m", "source": "external", "predictions": "preds.csv", "maps": {"given": "maps"}}],
        "explainers": ["external-given"],
        "metrics": ["pointing-game", "pixel-auroc", "relevance-rank-accuracy", "iou"],
        "controls": ["centre"],
        "gates": [],
    }
    audit = {**study_audit(), **audit}
    return write_audit(folder, **audit)


def values_of(run, explainer="external-given"):
    table = pd.concat([pd.read_parquet(path) for path in sorted((run / "scores").glob("part-*.parquet"))])
    own = table[(table["explainer"] == explainer) & (table["status"] == "scored")]
    return own.set_index(["metric", "case_id"])["value"]


def near_ties(dtype):
    """Background that rises by one step from pixel to pixel near .9, so that every rank rests on the last digits."""
    ramp = (0.9 + np.arange(SIDE * SIDE, dtype=np.float64) * float(STEP)).reshape(SIDE, SIDE)
    inside, outside = ramp.copy(), ramp.copy()
    inside[12, 15] = ramp.max() + float(STEP)
    outside[12, 16] = ramp.max() + float(STEP)
    return [one.astype(dtype) for one in (inside, outside, ramp, ramp)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_last_digits_of_a_map_from_a_file_decide_its_ranks(tmp_path, monkeypatch, dtype, capsys):
    maps = near_ties(dtype)
    monkeypatch.chdir(tmp_path)
    assert run_command_line(["run", str(write_files(tmp_path / "study", maps)), "-q", "-o", "runs"]) == 0
    found = values_of(only_run(tmp_path / "runs"))
    # The highest pixel of a is its one pixel in the mark's last column, the highest of b the one beside it.
    assert found["pointing-game", "a"] == 1
    assert found["pointing-game", "b"] == 0
    mark = np.zeros((SIDE, SIDE), bool)
    mark[MARK] = True
    for name, values in zip("ab", maps, strict=False):
        ranks = rankdata(values.astype(np.float32)).reshape(values.shape)
        n, m = int(mark.sum()), int((~mark).sum())
        auroc = (ranks[mark].sum() - n * (n + 1) / 2) / (n * m)
        assert found["pixel-auroc", name] == pytest.approx(auroc, abs=1e-12)
    shown = " ".join(capsys.readouterr().out.split())
    note = "external-given: 4 files hold numbers of more than 24 bits, which are rounded to float32"
    assert (note in shown) is (dtype is np.float64)


def test_own_maps_are_stored_and_scored_as_the_explainer_made_them(study):
    audit = {
        "explainers": ["gradcam", "saliency"],
        "metrics": ["pointing-game", "pixel-auroc"],
        "controls": ["random"],
        "reliance": {"enabled": False},
        "gates": [],
    }
    assert run_command_line(["run", str(write_audit(study, **audit)), "-q"]) == 0
    run = only_run(study / "runs")
    maps = pd.concat([pd.read_parquet(path) for path in sorted((run / "maps").glob("part-*.parquet"))])
    random = maps[maps["explainer"] == "random"]
    # Random numbers of 24 bits: as float16 about half of the 1024 pixels would share their value with another.
    for row in random.itertuples():
        assert len(np.unique(row.values)) > 0.99 * len(row.values)
    assert set(maps["scale"]) == {1.0}


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_scores_made_of_maps_that_were_read_again_are_those_of_an_unbroken_run(study):
    audit = {"controls": ["random", "mean-map", "shuffled-marks"], "sanity": {"cases": 4}}
    path = str(write_audit(study, **audit))
    assert run_command_line(["run", path, "-q", "-o", "whole"]) == 0
    assert run_command_line(["run", path, "-q", "-o", "broken"]) == 0
    broken = only_run(study / "broken")
    # As if the run had been killed after its maps were stored and before any of their scores was.
    for table in ("scores", "map_facts"):
        for part in (broken / table).glob("part-*.parquet"):
            part.unlink()
    status = json.loads((broken / "status.json").read_text())
    (broken / "status.json").write_text(json.dumps({**status, "state": "interrupted"}))
    done = xaudit_process("run", "audit.yaml", "-q", "-o", "broken", cwd=study)
    assert done.returncode == 0, done.stderr
    one, other = everything(only_run(study / "whole")), everything(only_run(study / "broken"))
    assert [name for name in one if one[name] != other[name]] == []
