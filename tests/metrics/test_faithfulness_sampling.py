"""When a metric that draws samples stops, and how sure it then is."""

import numpy as np
import pytest
import torch
from reading_models import box, reads

from xaudit.config import MetricSpec
from xaudit.metrics import ask_faithfulness
from xaudit.metrics.faithfulness.sampling import jackknife, pearson, pearson_error
from xaudit.perturb.asking import answer

SIDE = 24
AREA = box((SIDE, SIDE), (6, 12), (12, 18))
IMAGE = torch.rand((3, SIDE, SIDE), generator=torch.Generator().manual_seed(5))
MAP = AREA + np.random.default_rng(2).random((SIDE, SIDE))


def measured(name, *, seed=0, batch_size=9, **settings):
    classifier = reads(AREA, batch_size=batch_size)
    asking = ask_faithfulness(MetricSpec(name=name, **settings), classifier, IMAGE, 1, MAP, seed=seed)
    found = answer([asking], classifier.logits, batch_size=batch_size)[0]
    return found.value.value, found.n_evals


SAMPLED = {
    "faithfulness-correlation": {"samples": 400, "share": 0.3},
    "infidelity": {"samples": 400, "patch": 0.3},
    "sensitivity-n": {"samples": 400, "sizes": 2},
}


@pytest.mark.parametrize("name", SAMPLED)
def test_a_wanted_standard_error_saves_evaluations_and_the_value_is_within_four_of_them(name):
    whole, all_of_them = measured(name, **SAMPLED[name])
    stopped, fewer = measured(name, stop_at=0.08, **SAMPLED[name])
    assert 20 < fewer < all_of_them
    assert stopped == pytest.approx(whole, abs=4 * 0.08)
    assert measured(name, stop_at=0.08, batch_size=64, **SAMPLED[name])[1] == fewer


@pytest.mark.parametrize("name", SAMPLED)
def test_what_cannot_be_reached_costs_no_more_than_all_samples(name):
    few = SAMPLED[name] | {"samples": 30}
    assert measured(name, stop_at=1e-9, **few) == pytest.approx(measured(name, **few), abs=1e-9)


@pytest.mark.slow
def test_the_value_where_it_stops_is_spread_over_seeds_as_the_error_says():
    values = [
        measured("faithfulness-correlation", samples=2000, share=0.3, stop_at=0.1, seed=seed)[0]
        for seed in range(40)
    ]
    # It stops where the error is at most .1, after at least 20: neither far more nor far less.
    assert 0.06 < np.std(values) < 0.14


def test_the_jackknife_of_a_mean_is_its_textbook_error():
    values = np.random.default_rng(0).random(50)
    left_out = (values.sum() - values) / 49
    assert jackknife(left_out) == pytest.approx(values.std(ddof=1) / np.sqrt(50))


def test_the_correlation_and_its_error_are_those_of_leaving_out_one_at_a_time():
    rng = np.random.default_rng(1)
    x = rng.random(30) + 1000
    y = x + rng.random(30)
    assert pearson(x, y) == pytest.approx(np.corrcoef(x, y)[0, 1])
    left_out = np.array([np.corrcoef(np.delete(x, i), np.delete(y, i))[0, 1] for i in range(30)])
    assert pearson_error(x, y) == pytest.approx(jackknife(left_out), rel=1e-6)
    assert pearson(x, np.ones(30)) == 0.0
