"""However the work is cut, batched or ordered: every table of the run is the same, row by row and digit by digit."""

import csv
import io
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from known_study import everything, only_run, read_labels, study_model, write_audit, write_labels

from xaudit.cli.boundary import run_command_line

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]

RICH = {
    # Every kind of work: two models, controls made of maps, changed images, checks, curves, tuned thresholds.
    "models": [study_model("marks"), study_model("corner")],
    "metrics": ["relevance-mass-accuracy", "iou", {"name": "pixel-flipping", "steps": 6}],
    "controls": ["random", "centre", "mean-map", "shuffled-marks"],
    "sanity": {"cases": 6},
    "robustness": {"cases": 6, "samples": 2},
    "repeatability": True,
    "equivariance": True,
    "resolution": True,
    "gates": [],
}


def carried_out(study, **run):
    settings = {"figures": 0, "shard_size": 4, "curves": True, **run}
    audit = write_audit(study, **RICH, run=settings)
    assert run_command_line(["run", str(audit), "-q", "-o", str(study / "runs")]) == 0
    return everything(only_run(study / "runs"))


@pytest.fixture(scope="module")
def usual(pristine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("usual") / "study"
    shutil.copytree(pristine, folder)
    return carried_out(folder)


def without_shared_costs(found):
    """With no evaluations where all cases of one piece of work share what it cost: larger pieces cost each case less."""
    scores = pd.read_csv(io.StringIO(found["scores"]), dtype=str, keep_default_na=False)
    scores.loc[scores["family"].isin(["sanity", "robustness"]), "n_evals"] = ""
    return {**found, "scores": scores.to_csv()}


def differences(found, wanted):
    """The names of what differs: a whole table in an error message helps nobody."""
    return [name for name in {*found, *wanted} if found.get(name) != wanted.get(name)]


@pytest.mark.parametrize("run", [{"shard_size": 1}, {"shard_size": 5}, {"shard_size": 1000}])
def test_how_the_cases_are_cut_into_parts_shows_in_no_table_but_by_rounding(study, usual, run):
    found = carried_out(study, **run)
    check_but_by_rounding(without_shared_costs(found), without_shared_costs(usual))


@pytest.mark.parametrize("size", [1, 7])
def test_the_batches_show_in_no_table_but_by_how_their_sums_were_rounded(study, usual, size):
    check_but_by_rounding(carried_out(study, batch_size=size), usual)


def check_but_by_rounding(found, usual):
    """A network that adds up a batch of another size in another order moves the last digits of what it says.

    The last batch of a part is smaller than the others, so the size of the parts moves them as well.
    """
    for name in differences(found, usual):
        assert name in ("scores", "summary", "outcome.json"), name
        if name == "outcome.json":
            continue
        one, other = (pd.read_csv(io.StringIO(text[name])) for text in (found, usual))
        for column in one:
            if pd.api.types.is_float_dtype(one[column]):
                np.testing.assert_allclose(one[column], other[column], rtol=1e-5, atol=1e-6, err_msg=column)
            else:
                assert list(one[column].fillna("")) == list(other[column].fillna("")), (name, column)


def test_the_order_of_the_cases_shows_in_no_table_but_by_rounding(study, usual):
    write_labels(study, read_labels(study)[::-1])
    coco = json.loads((study / "marks.json").read_text())
    for key in ("images", "annotations"):
        coco[key].reverse()
    (study / "marks.json").write_text(json.dumps(coco))
    with (study / "labels.csv").open(newline="") as file:
        assert [row[0] for row in csv.reader(file)][1:3] == ["p7-2.png", "p7-1.png"]
    check_but_by_rounding(carried_out(study), usual)
