"""The page on external maps: its script, with Keras played by a stub, writes what its audit file reads."""

import re
import sys
import types
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from known_study import only_run
from PIL import Image

from xaudit.cli.boundary import run_command_line

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "external-maps.md").read_text(
    encoding="utf-8"
)


def block(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[0]


class Redness:
    """Says sick where an image has much red and no green in one place, as the study's sick ones have."""

    def predict(self, x, verbose):
        assert (x.shape, x.dtype, verbose) == ((1, 224, 224, 3), np.float32, 0)
        sick = float(red(x).mean() > 0.01)
        return np.array([[0.9, 0.1] if sick else [0.1, 0.9]], dtype=np.float32)


def red(x):
    return np.clip(x[0, :, :, 0] - x[0, :, :, 1] - 0.3, 0, None)


def gradcam(model, x, index):
    assert index == 0
    return red(x).reshape(56, 4, 56, 4).mean(axis=(1, 3))


def load_img(path, target_size):
    return Image.open(path).convert("RGB").resize(target_size[::-1], Image.Resampling.BILINEAR)


def keras_stub():
    keras = types.ModuleType("keras")
    keras.models = types.SimpleNamespace(load_model=lambda path: Redness())
    keras.utils = types.SimpleNamespace(
        load_img=load_img, img_to_array=lambda image: np.asarray(image, dtype=np.float32)
    )
    return keras


def test_the_script_for_keras_writes_what_the_audit_file_of_the_page_reads(study, monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", keras_stub())
    maps = types.ModuleType("my_maps")
    maps.gradcam = gradcam
    monkeypatch.setitem(sys.modules, "my_maps", maps)
    exec(compile(block("python"), "export.py", "exec"), {})
    told = pd.read_csv("preds.csv")
    assert list(told.columns) == ["image", "sick", "well"]
    assert len(told) == 24
    assert np.load("maps/gradcam/p0-0.png.npy").shape == (56, 56)

    plain = yaml.safe_load(block("yaml"))
    Path("away.yaml").write_text(
        yaml.safe_dump({**plain, "statistics": {"replicates": 200}, "report": {"html": False}})
    )
    assert run_command_line(["run", "away.yaml", "-q", "-o", "away"]) == 0
    summary = pd.read_parquet(only_run(study / "away") / "summary.parquet")
    own = summary[(summary["explainer"] == "external-gradcam") & (summary["stratum"] == "all")].set_index(
        "metric"
    )
    # The images are 40 high and 32 wide: stretched to a square and back, the red square meets its box.
    assert own.loc["pointing-game", "estimate"] == 1
    assert own.loc["iou", "estimate"] > 0.8
