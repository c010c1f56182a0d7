"""Metrics of two runs, paired case by case."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wilcoxon

from xaudit.changes.moves import moves
from xaudit.config import StatisticsSection
from xaudit.records import Interval, Score, ScoreKey, Unscored
from xaudit.seeds import seed_for
from xaudit.statistics.bootstrap import ClusterBootstrap

SETTINGS = StatisticsSection(replicates=500)


def key(case, *, patient=None, model="net", explainer="lime", metric="iou", reader="union", **changes):
    family = "reliance" if metric.startswith("reliance") else "localization"
    plain = ScoreKey(case, patient, reader, model, explainer, "e", "cancer", True, metric, "m", family)
    return replace(plain, **changes)


def scores(values, **kwargs):
    """One score per case, two cases per patient: cases 0 and 1 are of patient 0."""
    return [
        Score(key(f"c{number:02}", patient=f"p{number // 2:02}", **kwargs), value)
        for number, value in enumerate(values)
    ]


def moved(base, head, *, cases=None, settings=SETTINGS, **kwargs):
    every = {result.key.case_id for result in [*base, *head]}
    return moves(base, head, cases=every if cases is None else cases, settings=settings, seed=3, **kwargs)


def test_a_move_is_the_mean_of_head_minus_base_on_the_same_cases_worked_by_hand():
    # differences .1 .3 | .2 .4 | 0 0.2, so the mean is 1.2 / 6 = 0.2; means .2 and .4
    base = scores([0.1, 0.1, 0.2, 0.2, 0.3, 0.3])
    head = scores([0.2, 0.4, 0.4, 0.6, 0.3, 0.5])
    [found] = moved(base, head)
    assert found.difference.estimate == pytest.approx(0.2)
    assert found.means == pytest.approx((0.2, 0.4))
    assert (found.n_cases, found.n_patients, found.n_unpaired, found.cluster) == (6, 3, 0, "patient")
    assert (found.difference.low, found.p_value, found.conclusion) == (None, None, "undecided")
    assert found.sentence == (
        "iou of lime on net differs by 0.20 on the same 3 patients: too few to rule out chance; "
        "at least 5 are needed"
    )


def rising(n=24, by=0.2):
    base = [0.3 + 0.01 * (number % 7) for number in range(n)]
    return base, [value + by + 0.01 * (number % 3) for number, value in enumerate(base)]


@pytest.mark.parametrize(
    ("metric", "rises", "told"),
    [
        ("iou", True, "rose by {} on the same 12 patients (better)"),
        ("iou", False, "fell by {} on the same 12 patients (worse)"),
        ("pixel-flipping", True, "rose by {} on the same 12 patients (worse)"),
        ("pixel-flipping", False, "fell by {} on the same 12 patients (better)"),
        ("mass-mark", True, "rose by {} on the same 12 patients"),
    ],
)
def test_a_move_beyond_chance_is_told_with_its_direction_and_worth(metric, rises, told):
    low, high = (scores(values, metric=metric) for values in rising())
    [found] = moved(low, high) if rises else moved(high, low)
    assert found.conclusion == ("higher" if rises else "lower")
    limits = sorted(abs(limit) for limit in (found.difference.low, found.difference.high))
    figures = f"0.21 [{limits[0]:.2f}, {limits[1]:.2f}]"
    assert found.sentence == f"{metric} of lime on net " + told.format(figures)


def test_the_model_itself_is_named_where_no_explainer_was_asked():
    low, high = (scores(values, metric="reliance-mark", explainer="-", reader="union") for values in rising())
    [found] = moved(low, high)
    assert found.sentence.startswith("reliance-mark of net rose by 0.21 ")
    assert found.higher_is_better is None


def test_runs_that_are_the_same_did_not_move():
    values = [0.3, 0.5, 0.1, 0.9, 0.4, 0.4, 0.2, 0.6, 0.7, 0.1]
    [found] = moved(scores(values), scores(values))
    assert found.conclusion == "same"
    assert found.difference == Interval(0.0, 0.0, 0.0, "percentile")
    assert found.sentence == "iou of lime on net is the same on the same 5 patients"


def test_a_move_that_chance_may_explain_is_no_move():
    base = [0.5] * 20
    head = [0.5 + (0.1 if number % 4 < 2 else -0.08) for number in range(20)]
    [found] = moved(scores(base), scores(head))
    assert found.conclusion == "undecided"
    assert found.difference.low < 0 < found.difference.high
    assert found.sentence.endswith("on the same 10 patients: chance may explain it")


def test_only_cases_with_a_value_in_both_runs_and_the_same_image_are_paired():
    base = scores([0.1, 0.2, 0.3, 0.4, 0.5])
    head = scores([0.2, 0.3, 0.4, 0.5, 0.6])
    head[0] = Unscored(head[0].key, "zero map")
    base = [*base[:1], Unscored(base[1].key, "zero map"), *base[2:]]
    [found] = moved(base, head, cases={"c00", "c01", "c02", "c03"})
    assert (found.n_cases, found.n_unpaired) == (2, 2)
    assert found.difference.estimate == pytest.approx(0.1)


def test_what_no_run_or_only_one_has_measured_is_left_out():
    base = [*scores([0.1, 0.2]), *scores([0.1], explainer="gone")]
    head = [*scores([0.1, 0.2]), *scores([0.1], explainer="new")]
    assert [found.explainer_id for found in moved(base, head)] == ["lime"]
    missing = [Unscored(score.key, "no lungs") for score in scores([0.0], metric="reliance-same-lung")]
    assert moved(missing, missing) == ()


def test_no_common_value_is_told_and_so_are_other_settings():
    base, head = scores([0.1, 0.2]), scores([0.1, 0.2])
    apart = [base[0], Unscored(base[1].key, "zero map")], [Unscored(head[0].key, "zero map"), head[1]]
    [found] = moved(*apart)
    assert (found.conclusion, found.difference, found.means, found.n_unpaired) == ("none", None, None, 2)
    assert found.sentence == "iou of lime on net cannot be compared: no case has a value in both runs"
    [found] = moved(base, scores([0.1, 0.2], metric_hash="other"))
    assert found.conclusion == "none"
    assert found.sentence == "iou of lime on net cannot be compared: it was measured with other settings"


def test_moves_come_by_model_then_as_in_the_catalog_then_by_reader_and_explainer():
    def run():
        found = []
        for model, metric, reader, explainer in [
            ("b", "iou", "union", "lime"),
            ("a", "pixel-flipping", "-", "lime"),
            ("a", "iou", "union", "lime"),
            ("a", "iou", "r1", "lime"),
            ("a", "iou", "union", "gradcam"),
            ("a", "pointing-game", "union", "lime"),
        ]:
            found += scores([0.5], model=model, metric=metric, reader=reader, explainer=explainer)
        return found

    order = [(m.model_id, m.metric_id, m.reader, m.explainer_id) for m in moved(run(), run())]
    assert order == [
        ("a", "pointing-game", "union", "lime"),
        ("a", "iou", "r1", "lime"),
        ("a", "iou", "union", "gradcam"),
        ("a", "iou", "union", "lime"),
        ("a", "pixel-flipping", "-", "lime"),
        ("b", "iou", "union", "lime"),
    ]


def test_a_metric_under_its_own_id_has_the_direction_of_its_catalog_name():
    [found] = moved(
        scores([0.1], metric="pf"), scores([0.2], metric="pf"), metric_names={"pf": "pixel-flipping"}
    )
    assert found.higher_is_better is False


def test_p_values_are_wilcoxons_on_patients_and_grow_by_holm_within_a_family():
    low, high = rising()
    three = ("gradcam", "lime", "occlusion")
    base = [score for name in three for score in scores(low, explainer=name)]
    head = [score for name in three for score in scores(high, explainer=name)]
    found = moved(base, head)
    differences = np.subtract(high, low).reshape(12, 2).mean(axis=1).round(12)
    assert [m.p_value for m in found] == pytest.approx([wilcoxon(differences).pvalue] * 3)
    assert [m.p_adjusted for m in found] == pytest.approx([3 * found[0].p_value] * 3)
    controls = [score for name in ("centre", "random") for score in scores(low, explainer=name)]
    beside = moved([*base, *controls], [*head, *controls])
    assert [m for m in beside if m.explainer_id in three] == list(found), "what did not move tests nothing"
    assert {m.p_adjusted for m in beside if m.explainer_id not in three} == {1.0}


def test_without_patients_every_case_stands_for_itself():
    base = [Score(key(f"c{n}"), 0.1) for n in range(6)]
    head = [Score(key(f"c{n}"), 0.2) for n in range(6)]
    [found] = moved(base, head)
    assert (found.n_patients, found.cluster) == (6, "case")


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=10, max_size=20),
    st.randoms(use_true_random=False),
)
def test_the_interval_is_that_of_the_paired_bootstrap_whatever_the_order(pairs, random):
    base, head = (scores([pair[side] for pair in pairs]) for side in (0, 1))
    [found] = moved(base, head)
    patients = [f"p{number // 2:02}" for number in range(len(pairs))]
    bootstrap = ClusterBootstrap(replicates=500, confidence=0.95, seed=seed_for(3, "summaries"))
    earlier, later = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
    assert found.difference == bootstrap.difference(later, earlier, patients)
    random.shuffle(base)
    random.shuffle(head)
    assert moved(base, head) == (found,)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=10, max_size=20))
def test_the_way_back_is_the_same_way_with_the_other_sign(pairs):
    base, head = (scores([pair[side] for pair in pairs]) for side in (0, 1))
    [there], [back] = moved(base, head), moved(head, base)
    assert back.difference.estimate == pytest.approx(-there.difference.estimate, abs=1e-12)
    assert back.p_value == pytest.approx(there.p_value)
    assert back.means == there.means[::-1]
