"""Answers of two runs, case by case."""

from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xaudit.changes.flips import flips, mcnemar_p
from xaudit.config import StatisticsSection
from xaudit.records import Prediction

SETTINGS = StatisticsSection(replicates=500)


def answers(rights, *, wrong="well", split="test", patients=True):
    """One answer per case; all are sick, two cases per patient."""
    return [
        Prediction(
            case_id=f"c{number:02}",
            patient_id=f"p{number // 2:02}" if patients else None,
            model_id="net",
            split=split,
            label="sick",
            predicted="sick" if right else wrong,
            target="sick",
            logits=(0.0, 0.0, 0.0),
            probabilities=(0.3, 0.3, 0.4),
            class_names=("sick", "well", "other"),
        )
        for number, right in enumerate(rights)
    ]


def flipped(base, head, cases=None):
    every = {answer.case_id for answer in [*base, *head]}
    return flips(base, head, cases=every if cases is None else cases, settings=SETTINGS, seed=0)


def test_flips_are_counted_by_hand():
    # 8 cases: 2 put right, 1 put wrong; accuracy 4/8 and 5/8
    before = [1, 1, 1, 1, 0, 0, 0, 0]
    after = [1, 1, 1, 0, 1, 1, 0, 0]
    [found] = flipped(answers(before), answers(after))
    assert (found.n_fixed, found.n_broken, found.n_changed) == (2, 1, 3)
    assert found.accuracies == (0.5, 0.625)
    assert found.difference.estimate == 0.125
    assert (found.n_cases, found.n_patients, found.cluster) == (8, 4, "patient")
    assert found.p_value == 1.0  # 2 of 3 is as even as 3 can be
    assert found.sentence == (
        "net's test accuracy went from 0.50 to 0.62, by 0.12 on the same 4 patients (2 cases put right, 1 put wrong): "
        "chance may explain it"
    )


def test_a_fall_beyond_chance_is_called_one():
    [found] = flipped(answers([1] * 20), answers([0] * 10 + [1] * 10))
    assert (found.conclusion, found.n_broken, found.p_value) == ("lower", 10, pytest.approx(2 / 2**10))
    assert found.sentence.startswith("net's test accuracy fell from 1.00 to 0.50, by -0.50 [")
    [back] = flipped(answers([0] * 10 + [1] * 10), answers([1] * 20))
    assert (back.conclusion, back.n_fixed) == ("higher", 10)


def test_the_interval_alone_does_not_make_a_fall():
    # 5 broken of 5: the interval over 10 patients leaves out zero, McNemar's p is 2/32 = .0625
    [found] = flipped(answers([1] * 20), answers([0] * 5 + [1] * 15))
    assert found.p_value == 0.0625
    assert found.conclusion == "undecided"


def test_another_wrong_answer_is_a_change_and_no_flip():
    [found] = flipped(answers([1, 0], wrong="well"), answers([1, 0], wrong="other"))
    assert (found.n_fixed, found.n_broken, found.n_changed, found.conclusion) == (0, 0, 1, "same")
    assert found.sentence == (
        "net's test accuracy is 0.50 as before, though 1 answer changed (on the same 1 patient)"
    )


def test_only_common_cases_count_and_every_split_and_model_stands_alone():
    base = [*answers([1, 1, 0]), *answers([1, 1, 1, 1, 1], split="train")[3:]]
    head = [*answers([1, 0, 1]), *answers([1, 1, 1, 1, 0], split="train")[3:]]
    found = flipped(base, head, cases={"c00", "c01", "c04"})
    assert [(one.split, one.n_cases, one.n_broken) for one in found] == [("test", 2, 1), ("train", 1, 1)]
    assert flipped(base, head, cases=()) == ()


def test_without_patients_every_case_stands_for_itself():
    [found] = flipped(answers([1, 0], patients=False), answers([1, 1], patients=False))
    assert (found.n_patients, found.cluster) == (2, "case")


@settings(deadline=None)
@given(st.integers(0, 30), st.integers(0, 30))
def test_mcnemars_p_is_the_sum_of_all_splits_that_are_as_uneven(n_fixed, n_broken):
    n = n_fixed + n_broken
    odds = [comb(n, k) / 2**n for k in range(n + 1)]
    slow = sum(p for p in odds if p <= odds[n_fixed] * (1 + 1e-9))
    assert mcnemar_p(n_fixed, n_broken) == pytest.approx(slow)
    assert mcnemar_p(n_fixed, n_broken) == mcnemar_p(n_broken, n_fixed)
