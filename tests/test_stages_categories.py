"""Categories crossed with what the model said, counted, and how far they rest on their thresholds."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from xaudit.config import CategoriesSection
from xaudit.records import CategoryCount, ExplainerJudgement, MapFacts, ThresholdShift, Verdict
from xaudit.stages.outcome.categories import categorise, category_counts, confusion_cell, threshold_shifts
from xaudit.stages.outcome.reasons import giving_reasons, with_judged_reasons

GOOD = MapFacts(
    "a", "p1", "m", "lime", "", "sick", "sick", "sick",
    spread=0.1, map_share=0.1, coverage=0.9, precision=0.9, mass_lift=8.0, place="empty", border_mass=0.0,
)  # fmt: skip
MISS = replace(GOOD, case_id="b", coverage=0.05, precision=0.01, mass_lift=0.1)
BARELY = replace(GOOD, case_id="c", coverage=0.55, predicted="well")  # covered, until the threshold is .6
UNMARKED = MapFacts(
    "d", "p2", "m", "lime", "", "sick", "well", "well", no_mark="empty", spread=0.2, map_share=0.1
)
FACTS = (BARELY, UNMARKED, MISS, GOOD)
POSITIVE = {"m": "sick"}


@pytest.mark.parametrize(
    ("label", "predicted", "cell"),
    [
        ("sick", "sick", "TP"),
        ("sick", "well", "FN"),
        ("well", "sick", "FP"),
        ("well", "well", "TN"),
        ("well", "benign", "TN"),  # of two other classes, neither is the positive one
    ],
)
def test_a_cell_holds_the_positive_class_against_all_others(label, predicted, cell):
    assert confusion_cell(replace(GOOD, label=label, predicted=predicted), "sick") == cell


def test_maps_are_sorted_by_case_and_named():
    maps = categorise(FACTS, CategoriesSection(), POSITIVE)
    assert [(one.facts.case_id, one.category, one.cell, one.wrong_reason) for one in maps] == [
        ("a", "good", "TP", False),
        ("b", "miss_empty", "TP", True),
        ("c", "good", "FN", False),
        ("d", "unmarked", "TN", False),
    ]
    assert categorise(reversed(FACTS), CategoriesSection(), POSITIVE) == maps


def test_counts_add_up_to_the_maps():
    counts = category_counts(categorise(FACTS, CategoriesSection(), POSITIVE), {("m", "lime")})
    assert counts == (
        CategoryCount("m", "lime", "good", "FN", 1, 0),
        CategoryCount("m", "lime", "good", "TP", 1, 0, 1),
        CategoryCount("m", "lime", "miss_empty", "TP", 1, 1, 1),
        CategoryCount("m", "lime", "unmarked", "TN", 1, 0),
    )


def test_a_map_that_is_none_or_diffuse_gives_no_reason_to_judge_and_is_counted_apart():
    """Three right answers on marked cases, of which one has a reason; without a mark nothing is counted."""
    none = replace(
        GOOD, case_id="e", no_map="zero", spread=None, coverage=None, precision=None, mass_lift=None
    )
    diffuse = replace(MISS, case_id="f", spread=0.9, mass_lift=0.8)
    unmarked = replace(UNMARKED, spread=0.9, predicted="sick")
    maps = categorise([none, diffuse, MISS, unmarked], CategoriesSection(), POSITIVE)
    assert {one.facts.case_id: (one.category, one.wrong_reason) for one in maps} == {
        "b": ("miss_empty", True),
        "d": ("diffuse", False),
        "e": ("no_map", False),
        "f": ("diffuse", False),
    }
    counts = category_counts(maps, {("m", "lime")})
    assert sum(one.n_wrong_reason for one in counts) == 1
    assert sum(one.n_judged for one in counts) == 1
    assert sum(one.n_no_reason for one in counts) == 2


def test_an_explainer_that_is_not_shown_to_show_what_the_model_uses_gives_no_reason():
    maps = categorise(FACTS, CategoriesSection(), POSITIVE)
    counts = category_counts(maps, {("m", "gradcam"), ("other", "lime")})
    assert [(one.category, one.n_maps) for one in counts] == [
        (one.category, one.n_maps) for one in category_counts(maps, {("m", "lime")})
    ]
    assert {(one.n_wrong_reason, one.n_judged, one.n_no_reason) for one in counts} == {(0, 0, 0)}
    assert [one.wrong_reason for one in with_judged_reasons(maps, {("m", "lime")})] == [
        False,
        True,
        False,
        False,
    ]
    assert [one.wrong_reason for one in with_judged_reasons(maps, ())] == [False] * 4


@pytest.mark.parametrize(
    ("state", "control", "refused", "gives"),
    [
        ("shows", False, False, True),
        ("undecided", False, False, False),
        ("does-not-show", False, False, False),
        ("shows", True, False, False),
        ("shows", False, True, False),
    ],
)
def test_reasons_come_from_explainers_that_show_what_the_model_uses(state, control, refused, gives):
    judged = ExplainerJudgement("m", "lime", None, None, None, 9, 9, 0, None, state)
    outcome = SimpleNamespace(
        explainers_judged=(judged,),
        control_ids=("lime",) if control else (),
        verdicts=(Verdict("XA205", "fail", "m", "m", "", ""),) if refused else (),
    )
    assert giving_reasons(outcome) == ({("m", "lime")} if gives else set())


def test_a_threshold_that_moves_a_map_says_so():
    thresholds = CategoriesSection()
    shifts = threshold_shifts(categorise(FACTS, thresholds, POSITIVE), thresholds)
    assert [(s.threshold, s.value) for s in shifts] == [
        ("diffuse", 0.4), ("diffuse", 0.6), ("miss", pytest.approx(0.08)), ("miss", pytest.approx(0.12)),
        ("coverage", 0.4), ("coverage", 0.6), ("precision", 0.4), ("precision", 0.6),
    ]  # fmt: skip
    # With .6 for .5 the coverage of .55 is too little; nothing else lies near its threshold.
    assert [s.n_moved for s in shifts] == [0, 0, 0, 0, 0, 1, 0, 0]
    assert {s.change_wrong_reason for s in shifts} == {0}
    assert shifts[5] == ThresholdShift("m", "lime", "coverage", 0.6, 4, 1, 0)


def test_a_threshold_that_decides_over_the_reason_says_so():
    # c* = (.185 - .1) / .9 = .0944: a miss below .1, and none below .08; the lift of 2 is no wrong reason by itself.
    edge = replace(MISS, coverage=0.185, mass_lift=2.0)
    thresholds = CategoriesSection()
    shifts = threshold_shifts(categorise([edge], thresholds, POSITIVE), thresholds)
    lower, higher = (s for s in shifts if s.threshold == "miss")
    assert (lower.n_moved, lower.change_wrong_reason) == (1, -1)
    assert (higher.n_moved, higher.change_wrong_reason) == (0, 0)


def test_a_raised_threshold_stops_at_the_whole():
    thresholds = CategoriesSection(coverage=0.95)
    shifts = threshold_shifts(categorise([GOOD], thresholds, POSITIVE), thresholds)
    assert [s.value for s in shifts if s.threshold == "coverage"] == [pytest.approx(0.76), 1.0]


def test_no_maps_give_no_tables():
    assert category_counts((), ()) == threshold_shifts((), CategoriesSection()) == ()
