"""A study of 24 colour images in which every sick one carries a red mark and a green corner, as ordinary files.

Classes sort as sick, well, so that the first logit speaks for sick.
"""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from known_network import save_colour_reader
from PIL import Image

HERE = Path(__file__).parent
HEIGHT, WIDTH = 40, 32
N_PATIENTS, N_SLICES = 8, 3


def write_study(folder):
    """Images, labels with patients and splits, and COCO marks: two sick images and one well one of each patient."""
    (folder / "images").mkdir(parents=True)
    rng = np.random.default_rng(0)
    rows, images, marks = [], [], []
    for number in range(N_PATIENTS * N_SLICES):
        patient, turn = divmod(number, N_SLICES)
        name, sick = f"p{patient}-{turn}.png", turn < 2
        pixels = rng.uniform(0.3, 0.4, size=(HEIGHT, WIDTH, 1)).repeat(3, axis=2)
        images.append({"id": number, "file_name": name, "height": HEIGHT, "width": WIDTH})
        if sick:
            y, x = int(rng.integers(12, 28)), int(rng.integers(12, 22))
            pixels[y : y + 10, x : x + 8] = (0.9, 0.1, 0.1)
            pixels[:10, :8] = (0.1, 0.9, 0.1)
            marks.append({"id": number, "image_id": number, "category_id": 1, "bbox": [x, y, 8, 10]})
        Image.fromarray(np.round(pixels * 255).astype(np.uint8)).save(folder / "images" / name)
        rows.append([name, "sick" if sick else "well", f"patient {patient}", "test"])
    write_labels(folder, rows)
    coco = {"images": images, "annotations": marks, "categories": [{"id": 1, "name": "sick"}]}
    (folder / "marks.json").write_text(json.dumps(coco))
    save_colour_reader(folder / "marks.safetensors", 0)
    save_colour_reader(folder / "corner.safetensors", 1)
    return folder


def write_labels(folder, rows):
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["image", "label", "patient", "split"], *rows])


def read_labels(folder):
    with (folder / "labels.csv").open(newline="") as file:
        return list(csv.reader(file))[1:]


def study_model(sees="marks", **changes):
    return {
        "id": sees,
        "source": "python",
        "factory": "known_network:build",
        "weights": f"{sees}.safetensors",
        "input_size": 32,
        "mean": [0, 0, 0],
        "std": [1, 1, 1],
        "layer": "features",
        **changes,
    }


def study_audit(**changes):
    """The audit of the study as plain keys; ``changes`` replace whole sections."""
    return {
        "name": "known",
        "data": {
            "format": "csv",
            "images": "images",
            "labels": "labels.csv",
            "annotations": {"path": "marks.json"},
        },
        "models": [study_model()],
        "explainers": ["gradcam", {"name": "lime", "samples": 40, "segments": 12, "hide": "black"}],
        "metrics": ["relevance-mass-accuracy", "pointing-game", {"name": "pixel-flipping", "steps": 6}],
        "controls": ["random", "centre"],
        "gates": ["reliance-mark >= 0.3", "relevance-mass-accuracy@gradcam >= 0.5"],
        "statistics": {"replicates": 200},
        "run": {"figures": 0, "shard_size": 4},
        "report": {"html": False},
        **changes,
    }


def write_audit(folder, name="audit.yaml", **changes):
    path = folder / name
    path.write_text(yaml.safe_dump(study_audit(**changes), sort_keys=False))
    return path


def environment(**more):
    """What a process needs to find the network, with one thread of everything."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("XAUDIT_", "GITHUB_"))}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    path = os.pathsep.join(filter(None, (str(HERE), os.environ.get("PYTHONPATH"))))
    return {**kept, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "COLUMNS": "80", **more}


def command(*args):
    return [sys.executable, "-m", "xaudit", *map(str, args)]


def xaudit_process(*args, cwd, **more):
    """One command line in its own process, to its end."""
    return subprocess.run(
        command(*args), cwd=cwd, env=environment(**more), capture_output=True, text=True, timeout=240
    )


def only_run(out):
    [folder] = sorted(path for path in out.iterdir() if path.is_dir())
    return folder


TABLES = ("cases", "annotations", "predictions", "maps", "scores", "reliance", "summary", "categories")
UNREPEATABLE = ["seconds"]


def table(run, name):
    """A table of a run as pandas reads it, without what a clock says, in an order of its own."""
    path = run / f"{name}.parquet"
    frame = pd.read_parquet(path if path.is_file() else run / name)
    frame = frame.drop(columns=[column for column in UNREPEATABLE if column in frame])
    texts = frame.map(str).agg("|".join, axis=1) if len(frame) else frame.index
    return frame.assign(_text=texts).sort_values("_text").drop(columns="_text").reset_index(drop=True)


def tables(run):
    """Every table of a run, as text: what two runs must share to be equal."""
    return {name: table(run, name).map(str).to_csv() for name in TABLES}


def everything(run):
    """All that a run says, but for its own name, its clock and its costs: what two runs must share to be the same."""
    found = {
        path.name.removesuffix(".parquet"): table(run, path.name.removesuffix(".parquet")).map(str).to_csv()
        for path in sorted(run.iterdir())
        if path.suffix == ".parquet" or next(path.glob("part-*.parquet"), None)
    }
    for name in ("outcome.json", "gates.json", "evaluations.json"):
        plain = json.loads((run / name).read_text())
        for one in plain.get("explainers_judged", ()):
            del one["seconds"]
        found[name] = json.dumps({key: plain[key] for key in plain if key not in (*IDENTITY, "work")})
    found["checksums"] = json.dumps(json.loads((run / "manifest.json").read_text())["checksums"])
    return found


IDENTITY = ("schema_version", "run_id", "name", "config_hash", "created")
