"""Settled verdicts of the phantom's two models on stored effects, and the figures that the benchmark prints."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import decided

EFFECTS = json.loads(decided.EFFECTS.read_text())


def test_the_effect_of_a_region_is_the_mean_over_the_infills_of_each_patient():
    columns = decided.columns_of(
        {"mark:blur": [0.2, None], "mark:noise": [0.4, None], "all-but-mark:blur": [0.9, 0.8]}
    )
    np.testing.assert_allclose(columns["reliance-mark"], [0.3, np.nan])
    assert set(columns) == {"mark:blur", "mark:noise", "all-but-mark:blur", "reliance-mark"}


@pytest.mark.parametrize(("model", "uses"), [("honest", "mark"), ("shortcut", "border")])
def test_on_2000_patients_each_of_the_phantoms_models_is_settled_with_a_tenth_of_the_evaluations(model, uses):
    columns = decided.columns_of(EFFECTS[model])
    drawn = np.random.default_rng(3).integers(0, 60, 2000)
    n, last, figures = decided.settled_after(model, {name: values[drawn] for name, values in columns.items()})
    # One evaluation of every patient for the predictions, all others of the patients that are used.
    assert (n * decided.EVALUATIONS + 2000) / (2000 * (decided.EVALUATIONS + 1)) <= 0.1
    assert last
    gates, used = decided.states(figures)
    assert gates == ([True, True] if model == "honest" else [False, False])
    assert used[f"reliance-{uses}"]
    assert used["reliance-mark"] == (model == "honest")
    assert (gates, used) == decided.true_states(columns)


def test_an_effect_at_the_limit_takes_all_patients_and_says_what_was_open():
    # Falls of 0 and .08 in turn: the mean .04 lies above the margin of .02 and below the .05 that count as none.
    effects = np.tile([0.0, 0.08], 30)
    n, last, _ = decided.settled_after("net", {"reliance-border": effects})
    assert n == 60
    assert [one.measure for one in last if one.rule.startswith("lower end")] == ["reliance-border"]


@pytest.mark.slow
def test_looking_often_misleads_students_interval_and_not_the_sequence():
    # 5 % of 200 studies and three standard errors of .0154.
    for sequence, student in decided.errors(1000, 200, seed=1).values():
        assert sequence <= 0.05 + 3 * 0.0154
        assert student > 0.15


def test_the_test_of_the_map_is_made_where_the_audit_stops():
    (stopped, full), stops = decided.map_error(60, 4, seed=1, side=3)
    assert {stopped, full} <= {0.0, 0.25, 0.5}
    assert all(n in (20, 25, 32, 40, 50, 60) for n in stops)
