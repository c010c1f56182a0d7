"""Judgement of explainers from scores: figures, states, cases that do not count, and no contradiction with `compare`."""

from types import SimpleNamespace

import numpy as np
import pytest

from made_scores import key
from xaudit.compare import compare, pairs_of
from xaudit.config import ExplainersSection, StatisticsSection
from xaudit.metrics.reliance_map.captured import NO_RELIANCE
from xaudit.records import MapFacts, Score, Unscored
from xaudit.stages.outcome.dependence.judged_explainers import judged_explainers
from xaudit.summarise import summarise

METRIC = "reliance-captured"
SETTINGS = StatisticsSection(replicates=1000)


def scored(explainer, values):
    return [
        Unscored(where, NO_RELIANCE) if np.isnan(value) else Score(where, float(value))
        for index, value in enumerate(values)
        for where in [key(index, explainer, METRIC, reader="-", family="agreement")]
    ]


def judged(explainers, prior, *, controls=(), maps=(), settings=SETTINGS, limits=None):
    named = {**explainers, **dict(controls), "prior": prior}
    scores = [one for name, values in named.items() for one in scored(name, values)]
    audit = SimpleNamespace(
        models=[SimpleNamespace(id="m")],
        explainers=[SimpleNamespace(id=name) for name in explainers],
        control_ids=tuple(dict(controls)),
        reliance=SimpleNamespace(explainers=limits or ExplainersSection()),
        statistics=settings,
        seed=0,
    )
    summaries = summarise(scores, controls=dict(controls), patients_known=True, settings=settings, seed=0)
    return {one.explainer_id: one for one in judged_explainers(audit, summaries, scores, maps)}, scores


def around(mean, n=20, spread=0.1, seed=0):
    return np.clip(np.random.default_rng(seed).normal(mean, spread, n), 0, 1)


def test_each_explainer_gets_its_state_and_its_figures():
    found, _ = judged(
        {
            "occlusion": around(0.85),
            "gradcam": around(0.2, seed=1),
            "lime": around(0.58, spread=0.35, seed=2),
        },
        around(0.3, seed=3),
        controls={"edges": around(0.2, seed=4)},
    )
    assert {name: one.state for name, one in found.items()} == {
        "occlusion": "shows", "gradcam": "does-not-show", "lime": "undecided", "edges": "does-not-show",
    }  # fmt: skip
    one = found["occlusion"]
    assert one.captured.estimate == pytest.approx(around(0.85).mean())
    assert one.prior.estimate == pytest.approx(around(0.3, seed=3).mean())
    assert one.difference.estimate == pytest.approx((around(0.85) - around(0.3, seed=3)).mean())
    assert (one.n_cases, one.n_patients, one.n_without_reliance, one.n_needed) == (20, 20, 0, None)
    assert found["lime"].n_needed > 20


def test_cases_without_reliance_do_not_count_and_are_counted():
    values, prior = around(0.85), around(0.3, seed=3)
    values[:4] = prior[:4] = np.nan
    found, _ = judged({"lime": values}, prior)
    assert (found["lime"].n_cases, found["lime"].n_without_reliance) == (16, 4)
    assert found["lime"].captured.estimate == pytest.approx(np.nanmean(values))


def test_where_the_model_relies_on_nothing_everything_is_undecided_with_that_reason():
    nothing = np.full(20, np.nan)
    found, _ = judged({"lime": nothing}, nothing)
    one = found["lime"]
    assert (one.state, one.captured, one.n_cases, one.n_without_reliance) == ("undecided", None, 0, 20)
    assert one.reason == NO_RELIANCE


def test_four_patients_decide_nothing():
    found, _ = judged({"lime": np.ones(4)}, np.zeros(4))
    assert (found["lime"].state, found["lime"].reason) == (
        "undecided",
        "an interval needs at least 5 patients",
    )


def test_what_compare_leaves_to_chance_is_no_verdict():
    """Five patients, every one better: the interval leaves out zero, and Wilcoxon's p is 2 / 2^5."""
    found, scores = judged({"lime": [0.9, 0.92, 0.94, 0.96, 0.98]}, [0.1, 0.1, 0.1, 0.1, 0.1])
    [one] = compare(
        {"": scores}, pairs_of("explainer", runs=[""], models=["m"], explainers=["lime", "prior"]),
        metrics=None, settings=SETTINGS, seed=0,
    )  # fmt: skip
    assert one.conclusion == "undecided"
    assert found["lime"].state == "undecided"
    assert found["lime"].difference == one.difference


@pytest.mark.parametrize("seed", range(8))
def test_no_two_explainers_get_opposite_words_where_compare_says_chance(seed):
    generator = np.random.default_rng(seed)
    explainers = {
        f"e{index}": np.clip(generator.normal(mean, 0.25, 8), 0, 1)
        for index, mean in enumerate(generator.uniform(0.2, 0.8, 4))
    }
    found, scores = judged(explainers, np.clip(generator.normal(0.2, 0.05, 8), 0, 1))
    for one in compare(
        {"": scores}, pairs_of("explainer", runs=[""], models=["m"], explainers=list(explainers)),
        metrics=[METRIC], settings=SETTINGS, seed=0,
    ):  # fmt: skip
        if one.conclusion not in ("higher", "lower"):
            states = {found[one.explainer_id].state, found[one.other_id].state}
            assert states != {"shows", "does-not-show"}


def test_two_opposite_words_that_chance_may_explain_are_taken_back():
    """So near the limit that both words hold, and among 14 explainers their difference is chance after Holm's correction."""
    high = np.array([0.5, 0.51, 0.52, 0.53, 0.54, 0.55, 0.56, 0.57])
    low = np.array([0.499, 0.49, 0.499, 0.499, 0.499, 0.499, 0.499, 0.499])
    many = {f"other{index}": around(0.5, 8, 0.3, seed=index) for index in range(12)}
    prior = np.full(8, 0.9)
    pair, _ = judged({"a": high, "b": low}, prior)
    assert (pair["a"].state, pair["b"].state) == ("shows", "does-not-show")
    crowd, _ = judged({"a": high, "b": low, **many}, prior)
    assert (crowd["a"].state, crowd["b"].state) == ("undecided", "undecided")
    assert crowd["a"].reason == "chance may explain its difference to b, of which the opposite would be said"


def test_the_cost_of_a_map_is_the_mean_over_its_cases():
    maps = [
        MapFacts(f"c{index}", None, "m", "lime", "h", "t", "t", "t", n_evals=n, seconds=seconds)
        for index, (n, seconds) in enumerate([(100, 1.0), (200, 3.0)])
    ]
    found, _ = judged({"lime": around(0.8), "gradcam": around(0.8)}, around(0.3), maps=maps)
    assert (found["lime"].n_evals, found["lime"].seconds) == (150, 2.0)
    assert (found["gradcam"].n_evals, found["gradcam"].seconds) == (None, None)
