"""A run id stands for one set of inputs: other code, weights, marks or masks make another folder, and the earlier one stays."""

import json
import os
import py_compile
import shutil
from functools import cache

import numpy as np
import pandas as pd
import pytest
from known_network import save_colour_reader
from known_study import read_labels, study_model, write_audit, write_labels, xaudit_process
from PIL import Image

NETWORK = """\
import json
from pathlib import Path

import torch
from known_network import ColourReader
from my_gain import GAIN

SHIFT = json.loads((Path(__file__).parent / "shift.json").read_text())


class Mine(ColourReader):
    def forward(self, images):
        return super().forward(images) * GAIN + torch.tensor(SHIFT)


def build(n_classes):
    return Mine(n_classes)
"""


def add_network(folder):
    (folder / "my_net.py").write_text(NETWORK)
    (folder / "my_gain.py").write_text("GAIN = +1\n")
    (folder / "shift.json").write_text("0.0")
    write_audit(
        folder, models=[study_model(factory="my_net:build")], explainers=["gradcam"], gates=[], controls=[]
    )


@pytest.fixture
def mine(study):
    """The study with a network of the user's own: a module, a helper module, and a file of numbers that it reads."""
    add_network(study)
    return study


@pytest.fixture(scope="module")
def after(pristine, tmp_path_factory):
    """That study after a stage, carried out once for all tests of this file."""

    @cache
    def folder_after(stage):
        folder = tmp_path_factory.mktemp(stage) / "study"
        shutil.copytree(pristine, folder)
        add_network(folder)
        done(folder, stage)
        return folder

    return folder_after


@pytest.fixture
def predicted(after, tmp_path):
    return shutil.copytree(after("predict"), tmp_path / "predicted")


@pytest.fixture
def audited(after, tmp_path):
    return shutil.copytree(after("run"), tmp_path / "audited")


def runs_of(folder):
    return sorted(path for path in (folder / "runs").iterdir() if path.is_dir())


def command(folder, name="predict", *more):
    return xaudit_process(name, "audit.yaml", "-q", *more, cwd=folder)


def done(folder, name="predict", *more):
    finished = command(folder, name, *more)
    assert finished.returncode == 0, finished.stderr
    return runs_of(folder)


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def n_right(run):
    table = pd.read_parquet(run / "predictions.parquet")
    return int((table["label"] == table["predicted"]).sum())


def negate_forward(folder):
    text = (folder / "my_net.py").read_text()
    (folder / "my_net.py").write_text(text.replace("* GAIN", "* -GAIN"))


def negate_helper(folder):
    (folder / "my_gain.py").write_text("GAIN = -1\n")


def shift_data_file(folder):
    (folder / "shift.json").write_text("[-1000.0, 1000.0]")


def exchange_weights(folder):
    save_colour_reader(folder / "marks.safetensors", 1)


@pytest.mark.parametrize(
    ("change", "right"),
    [(negate_forward, 0), (negate_helper, 0), (shift_data_file, 8), (exchange_weights, 24)],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_edited_code_data_or_weights_make_another_run_with_the_new_answers(predicted, change, right):
    # 24 images, 8 of them well: all are named rightly; negated none; always "well", the 8 that are.
    [first] = runs_of(predicted)
    assert n_right(first) == 24
    before = contents(first)
    change(predicted)
    runs = done(predicted)
    assert len(runs) == 2
    assert n_right(runs[1]) == right
    assert contents(first) == before


def test_the_same_inputs_find_the_same_folder(predicted):
    runs = runs_of(predicted)
    assert done(predicted) == runs


def test_a_run_computes_its_maps_and_scores_anew_where_forward_was_edited(audited):
    negate_forward(audited)
    _, second = done(audited, "run")
    work = json.loads((second / "outcome.json").read_text())["work"]
    assert work["n_shards_reused"] == 0
    [accuracy] = [
        one["measures"]["accuracy"]["estimate"]
        for one in json.loads((second / "evaluations.json").read_text())["evaluations"]
    ]
    assert accuracy == 0


def test_a_stale_compiled_copy_of_a_module_is_refused_in_two_lines(mine):
    path = mine / "my_gain.py"
    py_compile.compile(str(path))
    before = path.stat()
    path.write_text("GAIN = -1\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    refused = command(mine)
    assert (refused.returncode, refused.stdout) == (2, "")
    error, hint = refused.stderr.splitlines()
    assert error.startswith("error: model 'marks': Python runs __pycache__/my_gain.cpython-")
    assert error.endswith(".pyc, which is older than its source")
    assert hint == "hint:  remove the folder __pycache__ beside the source and run again"
    assert not (mine / "runs").exists()


@pytest.mark.slow
def test_the_manifest_holds_a_checksum_of_every_input(mine):
    lungs = mine / "lungs"
    lungs.mkdir()
    for path in (mine / "images").iterdir():
        Image.fromarray(np.full((40, 32), 255, np.uint8)).save(lungs / path.name)
    regions = ("--set", "data.regions.lungs=lungs")
    [first] = done(mine, "predict", *regions)
    found = json.loads((first / "manifest.json").read_text())
    assert found["outputs"] == {"marks": ["sick", "well"]}
    checksums = found["checksums"]
    assert set(checksums) == {
        "weights", "images", "annotations", "labels", "masks", "predictions", "code", "answers"
    }  # fmt: skip
    assert all(checksums.values())
    assert str(mine) not in (first / "manifest.json").read_text()

    def other(run):
        plain = json.loads((run / "manifest.json").read_text())["checksums"]
        return {name for name in plain if plain[name] != checksums[name]}

    Image.fromarray(np.zeros((40, 32), np.uint8)).save(next(lungs.iterdir()))
    assert other(done(mine, "predict", *regions)[1]) == {"masks"}
    rows = read_labels(mine)
    write_labels(mine, [[*rows[0][:2], "patient 9", rows[0][3]], *rows[1:]])
    assert other(done(mine, "predict", *regions)[2]) == {"masks", "labels"}


@pytest.mark.slow
def test_a_corrected_mark_makes_a_new_run_that_takes_over_the_shards_that_still_hold(audited):
    [first] = runs_of(audited)
    before = contents(first)
    marks = json.loads((audited / "marks.json").read_text())
    marks["annotations"][0]["bbox"][2] -= 1
    (audited / "marks.json").write_text(json.dumps(marks))
    _, second = done(audited, "run")
    assert contents(first) == before
    work = json.loads((second / "outcome.json").read_text())["work"]
    assert 0 < work["n_shards_reused"] < work["n_shards"]


def test_a_run_that_is_refused_for_its_data_or_its_weights_leaves_no_folder(mine):
    for change in ("data.labels=nowhere.csv", "models.0.weights=nowhere.pt", "models.0.layer=nowhere"):
        refused = command(mine, "run", "--set", change)
        assert refused.returncode == 2
        assert not (mine / "runs").exists(), change


@pytest.mark.slow
def test_an_unfinished_run_hides_no_finished_one_and_is_named(audited):
    [finished] = runs_of(audited)
    done(audited, "predict", "--seed", "5")
    [newer] = [path for path in (audited / "runs").iterdir() if path != finished]
    note = f"note:  shown is {finished.name}; {newer.name} is newer and not finished (interrupted)"
    for words in (["report"], ["gate"], ["compare"], ["show", "-", "p0-0"]):
        shown = xaudit_process(*words, cwd=audited)
        assert shown.returncode in (0, 2), shown.stderr
        assert shown.stderr.splitlines()[0] == note
        assert "was not finished" not in shown.stderr
