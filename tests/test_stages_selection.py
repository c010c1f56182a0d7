"""Which cases are explained, worked by hand on a handful of them."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xaudit.config import RunSection
from xaudit.records import Case, Prediction
from xaudit.stages.scores.selection import SAMPLE_SIZE, select_cases, select_errors, select_others


def case(case_id, patient, split="test"):
    return Case(case_id, patient, "data", f"{case_id}.png", "0" * 64, "cancer", split, 8, 8)


def prediction(case_id, predicted="cancer"):
    classes = ("cancer", "normal")
    return Prediction(
        case_id, None, "m", "test", "cancer", predicted, "cancer", (0.0, 0.0), (0.5, 0.5), classes
    )


# patient A has three test cases, B two, C one; one more of A lies outside the test split, x1 was not classified
CASES = [
    case("a3", "A"),
    case("a1", "A"),
    case("a2", "A"),
    case("b1", "B"),
    case("b2", "B"),
    case("c1", "C"),
    case("a0", "A", "train"),
    case("x1", "X"),
]
PREDICTIONS = {one.case_id: prediction(one.case_id) for one in CASES if one.case_id != "x1"}
PREDICTIONS["a2"] = prediction("a2", "normal")
PREDICTIONS["c1"] = prediction("c1", "normal")
TEST_CASES = ["a1", "a2", "a3", "b1", "b2", "c1"]


def select(kind, cases=CASES, *, marked=(), seed=0, **settings):
    section = RunSection.model_validate({"cases": kind, **settings})
    found = select_cases(cases, PREDICTIONS, marked=marked, settings=section, seed=seed)
    return [one.case_id for one in found]


def test_all_takes_every_classified_test_case_in_the_order_of_the_ids():
    assert select("all") == TEST_CASES


def test_annotated_takes_those_that_a_reader_marked():
    assert select("annotated", marked={"b2", "a3", "a0", "x1"}) == ["a3", "b2"]


def test_annotated_takes_every_test_case_where_nobody_marked_one_of_them():
    assert select("annotated") == TEST_CASES
    assert select("annotated", marked={"a0"}) == TEST_CASES


def test_misclassified_takes_those_that_the_model_got_wrong():
    assert select("misclassified") == ["a2", "c1"]


def test_a_limit_of_three_takes_one_case_of_each_of_the_three_patients():
    for seed in range(20):
        patients = [name[0] for name in select("all", limit=3, seed=seed)]
        assert patients == ["a", "b", "c"]


def test_a_limit_of_five_leaves_out_one_third_case_before_any_second():
    # one of each patient makes 3, the second ones of A and B make 5; A's third is left out
    for seed in range(20):
        found = select("all", limit=5, seed=seed)
        assert sorted(name[0] for name in found) == ["a", "a", "b", "b", "c"]


def test_a_limit_that_is_not_reached_takes_all():
    assert select("all", limit=6) == select("all", limit=99) == TEST_CASES


def test_a_longer_limit_adds_cases_and_drops_none():
    found = [set(select("all", limit=limit)) for limit in range(1, 7)]
    for shorter, longer in pairwise(found):
        assert shorter < longer


def test_which_cases_a_limit_takes_depends_on_the_seed():
    assert len({tuple(select("all", limit=1, seed=seed)) for seed in range(30)}) > 1


def test_a_sample_takes_fifty_cases_and_a_limit_another_number():
    many = [case(f"p{number:03}", f"P{number}") for number in range(SAMPLE_SIZE + 30)]
    answers = {one.case_id: prediction(one.case_id) for one in many}
    for limit, expected in ((None, 50), (7, 7)):
        section = RunSection(cases="sample", limit=limit)
        assert len(select_cases(many, answers, marked=(), settings=section, seed=0)) == expected


def test_without_patients_every_case_counts_as_its_own():
    alone = [case(f"n{number}", None) for number in range(6)]
    answers = {one.case_id: prediction(one.case_id) for one in alone}
    section = RunSection(cases="all", limit=4)
    assert len(select_cases(alone, answers, marked=(), settings=section, seed=0)) == 4


@given(st.permutations(CASES), st.integers(1, 7), st.integers(0, 5))
def test_the_order_of_the_cases_does_not_matter(cases, limit, seed):
    assert select("all", cases, limit=limit, seed=seed) == select("all", limit=limit, seed=seed)


@pytest.mark.parametrize("kind", ["all", "annotated", "misclassified", "sample"])
def test_no_cases_give_no_cases(kind):
    assert select(kind, []) == []


def others(explained, per_class, *, labels=()):
    cases = [replace(one, label=dict(labels).get(one.case_id, one.label)) for one in CASES]
    taken = [one for one in cases if one.case_id in explained]
    chosen = select_others(cases, PREDICTIONS, explained=taken, per_class=per_class, seed=0)
    return [one.case_id for one in chosen]


def test_others_fill_each_true_class_up_to_the_number_wanted():
    # Of class normal there are a1 and b1. Three cases of cancer are explained already; the fourth comes from those left.
    labels = {"a1": "normal", "b1": "normal"}
    assert others({"a2", "a3", "b2"}, 3, labels=labels) == ["a1", "b1"]
    assert others({"a2", "a3", "b2"}, 4, labels=labels) == ["a1", "b1", "c1"]
    assert others({"a2", "a3", "b2"}, 0, labels=labels) == []


def test_others_take_new_patients_before_those_who_have_an_explained_case():
    # A and B are explained, so C comes first.
    assert others({"a1", "b1"}, 3) == ["c1"]


def test_others_never_take_what_is_not_in_the_test_split_or_not_classified():
    assert others(set(), 99) == TEST_CASES


def errors(explained=(), most=50, seed=0):
    taken = [one for one in CASES if one.case_id in explained]
    answers = {**PREDICTIONS, "a1": prediction("a1", "normal"), "a0": prediction("a0", "normal")}
    return [one.case_id for one in select_errors(CASES, answers, explained=taken, most=most, seed=seed)]


def test_errors_are_the_misclassified_test_cases_that_are_not_explained_anyway():
    assert errors() == ["a1", "a2", "c1"]
    assert errors({"a2", "b1"}) == ["a1", "c1"]
    assert errors(most=0) == []


@given(st.integers(0, 20))
def test_of_the_errors_every_patient_has_one_before_any_has_two(seed):
    assert {name[0] for name in errors(most=2, seed=seed)} == {"a", "c"}
