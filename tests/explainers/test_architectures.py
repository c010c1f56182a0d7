"""Every architecture of the reference's matrix with every explainer: a map, or a refusal with its reason.

The matrix lies in tests/golden/architectures.csv, from which docs/generate.py makes the page. `XAUDIT_GOLDEN=write` writes it
anew; review the diff.
"""

import csv
import os
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from architectures import ARCHITECTURES

from xaudit.catalog import EXPLAINERS
from xaudit.config import ExplainerSpec
from xaudit.errors import ModelError
from xaudit.explainers import make_explainer
from xaudit.explainers.native_grids import native_grids
from xaudit.explainers.preflight import check_explainer
from xaudit.models.classifier import Classifier

MATRIX = Path(__file__).parents[1] / "golden" / "architectures.csv"
INFORMED = [row.id for row in EXPLAINERS if not row.control]
SETTINGS = {
    "lime": {"compactness": 1.0, "segments": 12, "samples": 40},
    "feature-ablation": {"compactness": 1.0, "segments": 12},
    "kernel-shap": {"compactness": 1.0, "segments": 12, "samples": 40},
    "rise": {"samples": 40, "grid": 4},
    "integrated-gradients": {"steps": 4},
    "smoothgrad": {"samples": 2},
    "gradient-shap": {"samples": 2},
}


def noise(side, seed):
    """One image, twice, to be explained for both classes."""
    image = torch.randn((1, 3, side, side), generator=torch.Generator().manual_seed(seed))
    return image.repeat(2, 1, 1, 1)


def answer(name, model):
    """'yes' if the explainer makes a map of content, else the reason of its refusal.

    A class activation map of zeros says that nothing speaks for the class. With a few cells and random weights this
    happens for both classes; then another image must have a map.
    """
    spec = ExplainerSpec(name=name, **SETTINGS.get(name, {}))
    try:
        check_explainer(spec, model, list(noise(model.model_hw[0], 1)[:1]))
        for seed in range(1, 6):
            images = noise(model.model_hw[0], seed)
            maps = make_explainer(spec, model).explain(images, [0, 1], [0, 0])
            if np.ptp(maps, axis=(1, 2)).max() > 0:
                break
    except ModelError as refusal:
        return without_particulars(str(refusal), type(model.module).__name__)
    assert maps.shape == (2, *model.model_hw)
    assert np.isfinite(maps).all()
    assert np.ptp(maps, axis=(1, 2)).max() > 0, name
    if native_grids(spec, model) is not None:
        assert native_grids(spec, model)(images[0]).best_map(np.ones(model.model_hw)) == pytest.approx(1)
    return "yes"


def without_particulars(reason, network):
    """The reason without the layer's name, the network's and its numbers, so that networks share it."""
    reason = re.sub(r"its? layer '[^']+'|layer '[^']+'", "its layer", reason.removeprefix("model 'net': "))
    reason = reason.removeprefix("its layer: ")
    reason = re.sub(r" by [\d.e+-]+ of [\d.e+-]+: ", ": ", reason)
    reason = re.sub(
        r"'[^']+' runs \d+ times per image( \(and \d+ more\))?", "one runs twice per image", reason
    )
    reason = re.sub(r"'[\w.]+' \((\w+)\)", r"\1", reason)
    reason = re.sub(r"^attention-(rollout|gradient) ", "it ", reason)
    reason = re.sub(r" \(\d+ such calls per image\)", "", reason)
    reason = re.sub(rf"'[\w.]+' calls one|\b{network} calls one", "it calls one", reason)
    return re.sub(rf"\b{network}\b", "the network", reason)


@pytest.fixture(scope="module")
def tried():
    """The answers of this session, by architecture."""
    answers = {}
    yield answers
    if os.environ.get("XAUDIT_GOLDEN") == "write":
        with MATRIX.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["library", "architecture", *INFORMED])
            table.writerows(
                [kind.library, kind.name, *(answers[kind.id][name] for name in INFORMED)]
                for kind in ARCHITECTURES
            )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ARCHITECTURES, ids=lambda kind: kind.id)
def test_each_cell_is_a_map_or_the_reason_of_a_refusal(kind, tried):
    model = Classifier(
        id="net", module=kind.network(), class_names=("other", "target"), model_hw=(kind.side, kind.side)
    )
    tried[kind.id] = {name: answer(name, model) for name in INFORMED}
    if os.environ.get("XAUDIT_GOLDEN") != "write":
        with MATRIX.open(encoding="utf-8", newline="") as file:
            rows = {f"{row['library']} {row['architecture']}": row for row in csv.DictReader(file)}
        assert tried[kind.id] == {name: rows[kind.id][name] for name in INFORMED}


def test_the_matrix_has_a_row_for_each_architecture_and_a_column_for_each_explainer():
    with MATRIX.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["library", "architecture", *INFORMED]
    assert [" ".join(row[:2]) for row in rows] == [kind.id for kind in ARCHITECTURES]
