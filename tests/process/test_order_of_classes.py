"""A model whose outputs are in another order than sorted names: each way to say so, and what contradicts itself."""

import csv
import json

import pandas as pd
import pytest
import yaml
from known_study import only_run, xaudit_process
from PIL import Image

NETS = """\
import torch


class Grey(torch.nn.Module):
    # The first logit speaks for a dark image, which is normal; the second for a bright one, which is cancer.
    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.ones(1))

    def forward(self, x):
        z = (x.mean((1, 2, 3)) * 255 - 120) / 20
        return torch.stack([-z, z], 1) * self.gain


def build(n_classes):
    return Grey()
"""


@pytest.fixture
def grey(tmp_path):
    """Eight images, half of them dark and normal; the network's outputs are in the order normal, cancer."""
    import torch

    (tmp_path / "images").mkdir()
    rows = [["image", "label", "split"]]
    for number in range(8):
        bright = number % 2
        Image.new("L", (16, 16), 200 if bright else 40).save(tmp_path / "images" / f"k{number}.png")
        rows.append([f"k{number}.png", "cancer" if bright else "normal", "test"])
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    (tmp_path / "nets.py").write_text(NETS)
    torch.save({"gain": torch.ones(1)}, tmp_path / "w.pt")
    return tmp_path


def write(folder, *, data=None, model=None):
    plain = {
        "name": "order",
        "data": {"format": "csv", "images": "images", "labels": "labels.csv", "positive": "cancer", **(data or {})},
        "models": [
            {
                "id": "m", "source": "python", "factory": "nets:build", "weights": "w.pt", "input_size": 16,
                "mean": [0, 0, 0], "std": [1, 1, 1], **(model or {}),
            }
        ],
        "explainers": ["occlusion"],
        "run": {"cases": "all"},
    }  # fmt: skip
    (folder / "audit.yaml").write_text(yaml.safe_dump(plain))


def predict(folder):
    return xaudit_process("predict", "audit.yaml", "-q", cwd=folder)


@pytest.mark.parametrize(
    ("data", "model", "n_right"),
    [
        ({"classes": ["normal", "cancer"]}, {}, 8),
        ({}, {"classes": ["normal", "cancer"]}, 8),
        ({"classes": ["cancer", "normal"]}, {"classes": ["normal", "cancer"]}, 8),
        ({}, {}, 0),  # nothing says the order, so sorted names are taken
    ],
    ids=str,
)
def test_an_order_that_is_written_down_is_kept(grey, data, model, n_right):
    write(grey, data=data, model=model)
    done = predict(grey)
    assert done.returncode == 0, done.stderr
    run = only_run(grey / "runs")
    table = pd.read_parquet(run / "predictions.parquet")
    assert (table["label"] == table["predicted"]).sum() == n_right
    assert tuple(table["class_names"].iloc[0]) == tuple(data.get("classes", ("cancer", "normal")))
    [evaluation] = json.loads((run / "evaluations.json").read_text())["evaluations"]
    assert evaluation["class_names"] == list(data.get("classes", ("cancer", "normal")))
    matrix = [[4, 0], [0, 4]] if n_right else [[0, 4], [4, 0]]
    assert evaluation["matrix"] == matrix


def test_a_stated_order_that_names_no_class_of_the_data_is_refused_in_two_lines(grey):
    write(grey, model={"classes": ["normal", "cancr"]})
    done = predict(grey)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "error: model 'm': classes: the data has no class 'cancr'",
        "hint:  did you mean 'cancer'? its classes are cancer, normal",
    ]
